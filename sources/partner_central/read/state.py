"""The state that is kept between runs, in the destination. Only this file and two others know its layout.

These are `filter_sets.py` and `masks.py`.

    {"version": ..., "catalog": ..., "account": ...,
     "cursors": {set of filters: {"watermark", "seen", "backfill", "rejected", "unconfirmed", "answered", "looked",
                                    "whole", "read_whole_at", "filters"}},
     "members": names of members the model does not know,
     "listing": {"begun": n, "complete": {"number", "order", "at", "windows"}},
     "order": read_order of the newest version, "undated": true,
     "mending": tables that were lost, while nothing has been read again,
     "left_out": tables that a dlt user did not select,
     "masks": form of the masks; without it the first one, which was before forms had numbers}

Full listings and versions are numbered. Clocks of machines are not compared. A state that an earlier release wrote is
migrated when it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, MutableMapping
from typing import Any

from ..errors import ConfigurationError
from .changes import Cursor, OtherFilterSets
from .checkpoint import Checkpoint
from .list_state import LEFT_OUT
from .state_parts import FullListing, RejectedRange, StoredCounters
from .timestamps import from_text, to_text

VERSION = 1
WHOLE, READ_WHOLE_AT = "whole", "read_whole_at"
CHECKPOINT_BEFORE_1: dict[str, Any] = {  # what checkpoints lacked at first
    "asked": {"pii": "keep"},
    "token": None,
    "number": None,
    "order": 0,
    "at": None,
    "in_chain": False,
    "settling": None,
    "counts": {},
    "seen": {},
}
OF_AN_ACCOUNT = ("cursors", "undated")  # what was found out about another one does not hold
OTHER_ACCOUNT = (
    "The {0} in this dataset are of another AWS account, or endpoint, than these credentials. Nothing was "
    "loaded. Check AWS_PROFILE, the access key or role_arn. If the account did change, run sync --accept-account once, "
    "which reads everything again; another account's {0} belong into a --dataset of their own. An access key "
    "that begins with AKIAI or AKIAJ does not tell its account: when it was replaced, --accept-account is right too."
)


class State:
    """The state of one set of filters, and what all of them share.

    Args:
        stored: the whole state, as the last run left it.
        filter_set: the name of the filters.
        stored_counters: returns the numbers that the tables hold already; asked for before one is given.

    Attributes:
        is_new: whether no run came to its end before.
        cursors: the state of every set of filters, as it was stored.
        cursor: how far the last complete run came.
        elsewhere: what other sets of filters remember of records.
        checkpoint: a reading that was interrupted.
        unconfirmed: a listing of everything that the next increment may confirm.
        answered: what a full load was asked for that has ended, while the increment behind it has not.
        looked: whether the increment that gave the cursor found nothing new, in the runs that it took.
        rejected: what a later version of this program is to try again.
        whole: whether everything is to be read, wherever a first load is said to begin: tables were lost.
        read_whole_at: when the last reading of everything began, by the service's clock; only of streams without
            versions, whose rows carry it.
        begun: number of the newest listing of everything that was begun.
        complete: the newest one that was read to its end.
        order: read_order of the newest version handed on.
        undated: whether a record without CreatedDate is known.
    """

    def __init__(
        self, stored: Mapping[str, Any], filter_set: str, stored_counters: Callable[[], StoredCounters] = StoredCounters
    ) -> None:
        self._stored = stored = migrate(stored)
        self._filter_set = filter_set
        self.is_new = not stored.get("cursors")
        self._stored_counters: Callable[[], StoredCounters] | None = stored_counters
        self.cursors: Mapping[str, Any] = (cursors := stored.get("cursors", {}))
        own = cursors.get(filter_set, {})
        self.elsewhere = OtherFilterSets({name: cursors[name] for name in cursors if name != filter_set})
        listing = stored.get("listing", {})
        checkpoint, rejected, complete = own.get("backfill"), own.get("rejected"), listing.get("complete")
        self.cursor = Cursor.load(own)
        self.checkpoint = Checkpoint.load(checkpoint) if checkpoint else None
        unconfirmed = own.get("unconfirmed")
        self.unconfirmed = FullListing.load(unconfirmed) if unconfirmed else None
        self.answered: dict[str, str | None] | None = own.get("answered")
        self.looked: bool = own.get("looked", False)
        self.whole: bool = own.get(WHOLE, False)
        self.read_whole_at = from_text(own.get(READ_WHOLE_AT))
        self.rejected = RejectedRange.load(rejected) if rejected else None
        self.begun: int = listing.get("begun", 0)
        self.complete = FullListing.load(complete) if complete else None
        self.order: int = stored.get("order", 0)
        self.undated: bool = stored.get("undated", False)

    def next_order(self) -> int:
        """The read_order of one more version."""
        self._count_from_stored()
        self.order += 1
        return self.order

    def next_listing(self) -> int:
        """The number of one more listing of everything."""
        self._count_from_stored()
        self.begun += 1
        return self.begun

    def _count_from_stored(self) -> None:
        if self._stored_counters is not None:
            stored, self._stored_counters = self._stored_counters(), None
            self.order, self.begun = max(self.order, stored.order), max(self.begun, stored.full_listing)

    def dump(self) -> dict[str, Any]:
        """The whole state, JSON-ready; equal states give equal ones, so that a quiet run stores nothing."""
        own = self.cursor.dump()
        if self.checkpoint is not None:
            own["backfill"] = self.checkpoint.dump()
        if self.unconfirmed is not None:
            own["unconfirmed"] = self.unconfirmed.dump()
        if self.answered is not None:
            own["answered"] = self.answered
        if self.looked:
            own["looked"] = True
        if self.whole:
            own[WHOLE] = True
        if self.read_whole_at is not None:
            own[READ_WHOLE_AT] = to_text(self.read_whole_at)
        if self.rejected is not None:
            own["rejected"] = self.rejected.dump()
        listing: dict[str, Any] = {"begun": self.begun}
        if self.complete is not None:
            listing["complete"] = self.complete.dump()
        mending: dict[str, Any] = {"mending": []} if self._stored.get("mending") else {}
        return {
            **self._stored,
            **mending,
            "cursors": {**self.elsewhere.dump(), self._filter_set: own},
            "listing": listing,
            "order": self.order,
            "undated": self.undated,
        }

    def dump_beside(self, cursors: Mapping[str, Any]) -> dict[str, Any]:
        """The whole state after a reading beside the cursors, with these, JSON-ready."""
        listing = {**self._stored.get("listing", {}), "begun": self.begun}
        return {**self._stored, "cursors": dict(cursors), "listing": listing, "order": self.order}


def check_account(state: MutableMapping[str, Any], identity: str | None, records: str, *, accept: bool) -> None:
    """Note the account in the state of a dataset; with another one, nothing that was read holds any more.

    Args:
        state: the whole state.
        identity: stands for the account of the credentials; None where there are none.
        records: what the dataset holds, for the message.
        accept: whether another account is accepted.

    Raises:
        ConfigurationError: the dataset is of another account, and that is not accepted.
    """
    if identity is None or state.get("account") == identity:
        return
    if state.get("account") is not None:
        if not accept:
            raise ConfigurationError(OTHER_ACCOUNT.format(records))
        for key in OF_AN_ACCOUNT:
            state.pop(key, None)
    state["account"] = identity


def check_catalog(state: MutableMapping[str, Any], catalog: str) -> None:
    """Note the catalog in the state of a dataset.

    Raises:
        ConfigurationError: the dataset holds another one.
    """
    held = state.setdefault("catalog", catalog)
    if held != catalog:
        raise ConfigurationError(f"This dataset holds the catalog {held}; {catalog} needs a dataset of its own.")


def check_tables(state: MutableMapping[str, Any], loaded: Collection[str], tables: Collection[str]) -> list[str]:
    """Note which tables of a stream are loaded: there is one cursor for all of them.

    Returns:
        Tables to be loaded that earlier runs left out. Everything is read again for them.
    """
    left_out = {*tables}.difference(loaded)
    returned = sorted({*state.pop(LEFT_OUT, ())} - left_out)
    if returned:
        forget_cursors(state, ())
    if left_out:
        state[LEFT_OUT] = sorted(left_out)
    return returned


def assigned_names(state: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Returns which column each unknown member has, by table."""
    names: dict[str, dict[str, str]] = state.get("members", {})
    return names


