"""The notes of a machine about the lists: when each was read, and what AWS refused.

It is kept in dlt's working folder. On another machine a list is read sooner. If it is as it was, nothing of it is
loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast

import dlt

from partner_central.public import PerIdStream, Stream

READ = "partner_central_lists"
REFUSED_FOR = timedelta(days=1)  # how long a refusal is remembered


class Note(NamedTuple):
    """A list as this machine remembers it, JSON-ready.

    Attributes:
        at: when it was read last, and loaded if it had changed.
        refused_at: when AWS refused it; None once it was read.
        why: the reason of that.
        is_behind: whether something changed since it was read, or it could not be read when it was due.
    """

    at: str | None = None
    refused_at: str | None = None
    why: str | None = None
    is_behind: bool = False

    def due_at(self, stream: Stream) -> datetime | None:
        """Returns when the list is to be read again; None for now."""
        refresh = None if isinstance(stream, PerIdStream) else stream.refresh  # of these, each id has its own
        read_at = None if self.is_behind else self.at
        for noted, lasts in ((self.refused_at, REFUSED_FOR), (read_at, refresh)):
            if noted and lasts is not None:
                return datetime.fromisoformat(noted) + lasts
        return None


def notes(pipeline: dlt.Pipeline) -> dict[str, Note]:
    """Returns what this machine remembers of each list, by its table; with filters, a space and their name follow."""
    found: Mapping[str, Any] = cast("dict[str, Any]", pipeline.state["_local"]).get(READ, {})
    return {table: Note(**noted) for table, noted in found.items()}


def is_refusal_remembered(pipeline: dlt.Pipeline, tables: Iterable[str]) -> bool:
    """Returns whether AWS refused one of these lists, as far as this machine remembers."""
    named = set(tables)
    return any(note.refused_at for name, note in notes(pipeline).items() if _table_of(name) in named)


def forget_refusals(pipeline: dlt.Pipeline, tables: Iterable[str]) -> None:
    """Forgets that AWS refused lists, and when they were read before that: the next run reads them."""
    permitted = set(tables)
    found = notes(pipeline)
    write(pipeline, {name: note for name, note in found.items() if not (_table_of(name) in permitted and note.why)})


def write(pipeline: dlt.Pipeline, noted: Mapping[str, Note]) -> None:
    """Remembers that of each list."""
    values = {table: {name: value for name, value in note._asdict().items() if value} for table, note in noted.items()}
    pipeline.set_local_state_val(READ, values)


def _table_of(name: str) -> str:
    return name.partition(" ")[0]
