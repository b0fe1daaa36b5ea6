"""What the tables must hold, told from the records and the documented table rules alone.

`expected` reads records as they stand on the wire, `actual` reads a DuckDB file and `gathered` rows from anywhere else,
`assert_equal` compares.
Nothing of the product is imported, so that a mistake in its rules cannot repeat itself here.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb

Row = dict[str, Any]
Members = tuple[str, ...]
ROOT = "opportunities"
DELIVERY_MODELS = "opportunities__project_delivery_models"
CUSTOMER_SPEND = "opportunities__project_expected_customer_spend"
TEXT, WHOLE, DECIMAL, DAY, MOMENT = "VARCHAR", "BIGINT", "DECIMAL", "DATE", "TIMESTAMP WITH TIME ZONE"
COLUMNS: Mapping[str, Mapping[str, str]] = {
    ROOT: {
        "id": TEXT,
        "arn": TEXT,
        "catalog": TEXT,
        "opportunity_type": TEXT,
        "partner_opportunity_identifier": TEXT,
        "created_date": MOMENT,
        "last_modified_date": MOMENT,
        "customer_company_name": TEXT,
        "customer_industry": TEXT,
        "customer_other_industry": TEXT,
        "customer_website_url": TEXT,
        "customer_city": TEXT,
        "customer_state_or_region": TEXT,
        "customer_postal_code": TEXT,
        "customer_country_code": TEXT,
        "life_cycle_stage": TEXT,
        "life_cycle_review_status": TEXT,
        "life_cycle_review_status_reason": TEXT,
        "life_cycle_review_comments": TEXT,
        "life_cycle_closed_lost_reason": TEXT,
        "life_cycle_next_steps": TEXT,
        "life_cycle_target_close_date": DAY,
        "project_expected_contract_duration_value": WHOLE,
        "project_expected_contract_duration_term": TEXT,
    },
    DELIVERY_MODELS: {"opportunity_id": TEXT, "value": TEXT},
    CUSTOMER_SPEND: {
        "opportunity_id": TEXT,
        "amount": DECIMAL,
        "currency_code": TEXT,
        "frequency": TEXT,
        "target_company": TEXT,
        "estimation_url": TEXT,
    },
}
PATTERNS = {
    WHOLE: r"\d+",
    DECIMAL: r"\d+(\.\d*)?",
    DAY: r"\d{4}-\d\d-\d\d",
    MOMENT: r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)",
}
STRUCTURES = {
    ("LifeCycle",),
    ("Customer",),
    ("Customer", "Account"),
    ("Customer", "Account", "Address"),
    ("Project",),
    ("Project", "ExpectedContractDuration"),
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class UnloadableError(ValueError):
    """A record that no table can hold as it is: a loader must reject it."""


@dataclass(frozen=True, slots=True)
class Tables:
    """The rows of one destination; lists are sorted multisets.

    A spend row is (opportunity_id, amount, currency_code, frequency, target_company, estimation_url) and then
    a (column, value) pair for each further column that is not null. `others` holds the child tables of
    lists that the documentation does not know, each row being its (column, value) pairs that are not null.
    """

    opportunities: dict[str, Row]
    delivery_models: list[tuple[Any, ...]]
    customer_spend: list[tuple[Any, ...]]
    others: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)


def expected(records: Iterable[Mapping[str, Any]]) -> Tables:
    """The tables of these records; of several with one Id the newest counts, of equally new ones the last.

    Raises:
        UnloadableError: a record has no Id, no LastModifiedDate or a value that does not fit.
    """
    newest: dict[str, dict[str, list[Row]]] = {}
    for record in records:
        tables = _rows(record)
        root = tables[ROOT][0]
        known = newest.get(root["id"])
        if known is None or known[ROOT][0]["last_modified_date"] <= root["last_modified_date"]:
            newest[root["id"]] = tables
    merged: dict[str, list[Row]] = {}
    for tables in newest.values():
        for table, rows in tables.items():
            merged.setdefault(table, []).extend(rows)
    return _tables(merged)


def actual(duckdb_path: str | Path, dataset: str = "partner_central") -> Tables:
    """The tables of a destination, without dlt's own columns.

    Raises:
        AssertionError: a table or column is missing or of another type, an id is null or there twice, a child
            row belongs to no opportunity or to another one than its `opportunity_id` says.
    """
    with duckdb.connect(str(duckdb_path), read_only=True) as connection:
        (catalog,) = connection.execute("SELECT current_database()").fetchall()[0]
        connection.execute(f'USE "{catalog}"."{dataset}"')
        types: dict[str, dict[str, str]] = {}
        for table, column, kind in connection.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns "
            "WHERE table_schema = ? AND table_catalog = current_database() ORDER BY ordinal_position",
            [dataset],
        ).fetchall():
            if table == ROOT or table.startswith(f"{ROOT}__"):
                types.setdefault(table, {})[column] = kind
        _check_types(types)
        return gathered({table: _read(connection, table, columns) for table, columns in types.items()})


def gathered(rows: Mapping[str, Sequence[Row]]) -> Tables:
    """The tables of a destination from their rows, however these were fetched, without dlt's own columns.

    Raises:
        AssertionError: an id is null or there twice, a child row belongs to no opportunity or to another one than its
            `opportunity_id` says.
    """
    _check_keys(rows)
    return _tables(
        {
            table: [{name: row[name] for name in row if not name.startswith("_dlt_")} for row in entries]
            for table, entries in rows.items()
        }
    )


def assert_equal(expected: Tables, actual: Tables, *, shown: int = 5) -> None:
    """Fail with the first differing ids and columns if the tables differ; a missing column counts as null."""
    problems = _differences(expected.opportunities, actual.opportunities, shown)
    children = {
        DELIVERY_MODELS: (expected.delivery_models, actual.delivery_models),
        CUSTOMER_SPEND: (expected.customer_spend, actual.customer_spend),
    }
    for table in sorted({*expected.others, *actual.others}):
        children[table] = (expected.others.get(table, []), actual.others.get(table, []))
    for table, (wanted, found) in children.items():
        for what, rows in (
            ("lacks", Counter(wanted) - Counter(found)),
            ("has too many", Counter(found) - Counter(wanted)),
        ):
            listed = sorted(rows.elements(), key=_order)
            problems += [f"{table} {what} {len(listed)} rows:"] if listed else []
            problems += [f"  {_short(row)}" for row in listed[:shown]]
    if problems:
        raise AssertionError("\n".join(["the tables differ from the records", *problems]))


def _differences(wanted: Mapping[str, Row], found: Mapping[str, Row], shown: int) -> list[str]:
    problems: list[str] = []
    for what, ids in (
        ("lacks", wanted.keys() - found.keys()),
        ("has too many", found.keys() - wanted.keys()),
    ):
        problems += [f"{ROOT} {what} {len(ids)} ids: {', '.join(sorted(ids)[:shown])}"] if ids else []
    stale = [
        (key, column, wanted[key].get(column), found[key].get(column))
        for key in sorted(wanted.keys() & found.keys())
        for column in sorted({*wanted[key], *found[key]})
        if wanted[key].get(column) != found[key].get(column)
    ]
    if stale:
        problems.append(f"{ROOT} has {len(stale)} differing values in {len({key for key, *_ in stale})} ids:")
    return problems + [
        f"  {key}.{column}: expected {_short(want)}, found {_short(have)}" for key, column, want, have in stale[:shown]
    ]


def _short(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= 300 else f"{text[:140]}… ({len(text)} characters) …{text[-140:]}"


def _order(row: Sequence[Any]) -> tuple[tuple[bool, str], ...]:
    """Equal rows sort alike, whatever the scale of their decimals and wherever they have nulls."""
    return tuple((v is not None, str(Fraction(v)) if isinstance(v, Decimal) else str(v)) for v in row)


def _tables(rows: Mapping[str, Sequence[Row]]) -> Tables:
    lists: dict[str, list[tuple[Any, ...]]] = {}
    for table, entries in rows.items():
        if table != ROOT and entries:
            lists[table] = sorted((_tuple(row, COLUMNS.get(table, {})) for row in entries), key=_order)
    opportunities = {row["id"]: row for row in rows.get(ROOT, ())}
    return Tables(opportunities, lists.pop(DELIVERY_MODELS, []), lists.pop(CUSTOMER_SPEND, []), lists)


def _tuple(row: Row, known: Mapping[str, str]) -> tuple[Any, ...]:
    further = sorted((name, value) for name, value in row.items() if name not in known and value is not None)
    return (*(row.get(name) for name in known), *further)


# The rules of the tables.


@functools.cache
def _column(path: Members) -> str:
    snake = "_".join(name for name in path if name not in {"Account", "Address"})
    snake = re.sub(r"([^_])([A-Z][a-z]+)", r"\1_\2", snake)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", snake).lower()


def _rows(record: Mapping[str, Any]) -> dict[str, list[Row]]:
    root, lists = _flat(record, COLUMNS[ROOT], STRUCTURES)
    for required in ("id", "last_modified_date"):
        if root[required] is None:
            raise UnloadableError(f"no {required}: {_short(record)}")
    tables = {ROOT: [root]}
    for name, entries in lists.items():
        table = f"{ROOT}__{name}"
        known = COLUMNS.get(table, {})
        for entry in entries:
            if entry is None:
                continue
            if known and isinstance(entry, Mapping) == ("value" in known):
                raise UnloadableError(f"{name} has entries of another shape: {_short(entry)}")
            row, inner = _flat(entry if isinstance(entry, Mapping) else {"Value": entry}, known)
            if inner:
                raise NotImplementedError(f"a list within the list {name}: the rules do not say")
            tables.setdefault(table, []).append(row | {"opportunity_id": root["id"]})
    return tables


def _flat(
    record: Mapping[str, Any], known: Mapping[str, str], structures: Collection[Members] = ()
) -> tuple[Row, dict[str, list[Any]]]:
    """The columns of one row, all known ones included, and its lists by name."""
    row: Row = dict.fromkeys(known)
    lists: dict[str, list[Any]] = {}
    for path, value in _members(record):
        name = _column(path)
        kind = known.get(name)
        if f"{ROOT}__{name}" in COLUMNS:
            fits = isinstance(value, list)
        elif kind is not None:
            fits = isinstance(value, str)
        else:
            fits = path not in structures or isinstance(value, Mapping)
        if not fits:
            raise UnloadableError(f"{'.'.join(path)} has another shape: {_short(value)}")
        if isinstance(value, list):
            lists[name] = value
        elif not isinstance(value, Mapping):
            row[name] = loose(value) if kind is None else _typed(kind, value)
    return row, lists


def _members(value: Mapping[str, Any], above: Members = ()) -> Iterator[tuple[Members, Any]]:
    """All members at any depth that are not null, structures before what they hold."""
    for name, member in value.items():
        if member is not None:
            yield (*above, name), member
        if isinstance(member, Mapping):
            yield from _members(member, (*above, name))


def _typed(kind: str, text: str) -> Any:
    if kind == TEXT:
        return text
    if text == "" and kind in {WHOLE, DECIMAL}:
        return None
    if not re.fullmatch(PATTERNS[kind], text, re.ASCII):
        raise UnloadableError(f"not a {kind}: {_short(text)}")
    try:
        return PARSERS[kind](text)
    except ValueError as error:
        raise UnloadableError(f"not a {kind}: {_short(text)}") from error


def _moment(text: str) -> datetime:
    """The instant in UTC, cut to microseconds."""
    whole, fraction, zone = re.fullmatch(PATTERNS[MOMENT], text).groups()  # type: ignore[union-attr]
    cut = (fraction or "")[:6].ljust(6, "0")
    return datetime.fromisoformat(f"{whole}.{cut}{zone.replace('Z', '+00:00')}").astimezone(UTC)


PARSERS: Mapping[str, Callable[[str], Any]] = {
    WHOLE: int,
    DECIMAL: Decimal,
    DAY: date.fromisoformat,
    MOMENT: _moment,
}


def loose(value: Any) -> Any:
    """A value without a documented type: text that is an instant and floats may be kept as either type."""
    if isinstance(value, str) and re.fullmatch(PATTERNS[MOMENT], value, re.ASCII):
        return _moment(value)
    return Decimal(repr(value)) if isinstance(value, float) else value


# The destination.


def _read(connection: duckdb.DuckDBPyConnection, table: str, types: Mapping[str, str]) -> list[Row]:
    """All rows; instants are fetched as a number, since DuckDB would turn them into the session's zone."""
    selected = ", ".join(f'epoch_us("{name}")' if kind == MOMENT else f'"{name}"' for name, kind in types.items())
    known = COLUMNS.get(table, {})
    rows: list[Row] = []
    for values in connection.execute(f'SELECT {selected} FROM "{table}"').fetchall():
        row: Row = {}
        for (name, kind), value in zip(types.items(), values, strict=True):
            if kind == MOMENT and value is not None:
                row[name] = EPOCH + timedelta(microseconds=value)
            else:
                row[name] = value if name in known else loose(value)
        rows.append(row)
    return rows


