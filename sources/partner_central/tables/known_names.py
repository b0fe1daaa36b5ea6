"""Columns whose members are classified, as personal or not; what another column holds is personal, too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .personal_members import personal_column
from .table import Path


def known_names(table: str, classified: Iterable[str], names: Mapping[Path, str]) -> dict[str, frozenset[str]]:
    """Returns the columns and lists whose members are classified, by the table that has them.

    Args:
        table: of the records.
        classified: paths of the members.
        names: names of columns and lists that the naming rule does not give, by path.
    """
    found: dict[str, set[str]] = {}
    for path in classified:
        here = table
        for name in personal_column(path, names).split("."):
            found.setdefault(here, set()).add(name)
            here = f"{here}__{name}"
    return {here: frozenset(columns) for here, columns in found.items()}
