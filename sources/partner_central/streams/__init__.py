"""The streams, in the order they are read."""

from __future__ import annotations

from ..stream import Stream
from .opportunities import OPPORTUNITIES

STREAMS: tuple[Stream, ...] = (OPPORTUNITIES,)
