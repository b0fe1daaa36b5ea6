"""The destinations: `get` returns the adapter of one by its name, `of` that of a client.

A new destination is a module here with `ADAPTERS`, and a line in `MODULES`. One that differs in nothing needs neither:
any destination that dlt knows can be used. `merge.py` and `lease*.py` are what all databases share, `lake/` what Delta
and Iceberg tables do instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING

from .base import Adapter

if TYPE_CHECKING:
    from dlt.common.destination.client import JobClientBase

MODULES = {
    "duckdb": "duckdb",
    "postgres": "postgres",
    "snowflake": "snowflake",
    "bigquery": "bigquery",
    "clickhouse": "clickhouse",
    "filesystem": "filesystem",
    "motherduck": "generic",
    "redshift": "generic",
    "databricks": "generic",
}
_registered: dict[str, Adapter] = {}


def get(name: str) -> Adapter:
    """Returns the adapter of a destination; one without its own is adapted like every database with SQL."""
    if name not in _registered and name in MODULES:
        for adapter in import_module(f".{MODULES[name]}", __name__).ADAPTERS:
            _registered.setdefault(adapter.name, adapter)
    return _registered.get(name) or Adapter(name)


def register(adapter: Adapter) -> None:
    """Adds the adapter of a destination that is not in `MODULES`."""
    _registered[adapter.name] = adapter


def unregister(name: str) -> None:
    """Removes an adapter that was registered."""
    _registered.pop(name, None)


def names() -> tuple[str, ...]:
    """Returns the names of the destinations that have an adapter; this imports none of them."""
    return tuple(dict.fromkeys([*MODULES, *_registered]))


def all_adapters() -> Iterator[Adapter]:
    """Yields every adapter, for errors and packages that do not name their destination."""
    yield from map(get, names())


def of(client: JobClientBase) -> Adapter:
    """Returns the adapter of the destination that a client is for."""
    own = getattr(client, "adapter", None)
    return own if isinstance(own, Adapter) else get(str(client.config.destination_type).rpartition(".")[2])