def _check_types(found: Mapping[str, Mapping[str, str]]) -> None:
    problems = [
        f"{table}.{name} is {found.get(table, {}).get(name, 'missing')}, not {kind}"
        for table, columns in COLUMNS.items()
        for name, kind in columns.items()
        if not found.get(table, {}).get(name, "missing").startswith(kind)
    ]
    if problems:
        raise AssertionError("\n".join(problems))


def _check_keys(tables: Mapping[str, Sequence[Row]]) -> None:
    problems: list[str] = []
    for key, times in Counter(row["id"] for row in tables[ROOT]).items():
        if key is None or times > 1:
            problems.append(f"{ROOT} has the id {key!r} {times} times")
    ids = {row["id"] for row in tables[ROOT]}
    roots = {row["_dlt_id"]: row["id"] for row in tables[ROOT]}
    for table, rows in tables.items():
        for row in rows if table != ROOT else ():
            links = [row[name] for name in ("_dlt_root_id", "_dlt_parent_id") if name in row]
            key = row.get("opportunity_id")
            if key not in ids:
                problems.append(f"{table} has an orphan of {key!r}")
            elif not links or any(roots.get(link) != key for link in links):
                problems.append(f"{table} has a row of {key!r} whose _dlt_ link leads elsewhere: {links}")
    if problems:
        raise AssertionError("\n".join(problems[:20]))
