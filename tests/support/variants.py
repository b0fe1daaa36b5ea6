"""Which of a test's parameters every run of the tests tries, and which `make test-all` alone."""

from __future__ import annotations

from typing import Any

import pytest


def rarely(*values: Any, id: str | None = None) -> Any:  # noqa: A002 - as pytest.param
    """Parameters that only `make test-all` tries: others tell nearly as much, and a sync takes its time."""
    return pytest.param(*values, id=id, marks=pytest.mark.slow)
