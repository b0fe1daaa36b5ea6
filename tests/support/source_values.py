"""What the records of a source say, and what rows say of them, as plain values that can be counted.

Nothing of the product's rules for names and types is used: every value of a record has to be in a row of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
OF_THE_LOAD = {"last_listed_at", "read_at", "read_for"}


def values_of(record: Any) -> Iterator[str]:
    """Every value in a record, however deep; nulls and empty texts are none."""
    if isinstance(record, Mapping):
        record = [*record.values()]
    if isinstance(record, list):
        for one in record:
            yield from values_of(one)
    elif record not in {None, ""}:
        yield _plain(record)


def names_in(record: Any) -> Iterator[str]:
    """The names of all members of a record, however deep."""
    if isinstance(record, Mapping):
        yield from record
        record = [*record.values()]
    if isinstance(record, list):
        for one in record:
            yield from names_in(one)


def named_values(record: Any, names: Container[str], name: str = "") -> Iterator[str]:
    """The texts of a record that stand under one of these member names."""
    if isinstance(record, Mapping):
        for member, value in record.items():
            yield from named_values(value, names, member)
    elif isinstance(record, list):
        for one in record:
            yield from named_values(one, names, name)
    elif isinstance(record, str) and record and name in names:
        yield record


def rows_by_key(rows: Rows, table: str, key: str, child_key: str, made: Container[str]) -> dict[str, Counter[str]]:
    """The values in the rows of each record, and of its lists, without what no record has.

    Args:
        rows: of every table.
        table: the root's name.
        key: the root's column with the key.
        child_key: the column with it in lists.
        made: further columns of the root that no record has.
    """
    found: dict[str, Counter[str]] = {}
    for name, some in rows.items():
        if name.partition("__")[0] != table:
            continue
        of, beside = (key, made) if name == table else (child_key, {child_key})
        for row in some:
            values = (
                _plain(value)
                for column, value in row.items()
                if column not in OF_THE_LOAD
                and column not in beside
                and not column.startswith("_dlt")
                and value not in {None, ""}
            )
            found.setdefault(row[of], Counter()).update(values)
    return found


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and "T" in value:
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return str(value)
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    try:
        return f"{Decimal(str(value)).normalize():f}"
    except InvalidOperation:
        return str(value)
