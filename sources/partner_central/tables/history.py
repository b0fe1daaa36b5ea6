"""Every version of an opportunity that was seen, as a row of its own: Partner Central itself keeps none but the newest.

A row holds the columns of `opportunities`, the known lists as text a person can read, a hash of its content, where it
stands in the order of reading, and when a run first read it. AWS changes some members without moving LastModifiedDate,
and with dates of whole seconds a record can change twice within one: so the versions of an id are in order by
(`last_modified_date`, `read_order`), and one that returns to what it was is a version again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cached_property

from .rows import ACCOUNT, Row, RowMaker
from .service_model import Column, RecordModel

SEPARATOR = "; "


def join_values(entries: Sequence[Row]) -> list[str]:
    """The values of a list of plain values."""
    return [entry["value"] for entry in entries if entry.get("value")]


def format_spend(entries: Sequence[Row]) -> list[str]:
    """The entries of expected customer spend, each as a line of text."""
    return list(filter(None, map(_spend, entries)))


def _spend(entry: Row) -> str:
    """`1,250.00 USD Monthly (AWS)`; what is null is left out."""
    amount, company = entry.get("amount"), entry.get("target_company")
    parts = (
        None if amount is None else f"{amount:,}",
        entry.get("currency_code"),
        entry.get("frequency"),
        f"({company})" if company else None,
    )
    return " ".join(filter(None, parts))


LISTS: dict[str, Callable[[Sequence[Row]], list[str]]] = {
    "project_delivery_models": join_values,
    "project_expected_customer_spend": format_spend,
}
CONTENT = (
    "arn",
    "catalog",
    "created_date",
    "customer_city",
    "customer_company_name",
    "customer_country_code",
    "customer_industry",
    "customer_other_industry",
    "customer_postal_code",
    "customer_state_or_region",
    "customer_website_url",
    "life_cycle_closed_lost_reason",
    "life_cycle_next_steps",
    "life_cycle_review_comments",
    "life_cycle_review_status",
    "life_cycle_review_status_reason",
    "life_cycle_stage",
    "life_cycle_target_close_date",
    "opportunity_type",
    "partner_opportunity_identifier",
    "project_delivery_models",
    "project_expected_contract_duration_term",
    "project_expected_contract_duration_value",
    "project_expected_customer_spend",
)  # never to be changed, in no way: the hashes of all stored versions are made of these
KEY = ("id", "last_modified_date", "content_hash")
ORDERING = (
    Column(
        (),
        "read_order",
        "bigint",
        "Where this version stands in the order of reading, over all runs: the versions of an id are in order by "
        "last_modified_date, then by this. Below zero where an earlier release stored it.",
    ),
    Column(
        (),
        "order_is_known",
        "bool",
        "Whether read_order is the order of reading; false where nothing tells versions apart that an earlier release "
        "stored.",
    ),
)
OWN_COLUMNS = (
    Column((), "project_delivery_models", "text", "The delivery models, sorted and joined with '; '."),
    Column(
        (),
        "project_expected_customer_spend",
        "text",
        "The expected spend, sorted and joined with '; ', each as: amount, currency, frequency, target company in "
        "brackets.",
    ),
    Column((), "content_hash", "text", "Equal for versions whose known members are equal, whatever their order."),
    *ORDERING,
    Column(
        (), "first_seen_at", "timestamp", "When the run began that first read this version, by its machine's clock."
    ),
)


def history_model(model: RecordModel) -> RecordModel:
    """The table of versions of the records of a model: its columns and a few more, no lists."""
    return RecordModel((*model.columns, *OWN_COLUMNS), ())


class History:
    """Makes the rows of versions.

    Args:
        row_maker: makes the rows of `opportunities`, and knows under which names their columns and lists stand there.
        seen_at: when the run began that reads them.
    """

    def __init__(self, row_maker: RowMaker, seen_at: datetime) -> None:
        self._row_maker = row_maker
        self._seen_at = seen_at

    def version(self, row: Row, read_order: int) -> Row:
        """The row of one version.

        Args:
            row: its row of `opportunities`, with its lists. Those the model does not know are left out.
            read_order: where it stands in the order of reading, over all runs.
        """
        version = dict(row)
        for name, there in self._lists.items():
            entries = [_plain(entry, there.columns) for entry in version.pop(there.name, None) or ()]
            if written := LISTS[name](entries):
                version[name] = SEPARATOR.join(sorted(written))
        if not row.keys() <= self._known:
            version = {name: value for name, value in version.items() if not isinstance(value, list)}
        version["content_hash"] = content_hash_of(_plain(version, self._moved))
        version["read_order"] = read_order
        version["order_is_known"] = True
        version["first_seen_at"] = self._seen_at
        return version

    @cached_property
    def _known(self) -> frozenset[str]:
        placed = self._row_maker.placed
        lists = [there.name for there in self._lists.values()]
        return frozenset({"_dlt_id", ACCOUNT, *LISTS, *lists, *(column.name for column in placed.columns)})

    @cached_property
    def _moved(self) -> Mapping[str, str]:
        """Where the columns stand that have another name in the destination than in the model."""
        return _moved(self._row_maker.model.columns, self._row_maker.placed.columns)

    @cached_property
    def _lists(self) -> Mapping[str, _There]:
        """Where the lists of a version stand in a row of `opportunities`."""
        lists = {
            child.name: _There(there.name, _moved(child.columns, there.columns))
            for child, there in zip(self._row_maker.model.children, self._row_maker.placed.children, strict=True)
        }
        return {name: lists.get(name, _There(name, {})) for name in LISTS}


@dataclass(frozen=True, slots=True)
class _There:
    """The name of a list in the destination, and the names of those of its columns that have another one there."""

    name: str
    columns: Mapping[str, str]


def _moved(columns: Sequence[Column], placed: Sequence[Column]) -> dict[str, str]:
    pairs = zip(columns, placed, strict=True)
    return {column.name: there.name for column, there in pairs if there.name != column.name}


def _plain(row: Row, moved: Mapping[str, str]) -> Row:
    """A row with the members that stand elsewhere in the destination under the names of the model."""
    return row | {name: row.get(there) for name, there in moved.items()} if moved else row


def drop_seen_in_this_load(versions: Sequence[Row], held: dict[tuple[str, datetime], str]) -> list[Row]:
    """The versions that are not what the load holds already as the last one of their date; they are noted in `held`.

    The merge of dlt looks for a version in the table only.
    """
    new = []
    for version in versions:
        key = version["id"], version["last_modified_date"]
        if held.get(key) != version["content_hash"]:
            held[key] = version["content_hash"]
            new.append(version)
    return new


def content_hash_of(version: Mapping[str, object]) -> str:
    """128 bits of BLAKE2 over the columns `CONTENT` of a version, in hexadecimal.

    It can be computed of a stored row as well, whatever database it comes from: an instant is one in whatever time zone
    (UTC where it has none), a number in whatever type, a list in whatever order. Members that AWS adds, and columns
    that a newer model has, are no part of it; nor are id and date, within which it is compared.

    It is of what is stored: where personal data is masked or dropped, equal masks are equal. So after a change of
    `pii`, each record that is read again is another version, unless the stored versions were masked as well and got
    new hashes.
    """
    parts = [(name, _normal(name, value)) for name in CONTENT if (value := version.get(name)) is not None]
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()


def _normal(name: str, value: object) -> str | list[str]:
    """A value as text that is the same for all ways to hold it."""
    if name in LISTS:
        return sorted(str(value).split(SEPARATOR))
    match value:
        case bool():
            return str(value).lower()
        case datetime():
            utc = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
            return utc.isoformat(timespec="microseconds")
        case date():
            return value.isoformat()
        case int() | float() | Decimal():
            plain = f"{Decimal(str(value)):f}"
            return plain.rstrip("0").rstrip(".") if "." in plain else plain
        case _:
            return str(value)
