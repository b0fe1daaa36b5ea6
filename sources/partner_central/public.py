"""The names that programs which run the source may import, next to `partner_central` itself.

Nothing else of the package is for them: everything below is free to move.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .api.account_identity import identity_of
from .api.call_ledger import CALLS_PER_DAY
from .api.client import PartnerCentral
from .api.connection import NO_CREDENTIALS, connect, open_session
from .api.failures import (
    is_of_credentials,
    is_throttle,
    is_transient,
    reason_of,
    to_credentials_error,
    to_source_error,
)
from .api.misconfiguration import credentials_misconfiguration, is_outage_of_credentials
from .api.model_extras import service_model, with_extras
from .api.quota import Quota, account_of
from .api.raw_json import Answer, BadBody
from .errors import (
    ActionDenied,
    CallBudgetExhausted,
    CallLimitReached,
    ConfigurationError,
    PaginationError,
    PartnerCentralError,
    RecordNotFound,
    RequestInvalid,
    RequestRejected,
    ServiceUnavailable,
)
from .list_stream import WholeListStream
from .metrics import StreamMetrics, SyncMetrics
from .options import Options
from .own_section import from_own_section, own_value
from .per_id_stream import PerIdStream
from .permissions import least_policy, policy_to_attach
from .read.filter_sets import CursorReport, cursor_reports, has_read
from .read.filters import without_values
from .read.id_state import forget_reads, reading_of
from .read.list_state import forget_list, handed_on_at
from .read.listing_marks import searched_at
from .read.load import ROWS_PER_CHUNK, ChunkedLoad
from .read.masks import forget_masks
from .read.named import NamedIds
from .read.pages import page_call
from .read.state import assigned_names as assigned_names_in
from .read.state import (
    check_account,
    check_catalog,
    forget_cursors,
    lost_tables,
    newest_full_listing,
)
from .read.state_parts import FullListing, StoredCounters
from .resources.columns import stream_model as model_of_service
from .resources.columns import table_columns
from .stream import MODIFIED_COLUMN, IncrementalStream, Stream
from .streams import DEFAULT, NO_TABLE, SPINE, STREAMS, choose
from .streams.opportunities import OPPORTUNITIES
from .streams.opportunities import VERSIONS as OPPORTUNITY_VERSIONS
from .streams.opportunity_search import OPPORTUNITY_SEARCH_SUMMARIES
from .tables.hints import HintRules, known_columns, rejected_columns, root_columns
from .tables.history import ORDERING, content_hash_of
from .tables.id_reads import DueId
from .tables.new_members import UNMOVED, plain_names
from .tables.pii import PiiPolicy
from .tables.presence import presence_model
from .tables.rows import ACCOUNT, HISTORY_COLUMNS, LAST_LISTED_AT, OWN_COLUMNS
from .tables.table import RecordModel
from .tables.types import AMOUNT_PRECISION, AMOUNT_SCALE, ColumnType

__all__ = [
    "ACCOUNT",
    "AMOUNT_PRECISION",
    "AMOUNT_SCALE",
    "CALLS_PER_DAY",
    "HISTORY_COLUMNS",
    "LAST_LISTED_AT",
    "NO_CREDENTIALS",
    "NO_TABLE",
    "OPPORTUNITIES",
    "OPPORTUNITY_SEARCH_SUMMARIES",
    "OPPORTUNITY_VERSIONS",
    "ORDERING",
    "OWN_COLUMNS",
    "ROWS_PER_CHUNK",
    "SPINE",
    "STREAMS",
    "UNMOVED",
    "ActionDenied",
    "Answer",
    "BadBody",
    "CallBudgetExhausted",
    "CallLimitReached",
    "ChunkedLoad",
    "ColumnType",
    "ConfigurationError",
    "CursorReport",
    "DueId",
    "FullListing",
    "IncrementalStream",
    "NamedIds",
    "Options",
    "PaginationError",
    "PartnerCentral",
    "PartnerCentralError",
    "PerIdStream",
    "PiiPolicy",
    "Quota",
    "RecordModel",
    "RecordNotFound",
    "RequestInvalid",
    "RequestRejected",
    "ServiceUnavailable",
    "StoredCounters",
    "Stream",
    "StreamMetrics",
    "SyncMetrics",
    "WholeListStream",
    "account_of",
    "check_account",
    "check_catalog",
    "chosen_streams",
    "connect",
    "content_hash_of",
    "credentials_misconfiguration",
    "cursor_reports",
    "forget_cursors",
    "forget_list",
    "forget_masks",
    "forget_reads",
    "from_own_section",
    "handed_on_at",
    "has_read",
    "hint_rules",
    "identity_of",
    "is_of_credentials",
    "is_outage_of_credentials",
    "is_throttle",
    "is_transient",
    "key_columns",
    "known_columns",
    "least_policy",
    "lost_tables",
    "modified_column",
    "newest_full_listing",
    "open_session",
    "page_call",
    "plain_names_in",
    "policy_to_attach",
    "presence_model",
    "reading_of",
    "reason_of",
    "rejected_columns",
    "root_columns",
    "searched_at",
    "service_model",
    "stream_model",
    "table_columns",
    "to_credentials_error",
    "to_source_error",
    "with_extras",
    "without_values",
]


def chosen_streams(tables: Sequence[str] | None) -> tuple[Stream, ...]:
    """Returns the streams that are named, else those of the configuration, else `bulk`; always with the spine.

    Raises:
        ConfigurationError: there is no such stream.
    """
    configured = None if tables else own_value("tables", Sequence[str])
    named = tables or (DEFAULT if configured is None else configured)
    return choose({SPINE.table, *named} if named else ())


def stream_model(stream: Stream) -> RecordModel:
    """Returns the tables of a stream's records, from the service model."""
    return model_of_service(stream, service_model())


def plain_names_in(state: Mapping[str, Any]) -> set[str]:
    """Returns the columns of unknown members, of a stream's state, that have the name the naming rule gives."""
    return plain_names(assigned_names_in(state))


def key_columns(table: str) -> tuple[str, str] | None:
    """Returns the column of the key of a stream's records, and the one that holds it in their lists.

    Args:
        table: of the records; with any other there is None.
    """
    return next(((stream.key_column, stream.child_key) for stream in STREAMS if stream.table == table), None)


def modified_column(table: str) -> str:
    """Returns the column of the date of the last change that the rows of a table have, if they have one.

    Args:
        table: of a stream's records, or another one.
    """
    return next((stream.modified_column for stream in STREAMS if stream.table == table), MODIFIED_COLUMN)


def hint_rules(stream: Stream, account: str | None = None) -> HintRules:
    """Returns what the hints of a stream's tables have in common.

    Args:
        stream: the stream.
        account: name of the account in every row; None without a column for it.
    """
    return HintRules(stream.table_names, stream.noun, account)
