"""AWS Partner Central as a dlt source: the co-sell pipeline of an AWS partner, kept equal in a database.

    import dlt
    from partner_central import partner_central

    dlt.pipeline("partner_central", destination="duckdb").run(partner_central())

`api/` makes one call. `read/` decides in which order records are read, and keeps the state between runs. `tables/`
makes rows of records. Each module says in its first line what it does.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import dlt
from dlt.common.pipeline import get_dlt_pipelines_dir
from dlt.extract import DltResource
from dlt.pipeline.exceptions import PipelineNotActive
from dlt.sources.credentials import AwsCredentials

from .api.account_identity import check_account, identity_of
from .api.call_ledger import CALLS_PER_DAY
from .api.client import ATTEMPTS, PartnerCentral
from .api.connection import READ_TIMEOUT, SERVICE, connect, open_session
from .api.quota import Quota, account_of
from .api.rate_limit import CALLS_PER_SECOND
from .errors import ConfigurationError
from .metrics import SyncMetrics
from .read.incremental import IncrementalReader
from .read.load import ChunkedLoad
from .read.read_options import ReadOptions
from .read.request import Filters
from .tables.hints import INSERT_ONLY, rejected_columns
from .tables.history import KEY, drop_seen_in_this_load, history_model
from .tables.items import Items
from .tables.pii import PiiPolicy
from .tables.presence import PRESENCE
from .tables.row_batch import TableRows
from .tables.rows import RowMaker
from .tables.service_model import opportunity_model
from .tables.stored_columns import StoredColumns
from .tables.types import InvalidValue, parse_timestamp

__all__ = ["ChunkedLoad", "SyncMetrics", "partner_central"]

LOOKBACK_SECONDS = 300
LONGEST_LOOKBACK_SECONDS = 10 * 366 * 86_400
FIRST_YEAR = 1970
MOST_REJECTED = 0.2


@dlt.source(name="partner_central")
def partner_central(
    catalog: str = "AWS",
    credentials: AwsCredentials = dlt.secrets.value,
    role_arn: str | None = None,
    external_id: str | None = None,
    endpoint_url: str | None = None,
    life_cycle_stage: Sequence[str] = (),
    life_cycle_review_status: Sequence[str] = (),
    customer_company_name: Sequence[str] = (),
    identifier: Sequence[str] = (),
    since: str | None = None,
    full: bool = False,  # noqa: FBT001, FBT002 - a setting
    lookback: int = LOOKBACK_SECONDS,
    calls_per_second: float = CALLS_PER_SECOND,
    calls_per_day: int = CALLS_PER_DAY,
    max_calls: int | None = None,
    attempts: int = ATTEMPTS,
    read_timeout: float = READ_TIMEOUT,
    arrow: bool = False,  # noqa: FBT001, FBT002 - a setting
    account: str | None = None,
    pii: str = "keep",
    pii_key: dlt.TSecretStrValue | None = None,
    most_rejected: float = MOST_REJECTED,
    accept_account: bool = False,  # noqa: FBT001, FBT002 - a setting
    run: Any = None,  # noqa: ANN401 - a ChunkedLoad; dlt resolves the other types from configuration
) -> Iterable[DltResource]:
    """Opportunities of AWS Partner Central, incremental on LastModifiedDate and merged on `id`.

    Every argument but `run` can come from dlt's configuration instead, under `sources.partner_central`.

    Args:
        catalog: `AWS`, or `Sandbox` for the test catalog. One dataset holds one catalog.
        credentials: access keys or a profile; without any, boto3's own chain (environment, profile, SSO, instance
            role).
        role_arn: role to assume with those credentials.
        external_id: external id the role's trust policy asks for.
        endpoint_url: another endpoint than AWS's; boto3's AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING works as well.
        life_cycle_stage: only opportunities in these stages (at most 10). Each set of filters keeps its own cursor.
        life_cycle_review_status: only these review statuses (at most 10).
        customer_company_name: only these customers (at most 10).
        identifier: only these opportunity ids (at most 20).
        since: ISO 8601 date or timestamp, UTC unless it says otherwise: LastModifiedDate at which a first load begins,
            or a full one; a full one begins at the cursor if that is older.
        full: read everything again and merge, whatever the cursor says.
        lookback: seconds below the cursor to read again, for records that became visible late.
        calls_per_second: never faster than this; an account is allowed 10 reads a second, all its programs together.
        calls_per_day: calls within any 24 hours, of all runs on this machine; an account is allowed 100,000.
        max_calls: calls of this run.
        attempts: how often a page is asked for before the run fails.
        read_timeout: seconds to wait for an answer.
        arrow: hand many rows on as Arrow tables, which takes half the processor time and needs pyarrow; `add_map` and
            `add_filter` then meet tables, without the lists, which go past them.
        account: name of the AWS account, for a dataset that several share, each with a pipeline and a staging dataset
            of its own: every table has it in a column `account`, and the key is (`account`, `id`).
        pii: what becomes of personal data and free text (`tables/pii.py`): `keep`, `mask` with a keyed hash, or
            `drop`.
        pii_key: the secret of the mask.
        most_rejected: share of the records read, 0 to 1, that may be rejected while the cursor moves.
        accept_account: go on with credentials of another AWS account than the one the dataset is of: everything is read
            anew.
        run: a `ChunkedLoad`, to load in parts what takes long, and to count it; without one, everything is one load.

    Returns:
        Resources that one reading feeds: `opportunities` (with a child table for each list), `opportunities_rejected`
        for records that cannot be rows, `opportunity_history` for every version seen, and `opportunity_presence` for
        what is listed.

    Raises:
        PartnerCentralError: while reading, as `ConfigurationError`, `RequestRejected`,
            `ServiceUnavailable` or `PaginationError`.

    See https://docs.aws.amazon.com/partner-central/latest/APIReference/API_ListOpportunities.html
    """
    _check("calls_per_second", calls_per_second, above=0)
    _check("calls_per_day", calls_per_day, above=0)
    _check("max_calls", 1 if max_calls is None else max_calls, above=0)
    _check("lookback", lookback, above=-1, most=LONGEST_LOOKBACK_SECONDS)
    _check("attempts", attempts, above=0)
    _check("read_timeout", read_timeout, above=0)
    if not 0 <= most_rejected <= 1:
        raise ConfigurationError(f"most_rejected must be a share between 0 and 1, not {most_rejected}.")
    session = open_session(credentials, role_arn, external_id)
    model = opportunity_model(session.get_service_model(SERVICE))
    arrow = arrow and not dlt.config.get("normalize.parquet_normalizer.add_dlt_id", bool)  # rows have their own
    schema = dlt.current.source_schema()
    schema.remove_type_detection("iso_timestamp")
    chosen = (life_cycle_stage, life_cycle_review_status, customer_company_name, identifier)
    filters = Filters(*((values,) if isinstance(values, str) else tuple(values) for values in chosen))
    privacy = PiiPolicy(pii, pii_key, model)
    run = run or ChunkedLoad(rows_per_part=None)
    whose = [] if account is None else ["account"]
    scope = run.tally.scope = privacy.scope(filters)
    question = ReadOptions(
        catalog, filters, _instant(since), full, timedelta(seconds=lookback), privacy.identity, most_rejected, max_calls
    )
    held: dict[tuple[str, datetime], str] = {}  # the last version of each id and date in this load
    tables = {
        "opportunities": lambda: run.placed,
        "opportunity_history": lambda: history_model(run.placed),
        "opportunity_presence": lambda: PRESENCE,
    }
    items = {table: Items(table, columns, account, arrow=arrow) for table, columns in tables.items()}

    @dlt.resource(name="opportunity_pages", selected=False)
    def opportunity_pages() -> Iterator[TableRows]:
        state = dlt.current.resource_state("opportunities")
        _check_catalog(state.setdefault("catalog", catalog), catalog)

        def begin() -> IncrementalReader:
            boto = connect(session, endpoint_url=endpoint_url, read_timeout=read_timeout)
            endpoint = boto.meta.endpoint_url
            check_account(state, identity_of(session, boto, catalog), accept=accept_account)
            client = PartnerCentral(
                lambda: boto,
                lambda _: Quota.shared(account_of(session, endpoint), _folder(), calls_per_second, calls_per_day),
                attempts=attempts,
                max_calls=max_calls,
                tally=run.tally,
            )
            stored = StoredColumns.in_destination(dlt.current.source_schema())
            run.row_maker = RowMaker(model, state.get("members"), account, stored)
            return IncrementalReader(question, scope, state, client, run.row_maker, privacy, run.floors)

        yield from run.next_chunk(begin)
        state.update(run.state())

    @dlt.transformer(
        data_from=opportunity_pages,
        name="opportunities",
        primary_key=[*whose, "id"],
        write_disposition="merge",
    )
    def opportunities(batch: TableRows) -> Iterator[Any]:
        yield from items["opportunities"].of(batch.rows, first=batch.first)

    @dlt.transformer(
        data_from=opportunity_pages,
        name="opportunities_rejected",
        primary_key=[*whose, "record_key"],
        write_disposition="merge",
        columns=rejected_columns(account),
    )
    def opportunities_rejected(batch: TableRows) -> Iterator[Any]:
        if batch.first:
            yield dlt.mark.materialize_table_schema()
        if batch.rejected:
            yield batch.rejected

    @dlt.transformer(
        data_from=opportunity_pages,
        name="opportunity_history",
        primary_key=[*whose, *KEY],
        write_disposition=_insert_only(),
    )
    def opportunity_history(batch: TableRows) -> Iterator[Any]:
        yield from items["opportunity_history"].of(drop_seen_in_this_load(batch.versions, held), first=batch.first)

    @dlt.transformer(
        data_from=opportunity_pages,
        name="opportunity_presence",
        primary_key=[*whose, "id"],
        write_disposition="merge",
    )
    def opportunity_presence(batch: TableRows) -> Iterator[Any]:
        yield from items["opportunity_presence"].of(batch.listed, first=batch.first)

    # dlt hashes the key of a row that marks an empty table, too, unless the table had rows before
    opportunity_history.apply_hints(additional_table_hints={"x-normalizer": {"seen-data": True}})
    return opportunities, opportunities_rejected, opportunity_history, opportunity_presence


def _insert_only() -> Any:  # noqa: ANN401 - dlt's hint
    """A merge that leaves the rows a table has; where the destination has none such, one that replaces them."""
    try:
        destination = dlt.current.pipeline().destination
    except PipelineNotActive:
        return INSERT_ONLY
    strategies = destination.capabilities().supported_merge_strategies if destination else None
    return "merge" if strategies and INSERT_ONLY["strategy"] not in strategies else INSERT_ONLY


def _folder() -> Path:
    """Where dlt keeps the working folders of pipelines; beside them, the calls of the day are remembered."""
    try:
        return Path(dlt.current.pipeline().pipelines_dir)
    except PipelineNotActive:
        return Path(get_dlt_pipelines_dir())


def _instant(since: str | None) -> datetime | None:
    """Where a first load begins; None where that is before Partner Central was."""
    try:
        moment = None if since is None else parse_timestamp(since)
    except InvalidValue:
        raise ConfigurationError(f"since is no ISO 8601 date or timestamp: {since!r}") from None
    return moment if moment is None or moment.year >= FIRST_YEAR else None


def _check_catalog(held: str, catalog: str) -> None:
    if held != catalog:
        raise ConfigurationError(f"This dataset holds the catalog {held}; {catalog} needs a dataset of its own.")


def _check(name: str, value: float, *, above: float, most: float = math.inf) -> None:
    if not value > above:
        raise ConfigurationError(f"{name} must be more than {above}, not {value}.")
    if value > most:
        raise ConfigurationError(f"{name} must be at most {most:,}, not {value:,}.")