def migrate(state: Mapping[str, Any]) -> dict[str, Any]:
    """Bring a state that an earlier release wrote to the present layout.

    Raises:
        ConfigurationError: a later release wrote it.
    """
    version = state.get("version", 0)
    if version > VERSION:
        raise ConfigurationError(
            f"A later release wrote the state of this dataset (version {version}, this one knows {VERSION}). Upgrade."
        )
    cursors = {name: dict(cursor) for name, cursor in state.get("cursors", {}).items()}
    if version < 1:
        for cursor in cursors.values():
            if checkpoint := cursor.get("backfill"):
                cursor["backfill"] = {**CHECKPOINT_BEFORE_1, "anew": checkpoint["full"], **checkpoint}
    return {**state, "version": VERSION, "cursors": cursors} if cursors else {**state, "version": VERSION}


def newest_full_listing(state: Mapping[str, Any]) -> FullListing | None:
    """Returns the newest full listing that was read to its end."""
    complete = state.get("listing", {}).get("complete")
    return FullListing.load(complete) if complete else None


def forget_cursors(state: MutableMapping[str, Any], lost: Iterable[str]) -> None:
    """Let the next reading be a first one, of everything, because tables were lost; numbers and names are kept.

    A complete full listing is not judged any more: what it showed is not in the tables.
    """
    state["cursors"] = {name: {WHOLE: True} for name in state.get("cursors", {})}
    state.get("listing", {}).pop("complete", None)
    state["mending"] = sorted({*lost_tables(state), *lost})


def lost_tables(state: Mapping[str, Any]) -> frozenset[str]:
    """Returns the tables that were lost, while nothing has been read again."""
    return frozenset(state.get("mending", ()))
