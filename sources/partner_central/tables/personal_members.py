"""Changes the personal members of a record.

What is not known to be stored as it is counts as personal, with all it holds. So a member that AWS adds, to a person or
anywhere else, is not in clear before somebody has looked at it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from .service_model import MAP_VALUE
from .table import Path, column_name

LIST = "[]"  # after the name of a list or a map of structures, in the path of a member
KEPT = "\0"  # in place of the column: the member is stored as it is
OTHERS = ""  # in place of a member: all that are not named, under the path of their structure
NO_NAMES: Mapping[Path, str] = MappingProxyType({})

Tree = dict[str, Any]
Change = Callable[[object, str], object]


class PersonalMembers:
    """The personal members of one kind of record.

    Args:
        personal: their paths, with dots, and `[]` after a list of structures.
        kept: paths of members that are stored as they are; those of them that are personal as well, too.
        names: names of columns and lists that the naming rule does not give, by path.
    """

    def __init__(self, personal: Iterable[str], kept: Iterable[str], names: Mapping[Path, str]) -> None:
        self._names = names
        self._tree: Tree = {}
        for path in personal:
            *structures, member = _parts(path)
            _structure(self._tree, structures)[member] = personal_column(path, names)
        for path in kept:
            *structures, member = _parts(path)
            _structure(self._tree, structures)[member] = KEPT
        _mark_others(self._tree, "")

    def changed(self, record: dict[str, Any], change: Change, change_others: Change) -> dict[str, Any]:
        """Returns a copy of a record whose personal members are changed.

        Args:
            record: as AWS sends it.
            change: gives what is stored instead of a value in a column.
            change_others: the same for a member that nobody classified.
        """
        return self._changed(record, self._tree, change, change_others)

    def _changed(self, structure: dict[str, Any], tree: Tree, change: Change, change_others: Change) -> dict[str, Any]:
        """Returns a copy of a structure, whose members at the ends of the tree are changed."""
        copy = dict(structure)
        for member, value in structure.items():
            below = tree.get(member)
            if value is None:
                continue
            if below is None or member == OTHERS:
                path = f"{tree[OTHERS]}.{member}".removeprefix(".")
                copy[member] = change_others(value, personal_column(path, self._names))
            elif isinstance(below, str):
                copy[member] = value if below == KEPT else change(value, below)
            elif isinstance(value, dict) and LIST in below:
                copy[member] = {
                    key: self._changed({MAP_VALUE: one}, below[LIST], change, change_others)[MAP_VALUE]
                    for key, one in value.items()
                }
            elif isinstance(value, dict):
                copy[member] = self._changed(value, below, change, change_others)
            elif isinstance(value, list) and LIST in below:
                copy[member] = [
                    self._changed(one, below[LIST], change, change_others) if isinstance(one, dict) else one
                    for one in value
                ]
        return copy


def personal_column(path: str, names: Mapping[Path, str] = NO_NAMES) -> str:
    """Returns the column of a personal member, after the list that it is in: `project_expected_customer_spend.amount`.

    Args:
        path: with dots, and `[]` after a list of structures.
        names: names that the naming rule does not give, by path.
    """
    here: Path = ()
    found = []
    for part in path.split(f"{LIST}."):
        members = part.split(".")
        here = (*here, *members)
        found.append(names.get(here) or column_name(members))
    return ".".join(found)


def _parts(path: str) -> list[str]:
    return path.replace(LIST, f".{LIST}").split(".")


def _structure(tree: Tree, parts: Iterable[str]) -> Tree:
    """The part of a tree that is about a structure; it is made if it is missing."""
    for name in parts:
        tree = tree.setdefault(name, {})
    return tree


def _mark_others(tree: Tree, path: str) -> None:
    """Notes of a structure, and of those in it, that members count as personal that are not named."""
    for member, below in tree.items():
        if isinstance(below, dict):
            _mark_others(below, f"{path}{LIST}" if member == LIST else f"{path}.{member}")
    if LIST not in tree:
        tree[OTHERS] = path
