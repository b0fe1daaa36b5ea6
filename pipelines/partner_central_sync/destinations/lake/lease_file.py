"""The lease in a lake: a small file in the dataset's folder, made and replaced only if it still is what was read.

No two machines' clocks are compared. A lease runs out when its file has not been renewed for a while. That is measured
by the store's clock alone: the file's time of writing is compared with that of another file, written for this.
"""

from __future__ import annotations

import json
import posixpath
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dlt.destinations.impl.filesystem.filesystem import FilesystemClient
from fsspec import AbstractFileSystem

from ..lease import LOST, TERM, Lease, LeaseHolder, LeaseLost, LeaseTaken
from ..whole_package import require_whole_package
from .conditional_file import Found, store

FOLDER = "_sync_lease"


@dataclass(frozen=True, slots=True)
class LeaseNote:
    """The lease as it was read.

    Attributes:
        fields: run_id, owner, host and how often it was renewed; taken_at, once it was; no run_id, if it is free.
        found: the file.
    """

    fields: dict[str, Any]
    found: Found

    @property
    def run_id(self) -> str | None:
        """The run that holds it, if any."""
        return self.fields.get("run_id")

    @property
    def since(self) -> datetime:
        """The time it was taken, by the store's clock."""
        return datetime.fromisoformat(self.fields["taken_at"]) if "taken_at" in self.fields else self.found.written_at

    @property
    def holder(self) -> LeaseHolder:
        """The run that holds it, as messages of other runs name it."""
        return LeaseHolder(str(self.fields.get("host", "just taken")), self.since, self.found.written_at + TERM)


class LakeLease:
    """A lease on what a dataset holds.

    Args:
        files: the lake.
        dataset: folder of the dataset, which is there.
        name: what of it the lease is for.
    """

    def __init__(self, files: AbstractFileSystem, dataset: str, name: str) -> None:
        self._store = store(files)
        self._folder = posixpath.join(dataset, FOLDER)
        self._path = posixpath.join(self._folder, f"{name}.json")

    def holder(self, owner: str) -> LeaseHolder | None:
        """The other owner that holds it, if it has not run out."""
        note = self._read()
        return note.holder if note and self._is_held(note, owner) else None

    def acquire(self, lease: Lease) -> None:
        """Takes it, or renews it.

        Raises:
            LeaseTaken: another owner holds it.
        """
        note = self._read()
        if note and note.run_id == lease.run_id:
            self.renew(lease)
        elif note and self._is_held(note, lease.owner):
            raise LeaseTaken(note.holder)
        else:
            self._write({"run_id": lease.run_id, "owner": lease.owner, "host": lease.host}, note)
        after = self._read()
        if after and after.run_id != lease.run_id:
            raise LeaseTaken(after.holder)

    def renew(self, lease: Lease) -> None:
        """Puts off its end, if this run still holds it."""
        note = self._read()
        if note and note.run_id == lease.run_id:
            self._write({**note.fields, "taken_at": note.since.isoformat()}, note)

    def release(self, lease: Lease) -> None:
        """Returns it back, if this run still holds it."""
        note = self._read()
        if note and note.run_id == lease.run_id:
            self._write({}, note)

    def check(self, lease: Lease) -> None:
        """Checks that this run still holds it.

        Raises:
            LeaseLost: it does not.
        """
        note = self._read()
        if note is None or note.run_id != lease.run_id:
            raise LeaseLost(LOST)

    def _is_held(self, note: LeaseNote, owner: str) -> bool:
        """Returns whether another owner holds it; a file of tomorrow comes from a clock that was set back."""
        if note.run_id is None or note.fields.get("owner") == owner:
            return False
        return abs(self._store.now(self._folder) - note.found.written_at) <= TERM

    def _read(self) -> LeaseNote | None:
        found = self._store.read(self._path)
        return None if found is None else LeaseNote(json.loads(found.content), found)

    def _write(self, fields: dict[str, Any], before: LeaseNote | None) -> None:
        """Writes it, unless somebody else did meanwhile; each time with another content."""
        renewals = before.fields["renewals"] + 1 if before else 0
        content = json.dumps({**fields, "renewals": renewals}).encode()
        self._store.write(self._path, content, before.found if before else None)


class WithLakeLease(FilesystemClient):
    """dlt's client for files, which loads under a lease.

    Attributes:
        lease: what it loads under; without one, as dlt does.
    """

    lease: Lease | None = None

    def complete_load(self, load_id: str) -> None:
        """Records that a package is loaded, under the lease: only then its cursor counts."""
        require_whole_package(self)
        self.fence()
        super().complete_load(load_id)

    def lease_holder(self, pipeline_name: str, owner: str) -> LeaseHolder | None:
        """The other owner that holds the lease of a pipeline, if it has not run out."""
        return self._lease_of(pipeline_name).holder(owner)

    def take_lease(self, lease: Lease) -> None:
        """Takes the lease, or renews it; nothing is staged here.

        Raises:
            LeaseTaken: another owner holds it.
        """
        self._lease_of(lease.pipeline_name).acquire(lease)

    def renew_lease(self, lease: Lease) -> None:
        """Puts off the end of a lease, if this run still holds it."""
        self._lease_of(lease.pipeline_name).renew(lease)

    def release_lease(self, lease: Lease) -> None:
        """Returns the lease back, if this run still holds it."""
        self._lease_of(lease.pipeline_name).release(lease)

    def drop_staging(self, place: str) -> None:
        """Nothing is staged in a lake."""

    def share_a_lease(self, pipeline_name: str, other: str) -> bool:
        """Returns whether the lease of one pipeline is that of another one, too."""
        return self._lease_name(pipeline_name) == self._lease_name(other)

    def fence(self) -> None:
        """Checks that this run still holds its lease, right before it writes.

        Raises:
            LeaseLost: it does not.
        """
        if self.lease is not None and self.lease.is_taken:
            self._lease_of(self.lease.pipeline_name).check(self.lease)

    def _lease_of(self, pipeline_name: str) -> LakeLease:
        return LakeLease(self.fs_client, self.dataset_path, self._lease_name(pipeline_name))

    def _lease_name(self, pipeline_name: str) -> str:  # noqa: ARG002 - not every lake has one for each pipeline
        """Returns what the lease of a pipeline is for: the dataset, whichever pipelines share it."""
        return self.dataset_name
