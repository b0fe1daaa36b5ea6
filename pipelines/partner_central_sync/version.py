"""The installed version of this program."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed


@cache
def version() -> str:
    """Returns the version of `partner-central-sync`, or `unknown` where it is not installed."""
    try:
        return installed("partner-central-sync")
    except PackageNotFoundError:
        return "unknown"
