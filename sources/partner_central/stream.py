"""The words a stream is written in: which operation lists its records, and how they are read. Data only.

The class of a stream is the way it is read: `IncrementalStream` from a cursor, `WholeListStream` of `list_stream.py`
whole when due.

A stream is one file under `streams/`. What it says is used by `read/`, `tables/` and `resources/`, which know no
stream by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import NamedTuple

from .operation import Filter, List
from .tables.history import HistoryRules
from .tables.known_names import known_names
from .tables.personal_members import LIST, personal_column
from .tables.pii import FIRST_FORM, FORM, PiiPolicy
from .tables.record import Members
from .tables.rows import TableNames
from .tables.service_model import ModelRules
from .tables.table import Path, column_name
from .tables.types import ColumnType

HOUR = timedelta(hours=1)
HALF = 0.5


class ByKey(NamedTuple):
    """Lists records by their key, within bounds of the date that never changes.

    Attributes:
        sort_by: sort key that is the key of a record.
        until: structure and member of the request that bound the date from above.
    """

    sort_by: str = "Identifier"
    until: Path = ("CreatedDate", "BeforeCreatedDate")


class Backfill(NamedTuple):
    """Splits a long listing into partitions that are read in parallel.

    Attributes:
        since: structure and member of the request that bound the date that never changes.
        sample_by: sort key that has little to do with dates.
        spread_by: path of a member by which samples are spread.
        by_key: how many records of one second are listed by two readers; None if one reader lists them.
    """

    since: Path = ("CreatedDate", "AfterCreatedDate")
    sample_by: str = "CustomerCompanyName"
    spread_by: Path = ("Customer", "Account", "CompanyName")
    by_key: ByKey | None = ByKey()


@dataclass(frozen=True, slots=True)
class Incremental:
    """Newest change first, from the cursor of the last run; what is long in partitions.

    Attributes:
        since: structure and member of the request that bound the date of the last change.
        backfill: how a long listing is split.
        lookback: how far below the cursor a run reads at least again.
        whole_every: how long after everything was read everything is read again, since records change without a date;
            None for never.
    """

    since: Path = ("LastModifiedDate", "AfterLastModifiedDate")
    backfill: Backfill = field(default_factory=Backfill)
    lookback: timedelta = timedelta()
    whole_every: timedelta | None = None


MODIFIED_COLUMN = "last_modified_date"


@dataclass(frozen=True, eq=False, kw_only=True)  # one object each
class Stream:
    """One kind of record: where it is read, and what its tables hold.

    Attributes:
        table: the table of records.
        singular: what a record is called; tables and keys are named by it.
        operation: the operation that lists records.
        members: the members by which records are found and ordered.
        modified_column: the date of the last change, where its table has one: an older row replaces no newer one.
        types: types of members that the service model lacks, by path.
        names: names of columns and lists that the naming rule would make too long, by path.
        personal: paths of personal members, with dots, and `[]` after a list of structures.
        personal_at_first: those of them that the first release masked; its datasets continue with these until `forget`.
        not_personal: members that look personal and are stored as they are, with the reason. Every member that the
            service model calls sensitive is in `personal` or here.
        plain: all other members. What is named nowhere here counts as personal, with all it holds. So a member that AWS
            adds is not in clear before somebody has looked at it.
        share_of_calls: the share of a day's calls, 0 to 1, after which it is not read; the rest is kept for others.
        refresh: how long what was read counts as fresh; None if every run reads it.
        required: whether a run has failed when AWS refuses it.
        child_key: the column of child tables that holds the key of the record, where its name is not the singular's.
        history: what a version is made of; None for a stream without a table of versions.
    """

    table: str
    singular: str
    operation: List
    members: Members = field(default_factory=Members)
    modified_column: str = MODIFIED_COLUMN
    types: Mapping[Path, ColumnType] = field(default_factory=dict)
    names: Mapping[Path, str] = field(default_factory=dict)
    personal: tuple[str, ...] = ()
    personal_at_first: tuple[str, ...] = ()
    not_personal: Mapping[str, str] = field(default_factory=dict)
    plain: tuple[str, ...] = ()
    share_of_calls: float = 1.0
    refresh: timedelta | None = None
    required: bool = False
    child_key: str = ""
    history: HistoryRules | None = None

    def __post_init__(self) -> None:
        if not self.child_key:
            object.__setattr__(self, "child_key", f"{self.singular}_id")

    @property
    def operations(self) -> tuple[str, ...]:
        """The names of all operations that it may be read by: what a policy has to allow."""
        return (self.operation.name,)

    @property
    def record_shapes(self) -> tuple[tuple[str, str | None], ...]:
        """The operations that give records, each with the member of its answer that lists them, if it does."""
        return ((self.operation.name, self.operation.records),)

    @property
    def history_table(self) -> str:
        """The table of versions, where there is one."""
        return f"{self.singular}_history"

    @property
    def presence_table(self) -> str:
        """The table that says which records are listed, where there is one."""
        return f"{self.singular}_presence"

    @property
    def rejected_table(self) -> str:
        """The table of records that could not become rows."""
        return f"{self.table}_rejected"

    @property
    def key_column(self) -> str:
        """The column that holds the key of the record in its own table."""
        return column_name([self.members.key])

    @property
    def noun(self) -> str:
        """Returns what a record is called in descriptions and messages."""
        return self.singular.replace("_", " ")

    @property
    def tables(self) -> dict[str, str]:
        """The tables that it is loaded into, without lists, each with what it holds."""
        versions = {self.history_table: f"Every version of each {self.noun} that a run has seen."}
        return {
            self.table: f"A row for each {self.noun}, as last seen.",
            self.rejected_table: "Records that could not become rows, with the reason.",
            **(versions if self.history else {}),
        }

    @cached_property
    def table_names(self) -> TableNames:
        """The names of the tables that have the columns of a record."""
        return TableNames(self.table, self.history_table if self.history else None, self.child_key)

    @cached_property
    def model_rules(self) -> ModelRules:
        """Returns what the service model does not say."""
        return ModelRules(self.table, self.members.key, self.types, self.names, self.members.key_parts)

    @cached_property
    def personal_columns(self) -> frozenset[str]:
        """The columns of personal members, without those in lists."""
        return frozenset(personal_column(path, self.names) for path in self.personal if LIST not in path)

    def pii_policy(self, mode: str, key: str | None, form: int = FORM) -> PiiPolicy:
        """Returns what a mode does to the personal data of the stream; parameters as of `PiiPolicy`."""
        later = {*self.personal}.difference(self.personal_at_first) if form == FIRST_FORM else ()
        return PiiPolicy(
            mode,
            key,
            self.personal,
            form,
            names=self.names,
            kept=(*self._kept, *later),
        )

    @cached_property
    def classified_columns(self) -> Mapping[str, frozenset[str]]:
        """The columns and lists of known members, by the table that has them; any other column is personal."""
        return known_names(self.table, (*self.personal, *self._kept), self.names)

    @property
    def _kept(self) -> tuple[str, ...]:
        """The members that are stored as they are."""
        return (*self.not_personal, *self.plain)

    @cached_property
    def personal_in_lists(self) -> Mapping[str, frozenset[str]]:
        """The columns of personal members in lists, by the name of the child table."""
        found: dict[str, frozenset[str]] = {}
        for path in self.personal:
            if LIST in path:
                *lists, column = personal_column(path, self.names).split(".")
                table = "__".join((self.table, *lists))
                found[table] = found.get(table, frozenset()) | {column}
        return found


@dataclass(frozen=True, eq=False, kw_only=True)
class IncrementalStream(Stream):
    """A stream that is read from a cursor.

    One with versions has a table that says which records are listed, too. In one without, each row says when it was
    last listed.

    Attributes:
        read: where the cursor is, and how what is long is split.
        filters: what a user may set.
    """

    read: Incremental
    filters: tuple[Filter, ...] = ()

    @property
    def key_filter(self) -> Filter:
        """The filter that selects records by their ids."""
        return next(one for one in self.filters if not one.can_change)

    @property
    def tables(self) -> dict[str, str]:
        """The tables that it is loaded into, without lists, each with what it holds."""
        listed = {self.presence_table: f"Whether each {self.noun} is still listed."}
        return {**super().tables, **(listed if self.history else {})}
