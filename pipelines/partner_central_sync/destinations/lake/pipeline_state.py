"""Finds the state of a pipeline in a lake: the one that was written last, by its own count.

dlt takes the state of the newest load, and loads are named by the clock of the machine that ran. A machine whose clock
is ahead would hide all that others store after it. States have a counter, which rises with every change. It is in the
name of the file, where dlt has the load. So the newest is found, by dlt as well, without reading the files.

A folder that was copied under another name holds states of the pipeline that loaded the original. The newest of those
is taken, until this pipeline stores one of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, cast

from dlt.common.destination.client import StateInfo
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.common.pipeline import TPipelineState
from dlt.common.schema import Schema
from dlt.common.schema.typing import C_DLT_LOAD_ID
from dlt.common.storages.load_package import load_package_state
from dlt.common.time import precise_time
from dlt.common.versioned_state import compress_state, decompress_state
from dlt.destinations.impl.filesystem.filesystem import FilesystemClient
from dlt.pipeline.state_sync import generate_pipeline_state_version_hash, state_doc

from ..pipeline_state import OF_ACCOUNT, SOURCE, is_namesake, is_of_original

COUNTED = "9"  # greater than any load id, which is the time in seconds
DIGITS = 11

Files = Iterable[tuple[str, list[str]]]  # path, and the parts of the name: pipeline, count or load, hash
Read = Callable[[list[str]], Mapping[str, bytes]]


def sequence_name(version: int, load_id: str) -> str:
    """Returns the part of a file's name that dlt uses for the load: a number that rises with the state's version."""
    return f"{COUNTED}{version:0{DIGITS}}.{load_id.replace('.', '')}"


def newest_state(files: Files, pipeline_name: str, read: Read) -> StateInfo | None:
    """The newest state of a pipeline; where it has none, of the one that loaded what this folder is a copy of."""
    listed = sorted(files, key=lambda file: file[1][1], reverse=True)
    if own := own_states(listed, pipeline_name, read):
        return _info(read(own[:1])[own[0]])
    others = map(_info, read(_namesakes(listed, pipeline_name)).values())
    return _state_of_original(sorted(others, key=_age, reverse=True), pipeline_name)


def own_states(files: Files, pipeline_name: str, read: Read) -> list[str]:
    """The paths of a pipeline's states, the newest first."""
    own = [(place, path) for path, (name, place, _) in files if name == pipeline_name]
    paths = [path for _, path in sorted(own, reverse=True)]
    if own and not _is_counted(max(own)[0]):
        ages = {path: _age(_info(text)) for path, text in read(paths).items()}
        paths.sort(key=ages.__getitem__, reverse=True)
    return paths


def _namesakes(files: Files, pipeline_name: str) -> list[str]:
    """The paths of states for the same account, by another name."""
    return [path for path, (name, *_) in files if is_namesake(name, pipeline_name)]


def _is_counted(place: str) -> bool:
    return place.startswith(COUNTED) and len(place.partition(".")[0]) == len(COUNTED) + DIGITS


def _age(state: StateInfo) -> tuple[int, str]:
    return state.version, state._dlt_load_id or ""  # noqa: SLF001 - dlt names its columns so


def _info(text: bytes) -> StateInfo:
    document: dict[str, Any] = json.loads(text)
    if load_id := document.pop("dlt_load_id", None):
        document[C_DLT_LOAD_ID] = load_id
    return StateInfo(**document)


def _state_of_original(states: Iterable[StateInfo], pipeline_name: str) -> StateInfo | None:
    """The first state that has a cursor of this source, under the name of a pipeline."""
    for found in states:
        if is_of_original(found.pipeline_name, found.state, pipeline_name):
            state = cast("Any", decompress_state(found.state))
            state["pipeline_name"] = pipeline_name
            state["dataset_name"] = pipeline_name.partition(OF_ACCOUNT)[0]
            state["_version_hash"] = generate_pipeline_state_version_hash(state)
            return replace(found, pipeline_name=pipeline_name, state=compress_state(state))
    return None


def _load_of(path: str) -> str:
    """The load in the name of a file of loads."""
    return path.rpartition("__")[2]


class WithLakeState(FilesystemClient):
    """dlt's client for files, which goes by the count of states and schemas."""

    def get_stored_state(self, pipeline_name: str) -> StateInfo | None:
        """The newest state of a pipeline; where it has none, of the one that loaded what this dataset is a copy of."""
        files = self._list_dlt_table_files(self.schema.state_table_name)
        return newest_state(files, pipeline_name, self._contents)

    def get_newest_schema(self) -> Schema | None:
        """The schema of the newest complete load, which made all its tables; None if nothing was loaded."""
        try:
            loads = sorted(self.list_table_files(self.schema.loads_table_name), key=_load_of)
        except DestinationUndefinedEntity:
            return None
        for path in reversed(loads):
            load = json.loads(self.fs_client.cat_file(path))
            found = self.get_stored_schema_by_hash(load["schema_version_hash"])
            if load["schema_name"] == SOURCE and found:
                return Schema.from_stored_schema(json.loads(found.schema))
        return None

    def schema_names(self) -> set[str]:
        """The names of the schemas that sources have made tables by in this dataset, this source's and others'."""
        try:
            return {name for _, (name, *_) in self._iter_stored_schema_files()}
        except DestinationUndefinedEntity:
            return set()

    def pipeline_names(self) -> set[str]:
        """The pipelines that have loaded into this dataset."""
        try:
            return {name for _, (name, *_) in self._list_dlt_table_files(self.schema.state_table_name)}
        except DestinationUndefinedEntity:
            return set()

    def put_state(self, state: TPipelineState) -> None:
        """Stores a state of another pipeline."""
        load = sequence_name(state["_state_version"], str(precise_time()))
        hashed = self.schema.stored_version_hash
        path = super()._get_state_file_name(state["pipeline_name"], hashed, load)
        self._write_to_json_file(path, cast("Any", state_doc(state)))

    def _write_to_json_file(self, filepath: str, data: dict[str, Any]) -> None:
        """Writes a file, also into a folder that somebody deleted."""
        self.fs_client.makedirs(self.pathlib.dirname(filepath), exist_ok=True)
        super()._write_to_json_file(filepath, data)

    def drop_old_states(self, pipeline_name: str) -> int:
        """Deletes states that a pipeline's newest one replaces, the original's of a copy as well; returns how many."""
        files = list(self._list_dlt_table_files(self.schema.state_table_name))
        own = own_states(files, pipeline_name, self._contents)
        if not own:
            return 0
        namesakes = self._contents(_namesakes(files, pipeline_name))
        states = {path: _info(text) for path, text in namesakes.items()}
        others = [p for p, at in states.items() if is_of_original(at.pipeline_name, at.state, pipeline_name)]
        old = [*own[1:], *others]
        for path in old:
            self.fs_client.rm_file(path)
        return len(old)

    def _contents(self, paths: list[str]) -> Mapping[str, bytes]:
        return {path: cast("bytes", self.fs_client.cat_file(path)) for path in paths}

    def _get_state_file_name(self, pipeline_name: str, version_hash: str, load_id: str) -> str:
        version = load_package_state()["state"]["pipeline_state"]["version"]
        return super()._get_state_file_name(pipeline_name, version_hash, sequence_name(version, load_id))

    def _get_schema_file_name(self, version_hash: str, load_id: str) -> str:
        return super()._get_schema_file_name(version_hash, sequence_name(self.schema.version, load_id))
