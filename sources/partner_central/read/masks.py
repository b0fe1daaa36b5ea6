"""The state of masks: the form that a dataset has, and names of filters that do not tell their values."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping, Sequence
from typing import Any

from ..operation import Filter
from ..tables.pii import FIRST_FORM, FORM
from .filters import without_values


def form_of_masks(state: MutableMapping[str, Any], *, keeps: bool) -> int:
    """Returns the form in which a dataset masks personal data, and notes it in the state of one that has no masks.

    Args:
        state: the whole state.
        keeps: whether this run stores personal data in clear.
    """
    if "masks" not in state and (keeps or not state.get("cursors")):
        state["masks"] = FORM
    form: int = state.get("masks", FIRST_FORM)
    return form


def rename_filter_set(state: MutableMapping[str, Any], former: Iterable[str], name: str) -> None:
    """Gives the cursor of a set of filters its present name."""
    cursors = state.get("cursors", {})
    for one in sorted({*former} & cursors.keys() - {name}):
        cursors.setdefault(name, cursors.pop(one))


def forget_masks(state: MutableMapping[str, Any], filters: Sequence[Filter]) -> bool:
    """Notes that all masks are of the present form, and drops cursors whose names tell values of filters.

    Returns:
        Whether the state changed.
    """
    cursors = state.get("cursors", {})
    told = [name for name in cursors if without_values(name, filters) != name]
    for name in told:
        del cursors[name]
    changed = bool(told) or state.get("masks") != FORM
    state["masks"] = FORM
    return changed
