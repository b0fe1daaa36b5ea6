"""Columns that are personal although no model describes them, by how their names begin."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from .pii import LIST, personal_column
from .table import Path


@dataclass(frozen=True, slots=True)
class FurtherColumns:
    """Columns of a table, and lists below it, that are personal although no model describes them.

    Attributes:
        begin: how their names begin.
        known: how names begin that begin so too, and are classified member by member.
    """

    begin: str
    known: tuple[str, ...] = ()

    def __contains__(self, name: str) -> bool:
        return name.startswith(self.begin) and not name.startswith(self.known)


def further_columns(
    table: str, personal: Collection[str], wholly: Collection[str], unknown: Collection[str], names: Mapping[Path, str]
) -> dict[str, FurtherColumns]:
    """Returns these columns by the table that has them.

    Args:
        table: of the records.
        personal: paths of the personal members.
        wholly: paths of structures in which every member is personal.
        unknown: paths of structures in which a member is personal that no path of `personal` leads into.
        names: names of columns and lists that the naming rule does not give, by path.
    """
    found: dict[str, FurtherColumns] = {}
    for path in (*wholly, *unknown):
        *lists, begin = _begin(path, names)
        known = _known(path, personal, wholly, names) if path in unknown else ()
        found["__".join((table, *lists))] = FurtherColumns(begin, known)
    return found


def _begin(path: str, names: Mapping[Path, str]) -> list[str]:
    """Returns the lists that a structure is in, and how the names of its columns begin."""
    *lists, column = personal_column(f"{path}.x", names).split(".")
    return [*lists, column.removesuffix("x")]


def _known(path: str, personal: Collection[str], wholly: Collection[str], names: Mapping[Path, str]) -> tuple[str, ...]:
    """Returns how the names begin of the columns and lists of members that are classified one by one."""
    inside = f"{path}."
    members = {one.removeprefix(inside).partition(".")[0] for one in personal if one.startswith(inside)}
    members = {one for one in members if inside + one not in wholly}
    begins = {_begin(inside + one, names)[-1] for one in members}
    above = path.replace(LIST, "").split(".")
    for place, name in names.items():
        if [*place[: len(above)]] == above and place[len(above)] in members and not name.startswith(tuple(begins)):
            begins.add(name)
    return tuple(sorted(begins))
