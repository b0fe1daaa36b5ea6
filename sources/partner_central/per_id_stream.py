"""The stream that is read one id at a time, with the words that only such a stream needs. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from typing import NamedTuple

from .operation import Get
from .stream import HALF, Stream
from .tables.service_model import ModelRules
from .tables.table import column_name

DAY = timedelta(days=1)


class Parent(NamedTuple):
    """The stream whose ids are read, and the columns of its table that say in which order.

    Attributes:
        stream: the stream.
        modified: the date of the last change.
        created: the date that never changes.
        closed: a column, and its values in records that come last.
    """

    stream: Stream
    modified: str = "last_modified_date"
    created: str = "created_date"
    closed: tuple[str, tuple[str, ...]] | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class PerIdStream(Stream):
    """A stream that takes a call for each id: which ids are due is a question to the destination.

    A table of its own says of each id when it was read last, for which change of the parent, and what came of it.

    Attributes:
        operation: gives what belongs to one id.
        parent: whose ids are read.
        id_member: the member of a record that holds that id; a record without it is given it.
        refresh: how long what was read of a record that is open counts as fresh, though nothing says that it changed.
    """

    operation: Get
    parent: Parent
    id_member: str
    refresh: timedelta | None = DAY
    share_of_calls: float = HALF

    @property
    def record_shapes(self) -> tuple[tuple[str, str | None], ...]:
        """The operations that give records, each with the member of its answer that lists them, if it does."""
        return ((self.operation.name, self.operation.records or None),)

    @property
    def id_column(self) -> str:
        """The column of a record that holds the id it was read by."""
        return column_name([self.id_member])

    @property
    def reads_table(self) -> str:
        """The table that says what was read of each id."""
        return f"{self.singular}_reads"

    @property
    def tables(self) -> dict[str, str]:
        """The tables that it is loaded into, without lists, each with what it holds."""
        reads = f"What was read of each {self.parent.stream.noun}, and when."
        return {**super().tables, self.reads_table: reads}

    @cached_property
    def model_rules(self) -> ModelRules:
        """Returns what the service model does not say."""
        described: Mapping[str, str] = {self.id_member: f"Id of the {self.parent.stream.noun}."}
        return replace(super().model_rules, added=described)
