"""Personal data in clear, in a database with SQL: rows, staged rows, earlier cursors, and blocks that are free."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from dlt.common.destination.client import WithStateSync
from dlt.destinations.exceptions import DatabaseException
from dlt.destinations.job_client_impl import SqlJobClientBase
from dlt.destinations.sql_client import SqlClientBase

from partner_central.public import OPPORTUNITIES, content_hash_of, without_values

from ..destinations import of
from ..destinations.column_comments import literal
from ..destinations.own_names import loaded_tables
from ..destinations.own_tables import columns_of, update
from ..destinations.pipeline_state import is_of_original
from ..destinations.split_columns import member_of
from ..sync.settings import Settings
from .tables import Cleaned, PersonalTable, Policies, tables_in

if TYPE_CHECKING:
    from ..destinations.lease_table import LeaseTable

Row = dict[str, Any]
ROW_ID = "_dlt_id"
AT_ONCE = 500
STATES, LEASES = "_dlt_pipeline_state", "sync_lease"
LOGS = ("sync_runs", "sync_run_streams")
OF_A_MERGE = re.compile(r"_(delete|insert)_[0-9a-f]{32}$")  # tables that dlt makes for a merge


def clean_rows(client: SqlJobClientBase, policies: Policies, account: str | None) -> Cleaned:
    """Puts into every row what would be stored of it now.

    Each step changes some hundred rows, with the hash of what they hold then.
    """
    cleaned = Cleaned()
    tables = tables_in(client.schema.tables)
    for name, columns in columns_of(client, loaded_tables(client, tables)).items():
        own = cleaned.own(client.schema, name, columns)
        table = tables[name].with_others(own, account)
        for rows in _pages(client.sql_client, table, of_members(table.read, own), account):
            changes = {row[ROW_ID]: changed for row in rows if (changed := changes_of(table, row, policies))}
            if changes:
                _write(client, name, changes)
            cleaned.rows[name] += len(changes)
    return cleaned


def changes_of(table: PersonalTable, row: Row, policies: Policies) -> Row:
    """The columns of a stored row that are to hold something else, and what; nothing if it is clean."""
    stream, privacy = table.stream, policies[table.stream]
    if table.is_of_rejected:
        record, key = privacy.rejection(row["record"], row.get("record_key"))
        wanted: Row = {"record": record, "record_key": key} if "record_key" in row else {"record": record}
    else:
        members = table.personal
        wanted = {name: privacy.value(row[name], _label(table, name)) for name in of_members(members, row)}
    changes = {name: value for name, value in wanted.items() if value != row[name]}
    if changes and stream.history is not None and table.name == stream.history_table:
        changes["content_hash"] = content_hash_of(_content(row | changes, stream.history.content), stream.history)
    return changes


def of_members(members: Collection[str], columns: Iterable[str]) -> list[str]:
    """Returns the columns that hold one of these members, under any type; see `split_columns`."""
    return sorted(column for column in columns if member_of(column, members) is not None)


def _label(table: PersonalTable, column: str) -> str:
    """Returns the column by which a value is masked: the model's own, after the list that it is in."""
    *_, lists = table.name.partition("__")
    return ".".join(filter(None, (*lists.split("__"), member_of(column, table.personal))))


def clean_scopes(client: SqlJobClientBase) -> int:
    """Takes hashes of the values of personal filters out of the logs of runs; returns how many names changed."""
    sql, changed = client.sql_client, 0
    for table in columns_of(client, LOGS):
        name = sql.make_qualified_table_name(table)
        for (scope,) in sql.execute_sql(f"SELECT DISTINCT scope FROM {name} WHERE scope IS NOT NULL") or []:  # noqa: S608 - the schema's own names
            if (plain := without_values(scope, OPPORTUNITIES.filters)) != scope:
                update(client, table, f"scope = {literal(plain)}", "scope = %s", scope)
                changed += 1
    return changed


def _content(version: Row, members: Collection[str]) -> Row:
    """A version with each member in the column of the model."""
    values = {column: value for column, value in version.items() if value is not None}
    return {member: values[column] for column in sorted(values) if (member := member_of(column, members)) is not None}


def drop_old_states(client: SqlJobClientBase, pipeline_name: str) -> int:
    """Deletes the states that a pipeline's newest one replaces; they hold hashes of records in clear.

    Also those of the pipeline that loaded the dataset which this one is a copy of.
    """
    is_loaded = STATES in columns_of(client, [STATES])
    newest = client.get_stored_state(pipeline_name) if is_loaded and isinstance(client, WithStateSync) else None
    if newest is None:
        return 0
    sql = client.sql_client
    table = sql.make_qualified_table_name(STATES)
    kept = newest._dlt_load_id  # noqa: SLF001 - dlt's column
    rows = sql.execute_sql(f"SELECT pipeline_name, state, _dlt_load_id FROM {table}") or []  # noqa: S608 - dlt's names
    old = [
        (str(name), str(load_id))
        for name, state, load_id in rows
        if load_id != kept and (name == pipeline_name or is_of_original(name, state, pipeline_name))
    ]
    for name, load_id in old:
        sql.execute_sql(f"DELETE FROM {table} WHERE pipeline_name = %s AND _dlt_load_id = %s", name, load_id)  # noqa: S608
    return len(old)


