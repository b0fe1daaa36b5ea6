"""The step of a sync that compares the views of the destination with the files, and warns.

It is taken after a load, with a new working folder, with another release, and as long as something is left to do. A run
that loads nothing after one that left nothing to do reads some small files only. A first load that takes long
makes them behind its first rows already.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any, cast

import dlt
from dlt.destinations.job_client_impl import SqlJobClientBase

from partner_central.public import ACCOUNT, SPINE, plain_names_in

from ..console.exit_codes import INTERRUPTIONS
from ..console.failures import causes_of, exit_code_and_message
from ..console.output import Console
from ..destinations.errors import first_line
from ..destinations.fenced_client import FencedFactory
from ..destinations.pipeline_state import state_of_source
from ..destinations.split_columns import apparent_split_columns
from .files import texts
from .keeping import Kept, are_as_in_the_files, create_views, types_of
from .shared_files import REWRITING_VERSION
from .translation import TRANSLATION_VERSION

CREATED = "partner_central_views"


def keep_views(pipeline: dlt.Pipeline, console: Console, loaded: object) -> None:
    """Creates and replaces views where they differ from the files; warns of every one that it has to leave.

    A failure is a warning; the next run tries again.

    Args:
        pipeline: of the destination.
        console: for warnings.
        loaded: the state of the destination after its last load.
    """
    tables = _tables(pipeline)
    split = _split_columns(pipeline, tables)
    basis = _basis(pipeline, [*sorted(tables), *split, loaded])
    if cast("dict[str, Any]", pipeline.state["_local"]).get(CREATED) == basis:
        return
    client = pipeline.destination_client()
    if not isinstance(client, SqlJobClientBase):
        return
    try:
        kept = _compare(pipeline, client, tables, split)
    except Exception as error:
        if exit_code_and_message(error)[0] in INTERRUPTIONS:
            raise
        *_, cause = causes_of(error)
        console.warn(
            f"All rows are loaded, but the views could not be compared with the files: {first_line(cause)} "
            "The next run tries again."
        )
        return
    for sentence in warnings(kept, pipeline.dataset_name):
        console.warn(sentence)
    if not (kept.taken or kept.left_out or kept.failed) and kept.missing.isdisjoint(tables):
        pipeline.set_local_state_val(CREATED, basis)


def begin_views(pipeline: dlt.Pipeline) -> None:
    """Makes the views while the first load of a working folder continues, so that they answer from the first rows on.

    Meanwhile pages are read ahead. What cannot be made is left to `keep_views`, which says why.
    """
    client = pipeline.destination_client()
    if CREATED in pipeline.state["_local"] or not isinstance(client, SqlJobClientBase):
        return
    tables = _tables(pipeline)
    try:
        _compare(pipeline, client, tables, _split_columns(pipeline, tables))
    except Exception as error:
        if exit_code_and_message(error)[0] in INTERRUPTIONS:
            raise


def _compare(
    pipeline: dlt.Pipeline, client: SqlJobClientBase, tables: Mapping[str, Any], split: Collection[str]
) -> Kept:
    """Compares the views with the files, and makes what differs."""
    shared = ACCOUNT in tables.get(SPINE.table, {}).get("columns", {})
    with client:
        done = not split and are_as_in_the_files(client, tables, shared=shared)
        return Kept() if done else create_views(client, _plain_names(pipeline))


def warnings(kept: Kept, dataset: str) -> Iterator[str]:
    """Yields what a user has to know about views that are not as they should be."""
    if kept.taken:
        names = ", ".join(f"{name} (a {kind})" for name, kind in sorted(kept.taken.items()))
        left_out = f" Views that read them were not made: {_names(kept.left_out)}." if kept.left_out else ""
        yield (
            f"These names of views are taken in {dataset}, by what this program did not make, or somebody changed: "
            f"{names}. It was left as it is.{left_out} Rename it, and the next run makes the view."
        )
    if kept.failed:
        reasons = "; ".join(f"{name} ({reason})" for name, reason in sorted(kept.failed.items()))
        yield f"All rows are loaded, but views of {dataset} are not up to date: {reasons}. The next run tries again."


def _names(names: Collection[str]) -> str:
    return ", ".join(sorted(names))


def _basis(pipeline: dlt.Pipeline, found: list[object]) -> str:
    """Returns a hash of all that decides whether views have to be compared."""
    destination = cast("FencedFactory", pipeline.destination)
    dialect = destination.adapter.dialect(destination.capabilities())
    decides = [TRANSLATION_VERSION, REWRITING_VERSION, dialect, dict(texts()), found]
    return hashlib.sha256(json.dumps(decides).encode()).hexdigest()


def _plain_names(pipeline: dlt.Pipeline) -> set[str]:
    """Returns the names of columns that are not a second column of a member, whatever they are called."""
    return plain_names_in(state_of_source(pipeline.state) or {})


def _split_columns(pipeline: dlt.Pipeline, tables: Mapping[str, Any]) -> list[str]:
    """Returns the columns that are a second one of a member, by a changed type."""
    types = {name: types_of(table["columns"]) for name, table in tables.items()}
    return list(apparent_split_columns(types, _plain_names(pipeline)))


def _tables(pipeline: dlt.Pipeline) -> dict[str, Any]:
    """Returns the tables of dlt's schema, which the destination has as well, unless somebody dropped them."""
    schema = pipeline.default_schema if pipeline.default_schema_name else None
    return {str(table["name"]): table for table in schema.data_tables()} if schema else {}
