"""Keeps in the destination how far the last report knew, so that whoever writes the next one can begin there.

The table `report_marks` has a row for each state of the data that a report showed. A report on the same data again adds
none.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from dlt.common.destination.exceptions import DestinationException
from dlt.destinations.job_client_impl import SqlJobClientBase

from ..destinations.errors import first_line
from ..destinations.own_tables import columns_of
from ..sync import working_folder
from ..sync.settings import Settings
from ..sync.utc import in_utc
from ..views.user_tables import UserTable, make_table

MARKS = UserTable(
    "report_marks",
    "How far each report knew, for report --since last.",
    (
        ("account", "text", "Whose report it was, where several accounts share the dataset; null for all of them."),
        ("as_of", "timestamp", "Newest change in AWS that the report had."),
        ("written_at", "timestamp", "When it was written, by the clock of its machine."),
    ),
)


def last_report(client: SqlJobClientBase, account: str | None, as_of: datetime | None) -> date | None:
    """Returns up to which day the last report knew that was written before these data came; None without one.

    Args:
        client: of the open destination.
        account: whose report it was; None for all.
        as_of: the newest change that the data have.
    """
    if as_of is None or not MARKS.is_usable(dict.fromkeys(columns_of(client, [MARKS.name]).get(MARKS.name, ()))):
        return None
    mine, keys = _of(account)
    name = client.sql_client.make_qualified_table_name(MARKS.name)
    query = f"SELECT MAX(as_of) FROM {name} WHERE as_of < %s AND {mine}"  # noqa: S608 - a name of this program
    ((found,),) = client.sql_client.execute_sql(query, as_of, *keys) or ((None,),)
    return found and in_utc(found).date()


def move_mark(settings: Settings, as_of: datetime | None) -> str | None:
    """Stores how far a report knew.

    Returns:
        Why it was not stored; None if it is.
    """
    if as_of is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        pipeline = working_folder.attach(replace(settings, pipelines_dir=Path(folder)))
        client = pipeline.destination_client()
        if not isinstance(client, SqlJobClientBase):
            return f"{settings.destination} takes no SQL"
        database: Any = client.sql_client.dbapi
        try:
            with client:
                _insert(client, settings.account, as_of)
        except (DestinationException, OSError, database.Error) as error:
            return first_line(error)
    return None


def _insert(client: SqlJobClientBase, account: str | None, as_of: datetime) -> None:
    if not columns_of(client, [MARKS.name]):
        make_table(client, MARKS)
    mine, keys = _of(account)
    name = client.sql_client.make_qualified_table_name(MARKS.name)
    query = f"SELECT COUNT(*) FROM {name} WHERE as_of = %s AND {mine}"  # noqa: S608 - a name of this program
    ((known,),) = client.sql_client.execute_sql(query, as_of, *keys) or ((0,),)
    if not known:
        place = "NULL" if account is None else "%s"  # BigQuery refuses None as a parameter
        statement = f"INSERT INTO {name} (account, as_of, written_at) VALUES ({place}, %s, %s)"  # noqa: S608 - see above
        client.sql_client.execute_sql(statement, *keys, as_of, datetime.now(UTC))


def _of(account: str | None) -> tuple[str, tuple[str, ...]]:
    return ("account IS NULL", ()) if account is None else ("account = %s", (account,))
