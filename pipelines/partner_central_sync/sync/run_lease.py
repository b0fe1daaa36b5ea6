"""The lease of a run, from its first load to its end, and the staging dataset that it has for itself.

What a run loads is made for the destination as it was when the run began to read. So once it holds the lease, the
destination must still be that; else somebody loaded meanwhile, and what was read is read again. Between the parts of a
run the destination is what its last part left.

The staging dataset is made for one run, and dropped in its end. An interrupted run finds it again by its name, which
the working folder keeps. A run that takes the lease of one that never came back drops it.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, cast

import dlt

from ..console.failures import AnotherRun
from ..destinations.errors import translate_open_errors
from ..destinations.fenced_client import FencedFactory
from ..destinations.lease import DestinationMoved, Lease, LeaseRenewal, LeaseTaken, WithLease
from ..destinations.lease_table import LeaseTable
from ..destinations.probe import state_hash

BASIS, STAGING = "partner_central_basis", "partner_central_staging"
FORMER = "partner_central_former_staging"
LAYOUT = "staging_dataset_name_layout"


def attach_lease(pipeline: dlt.Pipeline, lease: Lease) -> None:
    """Lets a pipeline load under a lease only, once that is taken."""
    cast("FencedFactory", pipeline.destination).lease = lease
    if token := _local(pipeline).get(STAGING):
        _stage_in(pipeline, token)


def record_basis(pipeline: dlt.Pipeline, state: str | None) -> None:
    """Records the state of the destination that the working folder is built on, by its hash."""
    pipeline.set_local_state_val(BASIS, state)


def basis(pipeline: dlt.Pipeline) -> str | None:
    """Returns the state of the destination that the working folder is built on, by its hash."""
    return cast("str | None", _local(pipeline).get(BASIS))


def take(pipeline: dlt.Pipeline) -> None:
    """Takes the lease, or renews it, and checks that the destination is what the run is based on.

    Raises:
        AnotherRun: another run holds the lease.
        DestinationMoved: it is not.
        NotWritable: the destination cannot be written now.
    """
    lease = _lease(pipeline)
    if lease is None:
        return
    resumed = not lease.is_taken and STAGING in _local(pipeline)
    if not resumed and not lease.is_taken:
        token = secrets.token_hex(4)
        pipeline.set_local_state_val(STAGING, token)
        _stage_in(pipeline, token)
    client = _client(pipeline)
    if client is None:
        return
    with translate_open_errors(), client:
        try:
            left = client.take_lease(lease)
        except LeaseTaken as taken:
            if not resumed and not lease.is_taken:  # nothing is staged there
                pipeline.set_local_state_val(STAGING, None)
            raise AnotherRun(active_run_message(pipeline.pipeline_name, str(taken))) from None
        lease.is_taken = True
        if left and left != lease.staging and _is_staging(left, pipeline):
            with suppress(Exception):  # it costs room, no more
                client.drop_staging(left)
        if (resumed and left != lease.staging) or state_hash(client, pipeline.pipeline_name) != _local(pipeline).get(
            BASIS
        ):
            raise DestinationMoved
    if lease.renewal is None and not cast("FencedFactory", pipeline.destination).adapter.is_one_file:
        lease.renewal = LeaseRenewal(_make_renewal(pipeline, lease))


@contextmanager
def hold_others(pipeline: dlt.Pipeline, names: Iterable[str]) -> Iterator[None]:
    """Holds the leases of other pipelines of the dataset as well, within; this run has its own.

    Raises:
        AnotherRun: another run holds one of them.
    """
    own, client = _lease(pipeline), _client(pipeline)
    taken: list[Lease] = []
    try:
        if own is not None and client is not None:
            with translate_open_errors(), client:
                for name in sorted(names):
                    if not client.share_a_lease(name, own.pipeline_name):
                        other = Lease(name, own.owner, own.run_id)
                        try:
                            other.staging = client.take_lease(other)  # given back with it: its own run drops it
                        except LeaseTaken as refused:
                            raise AnotherRun(active_run_message(name, str(refused))) from None
                        taken.append(other)
        yield
    finally:
        if taken:
            with suppress(Exception), client:
                for other in taken:
                    client.release_lease(other)


def is_held(pipeline: dlt.Pipeline) -> bool:
    """Returns whether this run has taken the lease, as one does that loads."""
    lease = _lease(pipeline)
    return lease is not None and lease.is_taken


def take_if_free(pipeline: dlt.Pipeline) -> bool:
    """Takes the lease, or renews it; False where another run is at work, or was meanwhile."""
    try:
        take(pipeline)
    except (AnotherRun, DestinationMoved):
        return False
    return True


def give_back(pipeline: dlt.Pipeline | None) -> None:
    """Ends the lease of a run, if it has one; without the destination it ends by itself."""
    lease = _lease(pipeline) if pipeline else None
    if pipeline is None or lease is None or not lease.is_taken:
        return
    if lease.renewal is not None:
        lease.renewal.stop()
        lease.renewal = None
    lease.is_taken = False
    with suppress(Exception):
        client: Any = pipeline.destination_client()
        with client:
            if lease.staging and not pipeline.has_pending_data:
                client.drop_staging(lease.staging)
                lease.staging = None
                pipeline.set_local_state_val(STAGING, None)
                _drop_former_staging(pipeline, client)
            client.release_lease(lease)


def _drop_former_staging(pipeline: dlt.Pipeline, client: Any) -> None:  # noqa: ANN401 - a LeaseTable
    """Drops the one staging dataset that all runs had before; not if it holds anything else than staged rows."""
    if _local(pipeline).get(FORMER):
        return
    _, separator, account = pipeline.pipeline_name.partition("__")
    name = f"{pipeline.dataset_name}_{account}_staging" if separator else f"{pipeline.dataset_name}_staging"
    schema = pipeline.default_schema
    if client.was_staged_in(name, {*schema.data_table_names(), *schema.dlt_table_names()}):
        client.drop_staging(name)
    pipeline.set_local_state_val(FORMER, "dropped")


def active_run_message(pipeline_name: str, holder: str) -> str:
    """Returns the message for a run that finds another one active."""
    return f"Another run of {pipeline_name} is active ({holder}). This one loaded nothing."


def _client(pipeline: dlt.Pipeline) -> Any:  # noqa: ANN401 - a client of dlt that is a Leasing too
    """The client that keeps the lease, for where its rows are staged; None where a destination has no leases."""
    client = pipeline.destination_client()
    if isinstance(client, LeaseTable) and client.lease is not None:
        client.lease.staging = client.sql_client.staging_dataset_name
    return client if isinstance(client, WithLease) else None


def _lease(pipeline: dlt.Pipeline) -> Lease | None:
    return cast("Lease | None", getattr(pipeline.destination, "lease", None))


def _stage_in(pipeline: dlt.Pipeline, token: str) -> None:
    if pipeline.destination is not None:
        pipeline.destination.config_params[LAYOUT] = f"%s_{token}_staging"


def _is_staging(name: str, pipeline: dlt.Pipeline) -> bool:
    """Returns whether a dataset has a name that only `take` gives."""
    return re.fullmatch(rf"{re.escape(pipeline.dataset_name)}_[0-9a-f]{{8}}_staging", name, re.IGNORECASE) is not None


def _make_renewal(pipeline: dlt.Pipeline, lease: Lease) -> Any:  # noqa: ANN401 - a function without arguments
    client: Any = pipeline.destination_client()

    def renew() -> None:
        with client:
            client.renew_lease(lease)

    return renew


def _local(pipeline: dlt.Pipeline) -> Mapping[str, Any]:
    return {
        name: value for name, value in cast("dict[str, Any]", pipeline.state["_local"]).items() if value is not None
    }
