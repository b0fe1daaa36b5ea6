"""The connection of a stream: its session, its model, a client that counts, and a maker of rows."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

import dlt
from dlt.common import logger
from dlt.common.normalizers.naming import NamingConvention
from dlt.common.pipeline import get_dlt_pipelines_dir

from ..api.account_identity import identity_of
from ..api.client import PartnerCentral
from ..api.connection import connect, open_session
from ..api.model_extras import SERVICE
from ..api.quota import Quota, account_of
from ..options import Options
from ..read.load import ChunkedLoad
from ..read.state import assigned_names, check_account
from ..stream import Stream
from ..tables.rows import RowMaker
from ..tables.stored_columns import StoredColumns, active_pipeline
from .columns import stream_model


class StreamConnection:
    """Connects when the first rows of a stream are wanted; what is wrong with the session is told before."""

    def __init__(self, stream: Stream, options: Options, load: ChunkedLoad) -> None:
        self._stream, self._options, self._load = stream, options, load
        self._session = open_session(options.credentials, options.role_arn, options.external_id)
        service = self._session.get_service_model(SERVICE)
        self._model = stream_model(stream, service)

    def client(self, state: MutableMapping[str, Any]) -> PartnerCentral:
        """Returns the client, for the account that `state` is of.

        Raises:
            ConfigurationError: the credentials are another account's.
        """
        options, load = self._options, self._load
        boto = connect(self._session, endpoint_url=options.endpoint_url, read_timeout=options.read_timeout)
        identity = identity_of(self._session, boto, options.catalog)
        check_account(state, identity, self._stream.table, accept=options.accept_account)
        account = account_of(self._session, boto.meta.endpoint_url)
        folder = load.calls_folder or _folder()
        return PartnerCentral(
            lambda: boto,
            lambda _: Quota.shared(account, folder, options.calls_per_second, options.calls_per_day),
            attempts=options.attempts,
            max_calls=options.max_calls,
            metrics=load.metrics,
            share_of_calls=self._stream.share_of_calls,
        )

    def row_maker(self, state: Mapping[str, Any], naming: NamingConvention | None = None) -> RowMaker:
        """Returns what makes rows; the load knows it, for the columns of tables.

        Args:
            state: of the stream.
            naming: what dlt makes of names; by default that of the source which is extracted.
        """
        stream = self._stream
        stored = StoredColumns.in_destination(naming or dlt.current.source_schema().naming)
        names, account = assigned_names(state), self._options.account
        made = RowMaker(self._model, stream.table_names, stream.members, names, account, stored, self._leave_out)
        self._load.stream(stream.table).row_maker = made
        return made

    def _leave_out(self, member: str) -> None:
        """Notes that a member is not stored; who runs the source without counting it reads that in dlt's log."""
        load, table = self._load, self._stream.table
        if load.metrics.record_left_out(table, member) and load.on_failure is None:
            logger.warning(f"{table}: pii = {self._options.pii} leaves out {member}, which this release does not know.")


def _folder() -> Path:
    """Returns where dlt keeps the working folders of pipelines; the calls of the day are counted in a file there."""
    pipeline = active_pipeline()
    return Path(pipeline.pipelines_dir if pipeline else get_dlt_pipelines_dir())
