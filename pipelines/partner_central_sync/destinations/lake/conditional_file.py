"""A small file in a lake that is written only if it is still what was read, as well as the store can do that."""

from __future__ import annotations

import os
import posixpath
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, cast

from filelock import FileLock
from fsspec import AbstractFileSystem
from fsspec.implementations.local import LocalFileSystem

CHANGED = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"})


@dataclass(frozen=True, slots=True)
class Found:
    """A file as it was read.

    Attributes:
        content: what it holds.
        written_at: when it was last written, by the store's clock.
        tag: what the store calls this content.
    """

    content: bytes
    written_at: datetime
    tag: str = ""


class Store(Protocol):
    """Files of a lake, as far as a lease needs them."""

    def read(self, path: str) -> Found | None:
        """Reads a file, if it is there."""
        ...

    def write(self, path: str, content: bytes, before: Found | None) -> bool:
        """Writes a file, if it still is what was read, or still is not there; returns whether it was written."""
        ...

    def now(self, folder: str) -> datetime:
        """Returns the time by the store's clock."""
        ...


def store(files: AbstractFileSystem) -> Store:
    """Returns the store of dlt's file system."""
    if isinstance(files, LocalFileSystem):
        return Disk(files)
    return S3(files) if "s3" in files.protocol else Bucket(files)


class Bucket:
    """Any store: what is there is looked at right before it is written."""

    def __init__(self, files: AbstractFileSystem) -> None:
        self._files = files

    def read(self, path: str) -> Found | None:
        """Reads a file, if it is there."""
        self._files.invalidate_cache(posixpath.dirname(path))
        try:  # the tag first: so content that is newer than the tag is not written over
            written_at, tag = self._metadata(path)
            return Found(cast("bytes", self._files.cat_file(path)), written_at, tag)
        except FileNotFoundError:
            return None

    def write(self, path: str, content: bytes, before: Found | None) -> bool:
        """Writes a file, if it still is what was read, or still is not there; returns whether it was written."""
        if before is None:
            return self._create(path, content)
        now = self.read(path)
        if now is None or now.content != before.content:
            return False
        return self._replace(path, content, before)

    def now(self, folder: str) -> datetime:
        """Returns the time by the store's clock, of a file that is written for this."""
        self._files.makedirs(folder, exist_ok=True)
        path = posixpath.join(folder, f"now-{secrets.token_hex(8)}")
        self._files.pipe_file(path, b"?")
        try:
            return cast("datetime", self._files.modified(path))
        finally:
            with suppress(FileNotFoundError):
                self._files.rm_file(path)

    def _metadata(self, path: str) -> tuple[datetime, str]:
        """Returns when a file was written, and the store's tag of its content, if it has one."""
        return self._files.modified(path), ""

    def _create(self, path: str, content: bytes) -> bool:
        try:
            self._files.pipe_file(path, content, mode="create")
        except FileExistsError:
            return False
        return True

    def _replace(self, path: str, content: bytes, before: Found) -> bool:  # noqa: ARG002 - see above
        self._files.pipe_file(path, content)
        return True


class S3(Bucket):
    """S3, which writes on condition itself (`If-None-Match`, `If-Match`)."""

    def _metadata(self, path: str) -> tuple[datetime, str]:
        info = self._files.info(path)
        return info["LastModified"], str(info["ETag"])

    def _create(self, path: str, content: bytes) -> bool:
        return self._put(path, content, IfNoneMatch="*")

    def _replace(self, path: str, content: bytes, before: Found) -> bool:
        return self._put(path, content, IfMatch=before.tag)

    def _put(self, path: str, content: bytes, **condition: str) -> bool:
        try:
            self._files.pipe_file(path, content, **condition)
        except OSError as error:
            if _code(error) not in CHANGED:
                raise
            return False
        return True


class Disk(Bucket):
    """A disk, where a lock that the system keeps orders those who write."""

    def write(self, path: str, content: bytes, before: Found | None) -> bool:
        """Writes a file, if it still is what was read, or still is not there; returns whether it was written."""
        file = Path(path)
        file.parent.mkdir(exist_ok=True)
        with FileLock(file.with_suffix(".lock")):
            now = self.read(path)
            if (now and now.content) != (before and before.content):
                return False
            beside = file.with_suffix(f".{os.getpid()}")
            beside.write_bytes(content)
            beside.replace(file)
            return True


def _code(error: OSError) -> str:
    """Returns S3's name of an error."""
    response = getattr(error.__cause__, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))
