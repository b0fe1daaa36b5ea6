"""The schemas of dlt's working folder, read from it again only where a file has changed."""

from __future__ import annotations

from pathlib import Path

from dlt.common.schema import Schema
from dlt.common.storages.configuration import SchemaStorageConfiguration
from dlt.common.storages.live_schema_storage import LiveSchemaStorage

Version = tuple[int, int, int]


class CachedSchemaStorage(LiveSchemaStorage):
    """dlt's storage of schemas, for a folder that one run has for itself.

    dlt reads and checks the schema for every client and every step, some thirty times in a run. Nobody else writes it
    meanwhile, and it is a tenth of the processor time of a small run.
    """

    def __init__(self, config: SchemaStorageConfiguration) -> None:
        super().__init__(config)
        self._versions: dict[str, Version] = {}

    def __getitem__(self, name: str) -> Schema:
        """The schema of that name, with what was changed since it was read."""
        version = self._version(name)
        if version is not None and name in self.live_schemas and self._versions.get(name) == version:
            return self.live_schemas[name]
        schema = super().__getitem__(name)
        if version is not None:
            self._versions[name] = version
        return schema

    def _version(self, name: str) -> Version | None:
        """Returns what changes when the file of a schema is written; None where there is no file."""
        try:
            found = Path(self.storage.make_full_path(self._file_name_in_store(name, "json"))).stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size
