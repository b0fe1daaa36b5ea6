"""Keeps what the last report knew, for the news of the next one, in a small file next to dlt's working folder."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from ..sync.settings import Settings
from ..sync.state_folder import prepare


@dataclass(frozen=True, slots=True)
class ReportState:
    """The newest timestamps that a report found in the data, ISO 8601, or None where there were none.

    Attributes:
        as_of: the newest change AWS had shown.
        seen: when a sync had last seen a version for the first time.
        gone: when the last opportunity was marked as gone.
    """

    as_of: str | None
    seen: str | None
    gone: str | None


class ReportStates:
    """The marks of the two newest reports on different data; a report on the same data again keeps its predecessor.

    Args:
        settings: whose reports they are.
        location: the database they are about, without secrets.
    """

    def __init__(self, settings: Settings, location: str) -> None:
        self._file: Path = prepare(settings) / f"{settings.dataset_name}.report"
        self._key = location

    def before(self, now: ReportState) -> ReportState | None:
        """The mark of the last report that knew less than `now`; None if there was none."""
        newest_last = [mark for mark in self._read() if mark != now]
        return newest_last[-1] if newest_last else None

    def remember(self, now: ReportState) -> None:
        """Records a report; where that cannot be written, the next one compares with an older one."""
        marks = [mark for mark in (self.before(now), now) if mark]
        with suppress(OSError):
            unfinished = self._file.with_suffix(".report.new")
            unfinished.write_text(json.dumps({**self._all(), self._key: [asdict(mark) for mark in marks]}))
            unfinished.replace(self._file)

    def _read(self) -> list[ReportState]:
        try:
            return [
                ReportState(**{name: _moment(entry[name]) for name in ReportState.__slots__})
                for entry in self._all()[self._key]
            ]
        except (KeyError, TypeError, ValueError):
            return []

    def _all(self) -> dict[str, list[dict[str, str | None]]]:
        try:
            content = json.loads(self._file.read_text())
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}


def _moment(text: str | None) -> str | None:
    """Returns the text, if it is a timestamp: it becomes part of a query."""
    return text and datetime.fromisoformat(text).isoformat()
