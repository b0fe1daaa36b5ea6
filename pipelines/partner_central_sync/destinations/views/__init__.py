"""The views of each destination: how one is made, is known again, and keeps its grants when it is replaced.

`store.py` serves every database with SQL. The other modules have what a destination does otherwise. An adapter names
its store; it is imported when views are compared.

This program knows its own views by a mark with a fingerprint. The mark is in the view's comment, in every destination
that has a module here. In any other database it is a text in the query itself, which each of them shows.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from .. import of

if TYPE_CHECKING:
    from dlt.destinations.job_client_impl import SqlJobClientBase

    from .store import ViewStore


def store_of(client: SqlJobClientBase) -> ViewStore:
    """Returns the views of an open destination."""
    module, _, name = of(client).view_store.partition(".")
    return cast("ViewStore", getattr(import_module(f".{module}", __name__), name)(client))
