"""Refuses a dataset in which something of the user has the name of a table of this program.

A load would add columns to it, or rows. So what exists under these names is compared with the columns that such a table
has had in every release, before anything is changed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import cast

from dlt.common.destination.client import DestinationClientDwhConfiguration, JobClientBase
from dlt.common.schema import Schema
from dlt.common.schema.typing import C_DLT_ID

from partner_central.public import STREAMS, ConfigurationError, hint_rules, known_columns, stream_model

from . import of
from .lease_table import TABLE as LEASE
from .own_tables import LISTINGS, RUNS, STREAM_RUNS

OF_THE_SYNC: Mapping[str, frozenset[str]] = {
    RUNS: frozenset({"run_id", "started_at", "exit_code"}),
    STREAM_RUNS: frozenset({"run_id", "stream"}),
    LISTINGS: frozenset({"number", "verdict"}),
    LEASE: frozenset({"pipeline_name", "run_id", "owner", "expires_at"}),
}
OF_A_LOAD = frozenset({C_DLT_ID})


def refuse_foreign(client: JobClientBase, schema: Schema | None) -> None:
    """Refuses an open destination in which something else has the name of a table of this program.

    A destination is asked only where its schema lacks one of its tables, as before the first load.

    Args:
        client: of the destination, whose dataset is there.
        schema: of the tables that were loaded into it; None if none was.

    Raises:
        ConfigurationError: something has; nothing was changed.
    """
    expected = dict.fromkeys((name for stream in STREAMS for name in stream.tables), OF_A_LOAD)
    if of(client).has_sql:  # a lake has no others
        expected |= OF_THE_SYNC
    if schema is not None and schema.tables.keys() >= expected.keys() - {LEASE}:
        return
    for stream in STREAMS:
        of_lists = known_columns(stream_model(stream), hint_rules(stream))
        expected |= dict.fromkeys((column.partition(".")[0] for column in of_lists), OF_A_LOAD)
    found = of(client).stored_columns(client, expected)
    _raise_for(client, (name for name, columns in found.items() if not columns >= expected[name]))


def refuse_missing(client: JobClientBase, missing: Collection[str]) -> None:
    """Refuses a table that lacks the columns which tell that it is of this program.

    Raises:
        ConfigurationError: one does, so something else took its name; nothing was changed.
    """
    tables = {name.partition(".")[0] for name in missing if "." in name}
    _raise_for(
        client,
        (
            table
            for table in tables
            if any(f"{table}.{column}" in missing for column in OF_THE_SYNC.get(table, OF_A_LOAD))
        ),
    )


def _raise_for(client: JobClientBase, foreign: Iterable[str]) -> None:
    """Refuses tables and views that are not of this program.

    Raises:
        ConfigurationError: there are some.
    """
    names = sorted(foreign)
    if not names:
        return
    dataset = cast("DestinationClientDwhConfiguration", client.config).dataset_name
    one = len(names) == 1
    raise ConfigurationError(
        f"The dataset {dataset} of {of(client).display_location(client)} already has {', '.join(names)}, which "
        f"{'is' if one else 'are'} not of this program: a sync would write its own "
        f"{'table' if one else 'tables'} there. Nothing was changed. Rename {'it' if one else 'them'}, or use another "
        "--dataset."
    )
