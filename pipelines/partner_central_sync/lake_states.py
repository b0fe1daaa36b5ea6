"""Which of the states in a lake is the pipeline's: the one that was written last, by its own count.

dlt takes the one of the newest load, and loads are named by the clock of the machine that ran: one whose clock is ahead
would hide all that others store after it. States have a counter, which rises with every change. It stands in the name
of the file, where dlt has the load: so the newest is found, by dlt as well, without a look into the files.

A folder that was copied under another name holds states of the pipeline that loaded the original. The newest of those
is taken, until this pipeline stores one of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, cast

from dlt.common.destination.client import StateInfo
from dlt.common.schema.typing import C_DLT_LOAD_ID
from dlt.common.storages.load_package import load_package_state
from dlt.common.versioned_state import compress_state, decompress_state
from dlt.destinations.impl.filesystem.filesystem import FilesystemClient
from dlt.pipeline.state_sync import generate_pipeline_state_version_hash

SOURCE = "partner_central"
OF_ACCOUNT = "__"  # between dataset and account in the name of a pipeline
COUNTED = "9"  # greater than any load id, which is the time in seconds
DIGITS = 11

Files = Iterable[tuple[str, list[str]]]  # path, and the parts of the name: pipeline, count or load, hash
Read = Callable[[list[str]], Mapping[str, bytes]]


def counted(version: int, load_id: str) -> str:
    """What stands in the name of a file for the load: a number that is the greater, the later the state."""
    return f"{COUNTED}{version:0{DIGITS}}.{load_id.replace('.', '')}"


def newest_state(files: Files, pipeline_name: str, read: Read) -> StateInfo | None:
    """The newest state of a pipeline; where it has none, of the one that loaded what this folder is a copy of."""
    listed = sorted(files, key=lambda file: file[1][1], reverse=True)
    own = [(path, place) for path, (name, place, _) in listed if name == pipeline_name]
    if own:
        path, place = own[0]
        if _is_counted(place):
            return _info(read([path])[path])
        return max(map(_info, read([path for path, _ in own]).values()), key=_age)
    account = pipeline_name.partition(OF_ACCOUNT)[1:]
    others = [path for path, (name, *_) in listed if name.partition(OF_ACCOUNT)[1:] == account]
    return _adopted(sorted(map(_info, read(others).values()), key=_age, reverse=True), pipeline_name)


def _is_counted(place: str) -> bool:
    return place.startswith(COUNTED) and len(place.partition(".")[0]) == len(COUNTED) + DIGITS


def _age(state: StateInfo) -> tuple[int, str]:
    return state.version, state._dlt_load_id or ""  # noqa: SLF001 - dlt names its columns so


def _info(text: bytes) -> StateInfo:
    document: dict[str, Any] = json.loads(text)
    if load_id := document.pop("dlt_load_id", None):
        document[C_DLT_LOAD_ID] = load_id
    return StateInfo(**document)


def _adopted(states: Iterable[StateInfo], pipeline_name: str) -> StateInfo | None:
    """The first state that has a cursor of this source, under the name of a pipeline."""
    for found in states:
        state = cast("Any", decompress_state(found.state))
        if SOURCE in state.get("sources", {}):
            state["pipeline_name"] = pipeline_name
            state["dataset_name"] = pipeline_name.partition(OF_ACCOUNT)[0]
            state["_version_hash"] = generate_pipeline_state_version_hash(state)
            return replace(found, pipeline_name=pipeline_name, state=compress_state(state))
    return None


class StatesOfLake(FilesystemClient):
    """dlt's client for files, which goes by the count of states and schemas."""

    def get_stored_state(self, pipeline_name: str) -> StateInfo | None:
        """The newest state of a pipeline; where it has none, of the one that loaded what this dataset is a copy of."""
        files = self._list_dlt_table_files(self.schema.state_table_name)
        return newest_state(files, pipeline_name, self._contents)

    def _contents(self, paths: list[str]) -> Mapping[str, bytes]:
        return {path: cast("bytes", self.fs_client.cat_file(path)) for path in paths}

    def _get_state_file_name(self, pipeline_name: str, version_hash: str, load_id: str) -> str:
        version = load_package_state()["state"]["pipeline_state"]["version"]
        return super()._get_state_file_name(pipeline_name, version_hash, counted(version, load_id))

    def _get_schema_file_name(self, version_hash: str, load_id: str) -> str:
        return super()._get_schema_file_name(version_hash, counted(self.schema.version, load_id))
