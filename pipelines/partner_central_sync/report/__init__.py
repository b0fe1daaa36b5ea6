"""`report`: one page about the pipeline, in one file that loads nothing from anywhere.

`snapshot.py` queries the views, `last_report.py` keeps what the last report knew, and `page.py` puts the page together
from the sections.
"""

from __future__ import annotations

import os
import secrets
import shutil
from decimal import localcontext
from pathlib import Path

from partner_central.public import ConfigurationError

from ..destinations import of
from ..query.currency import EXACT
from ..query.read_only import open_read_only
from ..sync.private_folder import private_files
from ..sync.settings import Settings
from .last_report import ReportStates
from .page import page
from .snapshot import load_snapshot


def write_report(settings: Settings, out: Path) -> Path:
    """Writes the report to `out`, and remembers what it knew for the next one; returns its absolute path.

    Raises:
        ConfigurationError: data or views are missing, `out` cannot be a file, or the extra `report` is
            not installed.
        NotReadable: the destination cannot be read now.
    """
    out = out.absolute()
    if out.is_dir():
        raise ConfigurationError(f"The page needs the name of a file: {out} is a folder.")
    if not out.parent.is_dir():
        raise ConfigurationError(f"There is no folder {out.parent} to write the page to.")
    with open_read_only(settings) as client:
        marks = ReportStates(settings, of(client).display_location(client))
        snapshot = load_snapshot(client, settings.dataset_name, marks)
    with localcontext(EXACT):
        text = page(snapshot)
    unfinished = out.with_name(f".{out.name}.{secrets.token_hex(8)}")
    with private_files():
        number = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
        if out.exists():
            shutil.copymode(out, unfinished)  # who published the page may have let others read it
        unfinished.replace(out)
    finally:
        unfinished.unlink(missing_ok=True)
    marks.remember(snapshot.mark)
    return out
