"""Tables and columns as data: what a record's members become."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import NamedTuple

from .types import ColumnType

Path = tuple[str, ...]
MAX_NAME = 63  # PostgreSQL's; names are the same in every destination
DIGEST = 8
KEY_PATH: Path = ("\0",)  # of the column of a key that is made of several members: the path of no member


class Column(NamedTuple):
    """One column: where its value is in a record, its name, type and the service's own description."""

    path: Path
    name: str
    type: ColumnType
    description: str


class ChildTable(NamedTuple):
    """A list or a map inside a record.

    Attributes:
        path: where it is, from the record or from the entry of the list around it.
        name: its name below the table around it.
        columns: of its entries.
        plain: whether entries are bare values, in the one column `value`.
        description: the service's own.
        children: lists and maps inside its entries.
        is_map: whether it is a map: its entries have the columns `key`, and `value` or those of a structure.
    """

    path: Path
    name: str
    columns: tuple[Column, ...]
    plain: bool
    description: str
    children: tuple[ChildTable, ...] = ()
    is_map: bool = False


class RecordModel(NamedTuple):
    """The known members of a record: the columns of the root table, its key first, and its child tables."""

    columns: tuple[Column, ...]
    children: tuple[ChildTable, ...]


def column_name(path: Iterable[str], wrappers: frozenset[str] = frozenset({"Account", "Address"})) -> str:
    """Name the column or child table at `path`: `("Customer", "Account", "CompanyName")` is `customer_company_name`."""
    path = list(path)
    parts = [part for part in path if part not in wrappers] or path
    return "_".join(snake_case(part) for part in parts)


def snake_case(name: str) -> str:
    """`TargetCloseDate` to `target_close_date`, `AWSStage` to `aws_stage`; anything but letters and digits to `_`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z0-9]+", "_", name)
    return re.sub("_+", "_", spaced).strip("_").lower() or "unnamed"


def shorten(name: str, most: int = MAX_NAME) -> str:
    """A name of at most `most` characters: a longer one ends with a digest of itself, so that two stay two."""
    if len(name) <= most:
        return name
    digest = hashlib.blake2b(name.encode(), digest_size=DIGEST // 2).hexdigest()
    return "_".join(filter(None, (name[: max(0, most - DIGEST - 1)].rstrip("_"), digest)))
