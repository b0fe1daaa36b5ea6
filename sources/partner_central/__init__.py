"""AWS Partner Central as a dlt source: the co-sell pipeline of an AWS partner, kept equal in a database.

    import dlt
    from partner_central import partner_central

    dlt.pipeline("partner_central_example", destination="duckdb").run(partner_central())

`streams/` says what is read, one file a stream. `options.py` checks the options, `resources/` makes dlt resources of
a stream. `read/` decides in which order records are read, `api/` makes one call, `tables/` makes rows of records.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import dlt
from dlt.extract import DltResource
from dlt.sources.credentials import AwsCredentials

from .api.call_ledger import CALLS_PER_DAY
from .api.client import ATTEMPTS
from .api.connection import READ_TIMEOUT
from .api.rate_limit import CALLS_PER_SECOND
from .metrics import SyncMetrics
from .options import LOOKBACK_SECONDS, MOST_REJECTED, Options
from .own_section import NothingInjected, from_own_section
from .read.load import ChunkedLoad
from .resources import stream_resources
from .streams import DEFAULT, choose

__all__ = ["ChunkedLoad", "SyncMetrics", "partner_central"]


@dlt.source(name="partner_central", spec=NothingInjected)
@from_own_section
def partner_central(
    catalog: str = "AWS",
    tables: Sequence[str] = DEFAULT,
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
    details_of: Sequence[str] = (),
    chunked_load: Any = None,  # noqa: ANN401 - a ChunkedLoad; dlt resolves the other types from configuration
) -> Iterable[DltResource]:
    """Opportunities of AWS Partner Central, incremental on LastModifiedDate and merged on `id`.

    Every argument but `chunked_load` can come from dlt's configuration instead, under `sources.partner_central`. An
    environment variable with the bare name of an argument is not read.

    Args:
        catalog: `AWS`, or `Sandbox` for the test catalog. One dataset holds one catalog.
        tables: tables to load, each by the name of the table of its records; or `bulk`, all that cost a call for many
            records, or `all`. The command always loads `opportunities` as well.
        credentials: access keys or a profile; without any, boto3's own chain (environment, profile, SSO, instance
            role).
        role_arn: role to assume with those credentials.
        external_id: external id the role's trust policy asks for.
        endpoint_url: another endpoint than AWS's; boto3's AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING works as well.
        life_cycle_stage: only opportunities in these stages (at most 10). Each set of filters keeps its own cursor.
        life_cycle_review_status: only these review statuses (at most 10).
        customer_company_name: only these customers (at most 10).
        identifier: only these opportunity ids (at most 20).
        since: LastModifiedDate at which a first or a full load begins, as an ISO 8601 date or timestamp, UTC unless it
            says otherwise. A full load begins at the cursor if that is older.
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
            of its own. Every table has it in a column `account`, and the key is (`account`, `id`).
        pii: what becomes of personal data and free text (`streams/`): `keep`, `mask` with a keyed hash, or
            `drop`.
        pii_key: the secret of the mask.
        most_rejected: share of the records read, 0 to 1, that may be rejected while the cursor moves.
        accept_account: continue with credentials of another AWS account than the one the dataset is of: everything is
            read again.
        details_of: ids of opportunities, or of engagements, for the tables that are read by ids. Without any, these
            tables get the records that changed in this run.
        chunked_load: a `ChunkedLoad`, to load in chunks what takes long, and to count it; without one, everything is
            one load.

    Returns:
        Resources that one reading feeds. `opportunities` has a child table for each list, `opportunities_rejected` the
        records that cannot be rows, `opportunity_history` every version seen, `opportunity_presence` what is listed.

    Raises:
        PartnerCentralError: while reading, as `ConfigurationError`, `RequestRejected`, `ServiceUnavailable` or
            `PaginationError`.

    See https://docs.aws.amazon.com/partner-central/latest/APIReference/API_ListOpportunities.html
    """
    options = Options(
        catalog=catalog,
        credentials=credentials,
        role_arn=role_arn,
        external_id=external_id,
        endpoint_url=endpoint_url,
        filters={
            "life_cycle_stage": life_cycle_stage,
            "life_cycle_review_status": life_cycle_review_status,
            "customer_company_name": customer_company_name,
            "identifier": identifier,
        },
        since=since,
        full=full,
        lookback=lookback,
        calls_per_second=calls_per_second,
        calls_per_day=calls_per_day,
        max_calls=max_calls,
        attempts=attempts,
        read_timeout=read_timeout,
        arrow=arrow,
        account=account,
        pii=pii,
        pii_key=pii_key,
        most_rejected=most_rejected,
        accept_account=accept_account,
        details_of=details_of,
    )
    chosen = choose(tables)
    dlt.current.source_schema().remove_type_detection("iso_timestamp")
    load = chunked_load or ChunkedLoad(rows_per_chunk=None)
    return [resource for stream in chosen for resource in stream_resources(stream, options, load)]
