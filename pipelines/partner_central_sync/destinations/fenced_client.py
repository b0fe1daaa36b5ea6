"""A destination of dlt whose client loads under a lease and merges with care, for every database with SQL."""

from __future__ import annotations

from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from dlt.common.destination import Destination
from dlt.common.destination.client import DestinationClientConfiguration, JobClientBase
from dlt.common.schema import Schema
from dlt.common.storages.configuration import WithLocalFiles
from dlt.destinations.job_client_impl import SqlJobClientBase, SqlJobClientWithStagingDataset

from .base import Adapter
from .data_errors import hide_values
from .lease import Lease, WithLease
from .merge import WithMerge
from .pipeline_state import WithPipelineState
from .staged_tables import WithStagedTables

if TYPE_CHECKING:
    Factory = Destination[DestinationClientConfiguration, JobClientBase]
else:
    Factory = object

OWN_PACKAGE = __name__.partition(".")[0]


class FencedFactory(Factory):
    """A factory of dlt, mixed in before the one of a destination.

    It belongs to one run. dlt makes some thirty clients in a run, and resolves the configuration for each. That takes
    longer than most of them work. Here it is resolved once, if credentials last for the run.

    Attributes:
        lease: what its clients load under; without one, as dlt does.
        adapter: what the destination is to this program.
    """

    lease: Lease | None = None
    adapter: Adapter

    @property
    def destination_type(self) -> str:
        """The type as dlt's own factory has it. It is part of the stored state, so it must outlive moves of modules."""
        own = str(super().destination_type)
        return f"dlt.destinations.{own.rpartition('.')[2]}" if own.startswith(f"{OWN_PACKAGE}.") else own

    @cached_property
    def _resolved(self) -> list[tuple[object, DestinationClientConfiguration]]:
        return []

    def configuration(
        self,
        initial_config: DestinationClientConfiguration,
        accept_partial: bool = False,  # noqa: FBT001, FBT002 - dlt's own
    ) -> DestinationClientConfiguration:
        """The resolved configuration; clients for one place share it, and a file that one of them has open.

        A relative path is one below the folder that the command runs in, not the one of the pipeline's first run.
        """
        local: Any = initial_config
        if isinstance(local, WithLocalFiles):
            local.local_dir, local.legacy_db_path = str(Path.cwd()), None
        if accept_partial or not self.adapter.has_lasting_credentials:
            return super().configuration(initial_config, accept_partial)
        arguments = dict(self.config_params), dict(initial_config or {})
        for key, resolved in self._resolved:
            if key == arguments:
                return resolved
        resolved = super().configuration(initial_config, accept_partial)
        self._resolved.append((arguments, resolved))
        return resolved

    @property
    def client_class(self) -> type[JobClientBase]:
        """The client dlt loads with."""
        made: type[JobClientBase] = super().client_class  # type: ignore[safe-super] # the factory has it
        return with_merge(made) if issubclass(made, SqlJobClientWithStagingDataset) else made

    def client(self, schema: Schema, initial_config: DestinationClientConfiguration | None = None) -> JobClientBase:
        """A client, with the lease."""
        client: Any = super().client(schema, initial_config)  # type: ignore[arg-type] # dlt's default is None
        client.adapter = self.adapter
        if self.lease is not None and isinstance(client, SqlJobClientBase):
            _hide_values_of(client, self.lease)
        if isinstance(client, WithLease):
            client.lease = self.lease
        return cast("JobClientBase", client)


def _hide_values_of(client: SqlJobClientBase, lease: Lease) -> None:
    """Takes values out of errors about data where a load meets them, before dlt writes them to its files and logs."""
    sql: Any = client.sql_client
    translate = sql._make_database_exception  # noqa: SLF001 - where all of dlt's clients translate an error

    def translate_without_values(error: Exception) -> Exception:
        if lease.is_taken:
            hide_values([error])
        return cast("Exception", translate(error))

    sql._make_database_exception = translate_without_values  # noqa: SLF001


@cache
def with_fencing(factory: type[Destination[Any, Any]]) -> type[Destination[Any, Any]]:
    """A destination's factory under its own name, by which dlt finds its configuration."""
    if issubclass(factory, FencedFactory):
        return factory
    own = {"__module__": factory.__module__, "__qualname__": factory.__qualname__, "__doc__": factory.__doc__}
    return cast("type[Destination[Any, Any]]", type(factory.__name__, (FencedFactory, factory), own))


@cache
def with_merge(client: type[SqlJobClientWithStagingDataset]) -> type[SqlJobClientWithStagingDataset]:
    """A database's client that merges with care."""
    own = {"__module__": client.__module__, "__qualname__": client.__qualname__, "__doc__": client.__doc__}
    return type(client.__name__, (WithMerge, WithPipelineState, client, WithStagedTables), own)
