"""Deep merging of wire JSON."""

from __future__ import annotations

from typing import Any, Final


class _Absent:
    """The mark of a member that is to be missing."""

    def __repr__(self) -> str:
        return "ABSENT"

    def __reduce__(self) -> str:
        return "ABSENT"  # a copy has to be the same object


ABSENT: Final = _Absent()


def merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Returns a copy of `base` with `over` laid upon it: structures merge, all else replaces, ABSENT deletes."""
    result = dict(base)
    for name, value in over.items():
        if value is ABSENT:
            result.pop(name, None)
        elif isinstance(value, dict):
            below = result.get(name)
            result[name] = merged(below if isinstance(below, dict) else {}, value)
        else:
            result[name] = value
    return result
