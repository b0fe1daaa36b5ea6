"""The sections in the order of the page and of a run: what matters most is measured first."""

from __future__ import annotations

from typing import Final

import accounts
import costs
import events
import growth
import pages
import parts
import quiet
import search
import speeds
from section import Section

SECTIONS: Final[dict[str, Section]] = {
    "speeds": speeds.SECTION,
    "costs": costs.SECTION,
    "parts": parts.SECTION,
    "quiet": quiet.SECTION,
    "search": search.SECTION,
    "accounts": accounts.SECTION,
    "growth": growth.SECTION,
    "report": pages.SECTION,
    "events": events.SECTION,
}
QUICK: Final = ("quiet", "costs", "speeds")