def drop_staged_tables(client: SqlJobClientBase, settings: Settings) -> list[str]:
    """Drops what dlt staged in every staging dataset that is not another run's now; returns the datasets.

    The datasets themselves stay, since whoever may not make one was given it, and so does what dlt did not stage there.
    """
    busy = _staging_in_use(client, settings.pipeline_name)
    staging = [name for name in _staging_datasets(client, settings) if name.lower() not in busy]
    return [name for name in staging if _empty_dataset(client, name)]


def free_blocks(client: SqlJobClientBase) -> str | None:
    """Overwrites what deleted rows leave in the tables; returns what was done, None if nothing."""
    return of(client).free_blocks(
        client, [*loaded_tables(client, tables_in(client.schema.tables)), *columns_of(client, [STATES])]
    )


def _pages(
    sql: SqlClientBase[Any], table: PersonalTable, columns: list[str], account: str | None
) -> Iterator[list[Row]]:
    """The rows of a table, or of one account, that hold anything in the columns in question."""
    names, quoted = [ROW_ID, *columns], sql.escape_column_name
    any_value = " OR ".join(f"{quoted(name)} IS NOT NULL" for name in of_members(table.personal, columns))
    mine, account_key = ("", ()) if account is None else (" AND account = %s", (account,))
    query = (
        f"SELECT {', '.join(map(quoted, names))} FROM {sql.make_qualified_table_name(table.name)} "  # noqa: S608 - the schema's own names
        f"WHERE {ROW_ID} > %s AND ({any_value}){mine} ORDER BY {ROW_ID} LIMIT {AT_ONCE}"
    )
    last = ""
    while rows := sql.execute_sql(query, last, *account_key) if any_value else None:
        yield [dict(zip(names, row, strict=True)) for row in rows]
        last = rows[-1][0]


def _write(client: SqlJobClientBase, table: str, changes: Mapping[str, Row]) -> None:
    """Changes rows by their id. What is written are hashes and nulls."""
    cases = {}
    for column in sorted({column for row in changes.values() for column in row}):
        whens = " ".join(
            f"WHEN {literal(row_id)} THEN {'NULL' if row[column] is None else literal(row[column])}"
            for row_id, row in changes.items()
            if column in row
        )
        cases[column] = f"CASE {ROW_ID} {whens} ELSE {client.sql_client.escape_column_name(column)} END"
    of(client).change_rows(client, table, cases, f"{ROW_ID} IN ({', '.join(map(literal, changes))})")


def _staging_datasets(client: SqlJobClientBase, settings: Settings) -> list[str]:
    """The staging datasets of a dataset: the common one, an account's, and those of single runs."""
    dataset = settings.dataset_name
    known = [f"{dataset}_staging", *([f"{dataset}_{settings.account}_staging"] if settings.account else [])]
    of_a_run = re.compile(rf"{re.escape(dataset)}_[0-9a-f]{{8}}_staging", re.IGNORECASE)
    try:
        there = of(client).dataset_names(client)
    except DatabaseException:
        return known
    return sorted(name for name in there if name.lower() in known or of_a_run.fullmatch(name))


def _staging_in_use(client: SqlJobClientBase, pipeline_name: str) -> set[str]:
    """Returns the staging datasets of runs of other accounts that share the dataset, active or to be continued."""
    if LEASES not in columns_of(client, [LEASES]):
        return set()
    table = client.sql_client.make_qualified_table_name(LEASES)
    query = f"SELECT staging FROM {table} WHERE pipeline_name <> %s AND staging IS NOT NULL"  # noqa: S608
    return {str(row[0]).lower() for row in client.sql_client.execute_sql(query, pipeline_name) or []}


def _empty_dataset(client: SqlJobClientBase, dataset: str) -> bool:
    """Drops what dlt staged in a dataset; false if that is nothing. Somebody else may have one of that name."""
    sql = client.sql_client
    try:
        tables = of(client).table_names(client, dataset)
    except DatabaseException:
        leases = cast("LeaseTable", client)
        if has := leases.was_staged_in(dataset, {*client.schema.tables}):
            leases.drop_staging(dataset)
        return has
    staged = {name.casefold() for name in client.schema.tables}
    if client.schema.version_table_name.casefold() not in {name.casefold() for name in tables}:
        return False
    with sql.with_alternative_dataset_name(dataset):
        for table in tables:
            if OF_A_MERGE.sub("", table.casefold()) in staged:
                _drop(sql, sql.make_qualified_table_name(table))
    return True


def _drop(sql: SqlClientBase[Any], table: str) -> None:
    """Drops a table, or empties it where something that somebody made reads it."""
    try:
        sql.execute_sql(f"DROP TABLE {table}")
    except DatabaseException:
        sql.execute_sql(f"DELETE FROM {table}")  # noqa: S608 - the schema's own names
