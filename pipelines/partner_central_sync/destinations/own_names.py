"""Refuses a dataset in which something of the user has the name of a table of this program.

A load would add columns to it, or rows. So what exists under these names is compared with the columns that such a table
has had in every release, before anything is changed. A table of another source of dlt has these columns as well. It is
told by the schemas that dlt stores, each with the name of its source.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import cast

from dlt.common.destination.client import DestinationClientDwhConfiguration, JobClientBase
from dlt.common.schema import Schema
from dlt.common.schema.typing import C_DLT_ID, TColumnSchema
from dlt.destinations.job_client_impl import SqlJobClientBase

from partner_central.public import SPINE, ConfigurationError, Stream, hint_rules, known_columns, stream_model

from . import of
from .lake.pipeline_state import WithLakeState
from .lease_table import TABLE as LEASE
from .own_tables import LISTINGS, RUNS, STREAM_RUNS
from .pipeline_state import SOURCE, WithPipelineState

OF_THE_SYNC: Mapping[str, frozenset[str]] = {
    RUNS: frozenset({"run_id", "started_at", "exit_code"}),
    STREAM_RUNS: frozenset({"run_id", "stream"}),
    LISTINGS: frozenset({"number", "verdict"}),
    LEASE: frozenset({"pipeline_name", "run_id", "owner", "expires_at"}),
}
OF_A_LOAD = frozenset({C_DLT_ID})


def refuse_foreign(client: JobClientBase, schema: Schema | None, chosen: Sequence[Stream]) -> None:
    """Refuses an open destination in which something else has the name of a table of this program.

    A destination is asked only where its schema lacks one of its tables, as before the first load. A name of a stream
    that is not chosen is the user's to take.

    Args:
        client: of the destination, whose dataset is there.
        schema: of the tables that were loaded into it; None if none was.
        chosen: the streams that runs load.

    Raises:
        ConfigurationError: something has; nothing was changed.
    """
    expected = dict.fromkeys((name for stream in chosen for name in stream.tables), OF_A_LOAD)
    if of(client).has_sql:  # a lake has no others
        expected |= OF_THE_SYNC
    if schema is not None and schema.tables.keys() >= {*SPINE.tables, *OF_THE_SYNC} - {LEASE}:
        return
    for stream in chosen:
        of_lists = known_columns(stream_model(stream), hint_rules(stream))
        expected |= dict.fromkeys((column.partition(".")[0] for column in of_lists), OF_A_LOAD)
    found = of(client).stored_columns(client, expected)
    foreign = {name for name, columns in found.items() if not columns >= expected[name]}
    _raise_for(client, foreign | of_other_sources(client, found.keys() - foreign))


def loaded_tables(client: JobClientBase, names: Iterable[str]) -> set[str]:
    """Returns those of these tables of streams that loads of this source made.

    Something of the user may have the name of another: the table of a stream that was never chosen.

    Args:
        client: of the open destination.
        names: of tables of streams, with or without a list.
    """
    return _of_loads(client, of(client).stored_columns(client, names))


def refuse_taken(client: SqlJobClientBase, stored: Mapping[str, Mapping[str, TColumnSchema]]) -> None:
    """Refuses what has the name of a table that a load would make, or the name of one that it would add columns to.

    Tables of lists that AWS adds have names which no release knew.

    Args:
        client: of the open destination, with the schema of the load.
        stored: the columns of what the destination has under the names of that schema's tables.

    Raises:
        ConfigurationError: it is not of this program; nothing was changed.
    """
    schema, exactly = client.schema, client.capabilities.generates_case_sensitive_identifiers()
    changed = [
        name
        for name in set(schema.data_table_names()) - OF_THE_SYNC.keys()
        if stored[name] and schema.get_new_table_columns(name, dict(stored[name]), case_sensitive=exactly)
    ]
    _refuse_others(client, changed)


def refuse_taken_folders(client: WithLakeState) -> None:
    """Refuses what is in the folder of a table that a load would make.

    Such as the table of a stream that is chosen later, or of a list that AWS adds.

    Args:
        client: of the open lake, with the schema of the load; the dataset's folder was listed before.

    Raises:
        ConfigurationError: it is not of this program; nothing was changed.
    """
    loaded = client.get_newest_schema()
    known = loaded.tables.keys() if loaded else set()
    _refuse_others(client, set(client.schema.data_table_names()) - OF_THE_SYNC.keys() - known)


def _refuse_others(client: JobClientBase, names: Collection[str]) -> None:
    """Refuses those of these tables that no load of this source made.

    Raises:
        ConfigurationError: there are some.
    """
    if not names:
        return
    found = of(client).stored_columns(client, names)
    _raise_for(client, found.keys() - _of_loads(client, found))


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


def _of_loads(client: JobClientBase, found: Mapping[str, Collection[str]]) -> set[str]:
    """Returns those of these tables, by their columns, that loads of this source made."""
    loaded = {name for name, columns in found.items() if {*columns} >= OF_A_LOAD}
    return loaded - of_other_sources(client, loaded)


def of_other_sources(client: JobClientBase, names: Collection[str]) -> set[str]:
    """Returns those of these tables that schemas of other sources have, and the schema of this one has not."""
    loaded = set(names) - OF_THE_SYNC.keys()
    if not loaded or not isinstance(client, WithPipelineState | WithLakeState):
        return set()
    if not (others := client.schema_names() - {SOURCE}):
        return set()
    own = client.get_newest_schema()
    if own is not None:
        loaded -= own.tables.keys()
    stored = (client.get_stored_schema(name) for name in sorted(others))
    return loaded & {table for found in stored if found for table in json.loads(found.schema)["tables"]}


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
