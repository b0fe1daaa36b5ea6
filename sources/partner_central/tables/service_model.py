"""What an opportunity looks like: tables and columns, read from the service model that botocore ships.

A column is a path through the API's response, in snake_case, joined with one underscore, without the wrapper
names `Account` and `Address`. A list is a child table by the same rule. Types follow the shapes of the model;
the two that the model calls plain strings although they are not stand in `TYPES_THE_MODEL_LACKS`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import unescape
from typing import Literal, cast

from botocore.model import ListShape, OperationModel, ServiceModel, Shape, StructureShape

ColumnType = Literal["text", "bigint", "double", "bool", "decimal", "date", "timestamp"]
Path = tuple[str, ...]

WRAPPERS = frozenset({"Account", "Address"})
AMOUNT_PRECISION, AMOUNT_SCALE = 38, 2
DESCRIPTION_LENGTH = 1000
TYPES_THE_MODEL_LACKS: dict[Path, ColumnType] = {("Project", "ExpectedContractDuration", "Value"): "bigint"}
TYPE_OF_SHAPE_NAME: dict[str, ColumnType] = {"Date": "date", "Amount": "decimal"}
TYPE_OF_SHAPE_TYPE: dict[str, ColumnType] = {
    "string": "text",
    "timestamp": "timestamp",
    "integer": "bigint",
    "long": "bigint",
    "float": "double",
    "double": "double",
    "boolean": "bool",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: where its value stands in a record, its name, type and the service's own description."""

    path: Path
    name: str
    type: ColumnType
    description: str


@dataclass(frozen=True, slots=True)
class ChildTable:
    """A list inside a record. `plain` lists hold bare values, in the one column `value`."""

    path: Path
    name: str
    columns: tuple[Column, ...]
    plain: bool
    description: str


@dataclass(frozen=True, slots=True)
class RecordModel:
    """The known members of a record: `columns` of the root table (`id` first) and its child tables."""

    columns: tuple[Column, ...]
    children: tuple[ChildTable, ...]


def opportunity_model(service: ServiceModel) -> RecordModel:
    """Derive the tables of `ListOpportunities` from a loaded `partnercentral-selling` service model."""
    operation: OperationModel = service.operation_model("ListOpportunities")
    output = cast("StructureShape", operation.output_shape)
    summaries = cast("ListShape", output.members["OpportunitySummaries"])
    members = list(_members(summaries.member, ()))
    columns = sorted(
        (member for member in members if isinstance(member, Column)),
        key=lambda column: (column.path != ("Id",), len(column.path) > 1),
    )
    return RecordModel(tuple(columns), tuple(m for m in members if isinstance(m, ChildTable)))


def column_name(path: Iterable[str]) -> str:
    """Name the column or child table at `path`: `("Customer", "Account", "CompanyName")` is `customer_company_name`."""
    parts = [part for part in path if part not in WRAPPERS] or list(path)
    return "_".join(snake_case(part) for part in parts)


def snake_case(name: str) -> str:
    """`TargetCloseDate` to `target_close_date`, `AWSStage` to `aws_stage`; anything but letters and digits to `_`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z0-9]+", "_", name)
    return re.sub("_+", "_", spaced).strip("_").lower() or "unnamed"


def _members(shape: Shape, path: Path) -> Iterator[Column | ChildTable]:
    """Every leaf and list below `shape`, in the model's order."""
    if isinstance(shape, StructureShape):
        for name, member in shape.members.items():
            yield from _members(member, (*path, name))
    elif isinstance(shape, ListShape):
        yield _child_table(shape, path)
    else:
        yield _column(shape, path, path)


def _child_table(shape: ListShape, path: Path) -> ChildTable:
    description = _plain_text(shape.documentation)
    if isinstance(shape.member, StructureShape):
        found = [_column(member, (*path, name), (name,)) for name, member in shape.member.members.items()]
        return ChildTable(path, column_name(path), tuple(found), plain=False, description=description)
    value = Column((), "value", _type(shape.member, path), description)
    return ChildTable(path, column_name(path), (value,), plain=True, description=description)


def _column(shape: Shape, path: Path, named_by: Path) -> Column:
    return Column(named_by, column_name(named_by), _type(shape, path), _plain_text(shape.documentation))


def _type(shape: Shape, path: Path) -> ColumnType:
    known = TYPES_THE_MODEL_LACKS.get(path) or TYPE_OF_SHAPE_NAME.get(shape.name)
    return known or TYPE_OF_SHAPE_TYPE.get(shape.type_name, "text")


def _plain_text(documentation: str) -> str:
    text = unescape(re.sub(r"<[^>]+>", " ", documentation))
    text = re.sub(r"\s+([.,;:]|'s\b)", r"\1", " ".join(text.split()))
    return text if len(text) <= DESCRIPTION_LENGTH else text[: DESCRIPTION_LENGTH - 1].rstrip() + "…"
