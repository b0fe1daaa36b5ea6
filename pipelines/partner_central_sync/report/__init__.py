"""`report`: one page about the pipeline, in one file that loads nothing from anywhere.

`figures.py` defines what is on it, and `snapshot.py` queries the rows. `evaluate.py` counts them and `draw.py` draws
the page as it is written. The programs in `app` do the same in the browser, for what a filter leaves.
"""

from __future__ import annotations

import gc
import logging
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import localcontext
from pathlib import Path
from typing import Literal

from partner_central.public import ConfigurationError

from ..query.currency import EXACT
from ..query.read_only import open_read_only
from ..sync.private_folder import private_files
from ..sync.settings import Settings
from .last_report import move_mark
from .page import Page
from .pdf import find_browser, print_page
from .snapshot import load_snapshot

log = logging.getLogger("partner_central.report")
NOT_MARKED = (
    "The destination was not told of this report, so that --since last begins where an earlier one ended: {}. The "
    "report is complete."
)
LINK = "partner_central.report.opportunity_url"
TEMPLATE = re.compile(r"https?://[^\s{}]+(\{id\})[^\s{}]*")


def write_report(
    settings: Settings,
    out: Path,
    since: date | Literal["last"] | None = None,
    form: Literal["html", "pdf"] = "html",
    warn: Callable[[str], None] = log.warning,
) -> Path:
    """Writes the report to `out`; returns its absolute path.

    The destination is given the mark of it, from which `last` begins.

    Args:
        settings: whose data it is about.
        out: the file.
        since: the day from which on changes are new, or `last` for where the last report ended; by default seven days
            before the newest change.
        form: `html`, or `pdf` where a Chromium is installed.
        warn: takes a sentence, if the destination could not be given the mark.

    Raises:
        ConfigurationError: data or views are missing, `out` cannot be a file, the link in the settings is none, or
            nothing can print.
        NotReadable: the destination cannot be read now.
    """
    out = out.absolute()
    if out.is_dir():
        raise ConfigurationError(f"The page needs the name of a file: {out} is a folder.")
    if not out.parent.is_dir():
        raise ConfigurationError(f"There is no folder {out.parent} to write the page to.")
    link = configured_link()
    browser = find_browser() if form == "pdf" else None
    with localcontext(EXACT), no_collection():
        with open_read_only(settings) as client:
            snapshot = load_snapshot(client, settings.dataset_name, settings.account, since)
        html = Page(snapshot, link, datetime.now(UTC)).render()
    _write(out, print_page(browser, html) if browser else html.encode("utf-8", "replace"))
    if reason := move_mark(settings, snapshot.as_of):
        warn(NOT_MARKED.format(reason))
    return out


@contextmanager
def no_collection() -> Iterator[None]:
    """Has Python look for no cycles meanwhile: there are none in rows, and with millions of them it takes long."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def configured_link() -> str | None:
    """Returns the address of an opportunity in Partner Central, with `{id}` for its identifier; None without one.

    Raises:
        ConfigurationError: the setting is not such an address.
    """
    import dlt

    link = dlt.config.get(LINK, str)
    if link is not None and not TEMPLATE.fullmatch(link):
        raise ConfigurationError(
            f"{LINK} must be an address with {{id}} where the identifier belongs, such as "
            f"https://example.com/opportunities/{{id}}, not {link!r}."
        )
    return link


def _write(out: Path, content: bytes) -> None:
    unfinished = out.with_name(f".{out.name}.{secrets.token_hex(8)}")
    with private_files():
        number = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
        if out.exists():
            shutil.copymode(out, unfinished)  # who published the page may have let others read it
        unfinished.replace(out)
    finally:
        unfinished.unlink(missing_ok=True)
