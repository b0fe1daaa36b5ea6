"""Compares the views of an open destination with the files, and replaces what differs.

A view is replaced only if this program made it. It shows by the mark, or by a query that is exactly the one that this
release makes: a view of an earlier release, which has no mark. Everything else of that name is left as it is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass, field

from dlt.common.schema.typing import TTableSchemaColumns
from dlt.destinations.exceptions import DatabaseException
from dlt.destinations.job_client_impl import SqlJobClientBase

from partner_central.public import ACCOUNT, SPINE

from ..destinations.errors import first_line
from ..destinations.own_names import loaded_tables
from ..destinations.split_columns import Types, join_columns
from ..destinations.views import store_of
from ..destinations.views.store import NotReplaced, Stored, View, ViewStore
from .absent_tables import empty_queries, mentioned, of_streams, words_of
from .files import head_of, tables_read, texts, view_texts
from .shared_files import shared_texts, shared_view_texts
from .translation import TRANSLATION_VERSION, columns_of, names_read, translate
from .user_tables import USER_TABLES, make_missing


@dataclass(slots=True)
class Kept:
    """The result of a comparison.

    Attributes:
        made: the views that were created or replaced.
        missing: the tables that are not there; views that read them, or read such a view, are left out.
        taken: what has the name of a view and was not made by this program: its kind, by name.
        left_out: the views that are not as they have to be, because they read one whose name is taken.
        failed: why a view could not be made or replaced, by name.
    """

    made: set[str] = field(default_factory=set)
    missing: frozenset[str] = frozenset()
    taken: dict[str, str] = field(default_factory=dict)
    left_out: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        """Returns whether every view is there as it has to be."""
        return not (self.missing or self.taken or self.left_out or self.failed)


def create_views(client: SqlJobClientBase, plain: Collection[str] = ()) -> Kept:
    """Creates the views that an open destination lacks, and replaces the ones that differ from the files.

    Each view is created or replaced by itself, so that one that cannot be replaced holds no other back.

    Args:
        client: the destination's.
        plain: names of columns that are not a second column of a member, whatever they are called.

    Returns:
        What was done, and what is left to do.

    Raises:
        Exception: the destination's own, when it cannot be read.
    """
    store = store_of(client)
    tables = dict(client.get_storage_tables(sorted(tables_read())))
    optional = of_streams(tables)
    usable = make_missing(client, tables) | loaded_tables(client, optional)
    usable |= {table for table in tables.keys() - USER_TABLES.keys() - optional if tables[table]}
    missing = frozenset(tables.keys() - usable)
    shared = ACCOUNT in types_of(tables[SPINE.table])
    empty = empty_queries(missing, shared=shared)
    kept = Kept(missing=missing - empty.keys())
    joins = {table: text for table in usable if (text := join_columns(table, types_of(tables[table]), plain))}
    joins |= empty
    stored = store.stored(_decisive(shared=shared))
    own = _own_views(store, stored, joins, kept, shared=shared)
    new = own.keys() - stored.keys()
    for name, view in own.items():
        there = stored.get(name)
        reads_other = not view.reads.isdisjoint(new)  # in PostgreSQL, a view that was renamed still has its readers
        if name not in kept.made and (there is None or there.fingerprint != view.fingerprint or reads_other):
            _put(store, view, there, own, kept)
    return kept


def are_as_in_the_files(client: SqlJobClientBase, tables: Container[str], *, shared: bool = False) -> bool:
    """Returns whether an open destination has every view as the files have it, for tables without split columns.

    It takes a query, or two for a shared dataset, and parses nothing.

    Args:
        client: the destination's.
        tables: the names of the tables that are there; in a shared dataset, there can be more.
        shared: whether several accounts share the dataset.
    """
    decisive = _decisive(shared=shared)
    found = store_of(client).stored(decisive)
    absent = {name for name in words_of(texts().values()) if name not in tables and name not in USER_TABLES}
    if shared:  # other accounts may have loaded other streams
        asked = empty_queries(absent)
        absent = asked.keys() - loaded_tables(client, asked)
    empty = empty_queries(absent, shared=shared)
    return all(
        name in found and found[name].fingerprint == fingerprint(text, mentioned(text, empty))
        for name, text in decisive.items()
    )


def fingerprint(text: str, joins: Mapping[str, str]) -> str:
    """Returns a hash of all that decides what a view is.

    Args:
        text: its SQL in the file, with the head and, in a shared dataset, how it is rewritten.
        joins: the queries that it reads in the place of tables.
    """
    decides = [TRANSLATION_VERSION, text, sorted(joins.items())]
    return hashlib.sha256(json.dumps(decides).encode()).hexdigest()[:16]


def types_of(columns: TTableSchemaColumns) -> Types:
    """Returns the types of columns, by name in lower case."""
    return {name.lower(): str(column.get("data_type")) for name, column in columns.items()}


def _decisive(*, shared: bool) -> Mapping[str, str]:
    """By name, the text of each view that its fingerprint is made of."""
    return shared_texts() if shared else texts()


def _own_views(
    store: ViewStore, stored: Mapping[str, Stored], joins: Mapping[str, str], kept: Kept, *, shared: bool
) -> dict[str, View]:
    """Returns the views that may be made, each after the ones that it reads; notes in `kept` which may not."""
    own: dict[str, View] = {}
    without_tables, blocked = set(kept.missing), set[str]()
    decisive = _decisive(shared=shared)
    for name, text in (shared_view_texts() if shared else view_texts()).items():
        reads, there = names_read(text), stored.get(name)
        if reads & without_tables:
            without_tables.add(name)
            continue
        joined = {table: query for table, query in joins.items() if table in reads}
        view = _view(store, name, text, joined, fingerprint(decisive[name], joined))
        if reads & blocked:
            if there is None or there.fingerprint != view.fingerprint:
                kept.left_out.add(name)
                blocked.add(name)
        elif there is None or (there.is_view and _is_own(store, view, there)):
            own[name] = view
        else:
            kept.taken[name] = there.kind
            blocked.add(name)
    return own


def _is_own(store: ViewStore, view: View, there: Stored) -> bool:
    """Returns whether this program made a view that is there."""
    try:
        return bool(there.fingerprint) or store.makes(view, there)
    except DatabaseException:  # no query of this program was stored that reads what is not there
        return False


def _view(store: ViewStore, name: str, text: str, joins: Mapping[str, str], fingerprint: str) -> View:
    head = head_of(text)
    columns = {column: head.columns.get(column, "") for column in columns_of(text)}
    return View(name, translate(text, store.client, joins), fingerprint, head.comment(), columns, names_read(text))


def _put(store: ViewStore, view: View, there: Stored | None, own: Mapping[str, View], kept: Kept) -> None:
    """Creates or replaces a view; notes what was made, or why it was not."""
    try:
        kept.made |= store.put(view, there, own)
    except NotReplaced as reason:
        kept.failed[view.name] = str(reason)
    except DatabaseException as error:
        if not _was_made_meanwhile(store, view):
            kept.failed[view.name] = first_line(error)


def _was_made_meanwhile(store: ViewStore, view: View) -> bool:
    """Returns whether another run made the same view."""
    found = store.stored([view.name]).get(view.name)
    return found is not None and found.fingerprint == view.fingerprint
