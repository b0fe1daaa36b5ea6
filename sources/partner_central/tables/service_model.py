"""Tables and columns of an operation's records, read from the service model that botocore ships.

A column is a path through the API's response, in snake_case, joined with one underscore, without wrapper names. A list
or a map is a child table by the same rule. Types follow the shapes of the model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import cast

from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

from .table import KEY_PATH, MAX_NAME, ChildTable, Column, Path, RecordModel, column_name, shorten
from .types import OF_SHAPE, OF_SHAPE_NAME, ColumnType

DESCRIPTION_LENGTH = 1000
MAP_KEY, MAP_VALUE = "Key", "Value"
ROOM_OF_A_LIST = 12  # characters of a table's name that are kept for each level of lists inside its entries


@dataclass(frozen=True, slots=True)
class ModelRules:
    """The facts that the service model does not have.

    Attributes:
        table: name of the root table.
        key: member that identifies a record; its column comes first.
        key_parts: members that identify a record together; the column of its key joins their values.
        types: types of members that the model calls plain strings although they are not.
        names: names of columns and child tables that the naming rule would make too long, by path.
        added: members that a record is given when it is read, each with a description; they are text.
    """

    table: str
    key: str = "Id"
    types: Mapping[Path, ColumnType] = field(default_factory=dict)
    names: Mapping[Path, str] = field(default_factory=dict)
    key_parts: tuple[str, ...] = ()
    added: Mapping[str, str] = field(default_factory=dict)


def record_model(service: ServiceModel, operation: str, records: str | None, rules: ModelRules) -> RecordModel:
    """Derive the tables of an operation from a loaded service model.

    Args:
        service: such as that of `partnercentral-selling`.
        operation: name of the operation.
        records: the member of its answer that is the list of records; None where the answer is one record.
        rules: what the model does not say.
    """
    output = cast("StructureShape", service.operation_model(operation).output_shape)
    record = cast("ListShape", output.members[records]).member if records else output
    columns, children = _Tables(rules).of(record, (), (), rules.table)
    known = {column.path for column in columns}
    for name, description in rules.added.items():
        if (name,) not in known:
            columns.append(Column((name,), column_name([name]), "text", description))
    if rules.key_parts:
        joined = ", joined with '/'" if len(rules.key_parts) > 1 else ""
        key = f"The key: {', '.join(rules.key_parts)}{joined}."
        columns.append(Column(KEY_PATH, column_name([rules.key]), "text", key))
    columns.sort(key=lambda column: (column.path not in {KEY_PATH, (rules.key,)}, len(column.path) > 1))
    return RecordModel(tuple(columns), tuple(children))


def joined_model(models: Iterable[RecordModel]) -> RecordModel:
    """Returns the tables of records that several operations give: all columns and lists of any of them."""
    first, *others = models
    columns, children = first.columns, first.children
    for other in others:
        columns, children = _joined_columns(columns, other.columns), _joined_children(children, other.children)
    return RecordModel(columns, children)


def _joined_columns(ours: tuple[Column, ...], theirs: tuple[Column, ...]) -> tuple[Column, ...]:
    known = {column.path for column in ours}
    return (*ours, *(column for column in theirs if column.path not in known))


def _joined_children(ours: tuple[ChildTable, ...], theirs: tuple[ChildTable, ...]) -> tuple[ChildTable, ...]:
    others = {child.path: child for child in theirs}
    both = tuple(_joined_child(child, others.pop(child.path, child)) for child in ours)
    return (*both, *others.values())


def _joined_child(ours: ChildTable, theirs: ChildTable) -> ChildTable:
    columns = _joined_columns(ours.columns, theirs.columns)
    return ours._replace(columns=columns, children=_joined_children(ours.children, theirs.children))


class _Tables:
    """Collects the columns and child tables of a shape."""

    def __init__(self, rules: ModelRules) -> None:
        self._rules = rules

    def of(self, shape: Shape, where: Path, path: Path, table: str) -> tuple[list[Column], list[ChildTable]]:
        """The columns and child tables of a structure.

        Args:
            shape: the structure.
            where: the path of the table from the record.
            path: the path of the structure within its table.
            table: the full name of the table.
        """
        columns: list[Column] = []
        children: list[ChildTable] = []
        for found in self._members(shape, where, path, table):
            if isinstance(found, Column):
                columns.append(found)
            else:
                children.append(found)
        return columns, children

    def _members(self, shape: Shape, where: Path, path: Path, table: str) -> Iterator[Column | ChildTable]:
        if isinstance(shape, StructureShape):
            for name, member in shape.members.items():
                yield from self._members(member, where, (*path, name), table)
        elif isinstance(shape, ListShape | MapShape):
            yield self._child(shape, where, path, table)
        else:
            yield self._column(shape, where, path)

    def _child(self, shape: ListShape | MapShape, where: Path, path: Path, table: str) -> ChildTable:
        here = (*where, *path)
        is_map = isinstance(shape, MapShape)
        entry: Shape = shape.value if isinstance(shape, MapShape) else shape.member
        most = MAX_NAME - len(table) - 2 - ROOM_OF_A_LIST * _levels(entry)
        name = self._rules.names.get(here) or shorten(column_name(path), most)
        key = [self._column(shape.key, here, (MAP_KEY,))] if isinstance(shape, MapShape) else []
        if isinstance(entry, StructureShape | ListShape | MapShape):
            below: Path = () if isinstance(entry, StructureShape) and not is_map else (MAP_VALUE,)
            columns, children = self.of(entry, here, below, f"{table}__{name}")
            return ChildTable(
                path,
                name,
                (*key, *columns),
                plain=False,
                description=_plain_text(shape.documentation),
                children=tuple(children),
                is_map=is_map,
            )
        value = Column(
            (MAP_VALUE,) if is_map else (), "value", self._type(entry, here), _plain_text(shape.documentation)
        )
        return ChildTable(path, name, (*key, value), not is_map, value.description, is_map=is_map)

    def _column(self, shape: Shape, where: Path, path: Path) -> Column:
        name = self._rules.names.get((*where, *path)) or shorten(column_name(path))
        return Column(path, name, self._type(shape, (*where, *path)), _plain_text(shape.documentation))

    def _type(self, shape: Shape, path: Path) -> ColumnType:
        known = self._rules.types.get(path) or OF_SHAPE_NAME.get(shape.name)
        return known or OF_SHAPE.get(shape.type_name, "text")


def _levels(shape: Shape, above: frozenset[str] = frozenset()) -> int:
    """Returns how many levels of lists and maps are inside a shape; one that holds itself ends there."""
    if shape.name in above:
        return 0
    above |= {shape.name}
    if isinstance(shape, StructureShape):
        return max((_levels(member, above) for member in shape.members.values()), default=0)
    if isinstance(shape, ListShape | MapShape):
        return 1 + _levels(shape.value if isinstance(shape, MapShape) else shape.member, above)
    return 0


def _plain_text(documentation: str) -> str:
    text = unescape(re.sub(r"<[^>]+>", " ", documentation))
    text = re.sub(r"\s+([.,;:]|'s\b)", r"\1", " ".join(text.split()))
    return text if len(text) <= DESCRIPTION_LENGTH else text[: DESCRIPTION_LENGTH - 1].rstrip() + "…"
