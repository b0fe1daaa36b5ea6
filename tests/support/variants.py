"""Which of a test's parameters `make test` tries, which `make test-long`, and which `make test-all` alone."""

from __future__ import annotations

from typing import Any

import pytest


def at_length(*values: Any, id: str | None = None) -> Any:  # noqa: A002 - as pytest.param
    """Parameters that `make test-long` tries: the same on another destination, or with another fault."""
    return pytest.param(*values, id=id, marks=pytest.mark.long)


def rarely(*values: Any, id: str | None = None) -> Any:  # noqa: A002 - as pytest.param
    """Parameters that only `make test-all` tries: others tell nearly as much, and a sync takes its time."""
    return pytest.param(*values, id=id, marks=pytest.mark.slow)
