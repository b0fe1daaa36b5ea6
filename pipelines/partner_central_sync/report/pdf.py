"""Prints the page to PDF, by a Chromium that is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from partner_central.public import ConfigurationError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
FLAGS = (
    *("--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--no-pdf-header-footer"),
)


def find_browser() -> str:
    """Returns the path of a browser that prints.

    Raises:
        ConfigurationError: none is installed.
    """
    for name in NAMES:
        if found := shutil.which(name):
            return found
    raise ConfigurationError(
        "No Chromium was found that could print the page: install chromium or Google Chrome, or write --format html "
        "and print that from a browser."
    )


def print_page(browser: str, html: str) -> bytes:
    """Returns the page as PDF.

    Raises:
        ConfigurationError: the browser made none.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        page, out = Path(folder, "page.html"), Path(folder, "page.pdf")
        page.write_text(html, encoding="utf-8", errors="replace")
        is_root = hasattr(os, "geteuid") and os.geteuid() == 0  # Chromium has no sandbox for root
        command = [browser, *FLAGS, *(["--no-sandbox"] if is_root else []), f"--user-data-dir={folder}/profile"]
        ran = subprocess.run(  # noqa: S603 - a browser found on the path, and a page of our own
            [*command, f"--print-to-pdf={out}", page.as_uri()], capture_output=True, text=True, check=False
        )
        if ran.returncode or not out.exists():
            last = (ran.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise ConfigurationError(f"{browser} could not print the page: {last}")
        return out.read_bytes()
