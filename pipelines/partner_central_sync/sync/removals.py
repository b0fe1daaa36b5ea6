"""Marks as gone, in `opportunity_presence`, what a complete listing of everything did not show.

Listings are numbered, in the destination. The state has the number of the complete one, the table the number of the
listing that an id was in last. No clock of a machine is compared. A listing is judged once, by whichever run comes
first; its verdict is in `sync_sweeps`. If it waits for a review, no later run carries it out: that takes another
listing.

Marking is idempotent. If a killed run left a complete listing without a verdict, the next run judges it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast

import dlt
from dlt.destinations.job_client_impl import SqlJobClientBase

from partner_central.public import ConfigurationError, FullListing, newest_full_listing

from ..destinations.own_tables import update
from ..destinations.pipeline_state import state_of_source
from . import full_listings, run_lease
from .settings import Settings

JUDGED = "partner_central_judged"
MAX_REMOVED_SHARE = 0.2
FEWEST_REMOVED = 10
NOTHING_TO_ACCEPT = (
    "--accept-removals decides on what the same run found missing in a listing of everything, and this run made none. "
    "Nothing was marked: run sync --full --accept-removals."
)


@dataclass(frozen=True, slots=True)
class Removals:
    """The conclusion from a listing.

    Attributes:
        marked: how many opportunities were marked as gone.
        unmarked: how many were not, because they were too many at once.
        known: ids that were present before the listing.
        note: a sentence about what could not be decided.
    """

    marked: int = 0
    unmarked: int = 0
    known: int = 0
    note: str | None = None

    def warning(self, dataset: str) -> str | None:
        """Returns what the user is to decide, if anything."""
        if not self.unmarked:
            return None
        return (
            f"{self.unmarked:,} of {self.known:,} opportunities were not listed any more: more than a run marks as "
            "gone by itself (setting most_gone). Nothing was marked; what was listed is loaded. Check that these "
            "credentials still reach the whole account. If the opportunities are gone, run sync --full "
            f"--accept-removals: it lists everything again, and marks them in {dataset}.opportunity_presence."
        )


def max_removed_share() -> float:
    """The share of all opportunities that one run marks as gone by itself, 0 to 1.

    Raises:
        ConfigurationError: the setting is not such a share.
    """
    try:
        share = dlt.config.get("sources.partner_central.most_gone", float)
    except (TypeError, ValueError):
        share = -1
    if share is not None and not 0 <= share <= 1:
        raise ConfigurationError("most_gone must be a share between 0 and 1, as 0.2 for a fifth.")
    return MAX_REMOVED_SHARE if share is None else share


def mark_removed(pipeline: dlt.Pipeline, settings: Settings, swept: int | None) -> Removals:
    """Marks what the newest complete listing did not show, unless that was judged before.

    More than the share `most_gone` of what was present is marked only if the settings accept it and this run completed
    the listing; fewer than `FEWEST_REMOVED` always are. Destinations without SQL cannot conclude. Where another run is
    active, it is left to that one.

    Args:
        pipeline: whose destination holds what was loaded.
        settings: whose account it is, and what is accepted.
        swept: number of the listing that this run completed, if it did.
    """
    listing = newest_full_listing(state_of_source(pipeline.state) or {})
    accepts = settings.accept_removals and listing is not None and listing.number == swept
    note = NOTHING_TO_ACCEPT if settings.accept_removals and not accepts else None
    if listing is None or cast("dict[str, Any]", pipeline.state["_local"]).get(JUDGED) == listing.number:
        return Removals(note=note)
    client = pipeline.destination_client()
    if not isinstance(client, SqlJobClientBase) or not run_lease.take_if_free(pipeline):
        return Removals(note=note)
    with client:
        removals = _judge(client, listing, settings.account, accepts=accepts)
    pipeline.set_local_state_val(JUDGED, listing.number)
    return replace(removals, note=note)


def _judge(client: SqlJobClientBase, listing: FullListing, account: str | None, *, accepts: bool) -> Removals:
    """Judges a listing without a verdict, carries that out, and records it: in this order."""
    if full_listings.find_verdict(client.sql_client, listing.number, account):
        return Removals()
    missing = Missing(client, listing, account)
    gone = missing.count()
    known = gone + missing.count_others() if gone else 0
    is_much = gone >= FEWEST_REMOVED and gone > max_removed_share() * known
    needs_review = is_much and not accepts
    if gone and not needs_review:
        missing.mark()
    verdict: full_listings.Verdict = "held" if needs_review else "accepted" if is_much else "concluded"
    full_listings.record(client, (listing.number, listing.at), account, verdict, (gone, known), datetime.now(UTC))
    return Removals(unmarked=gone, known=known) if needs_review else Removals(marked=gone, known=known)


class Missing:
    """The opportunities of an account that a complete listing did not show.

    They have no row of presence, or one with a lower number. Marking needs no transaction, which BigQuery has only
    within a session: done again, it marks what is left.

    Args:
        client: an open destination.
        listing: the listing. One that was read by CreatedDate cannot show what has none.
        account: whose opportunities, where several share the tables.
    """

    def __init__(self, client: SqlJobClientBase, listing: FullListing, account: str | None) -> None:
        self._client = client
        self._listing = listing
        self._account_key: tuple[str, ...] = () if account is None else (account,)
        self._presence, self._opportunities, self._history = map(
            client.sql_client.make_qualified_table_name,
            ("opportunity_presence", "opportunities", "opportunity_history"),
        )
        mine, same = (" AND account = %s", " AND h.account = o.account") if self._account_key else ("", "")
        dated = " AND o.created_date IS NOT NULL" if listing.by_partitions else ""
        self._same = same
        self._unlisted = (
            f"FROM {self._opportunities} o WHERE NOT EXISTS "  # noqa: S608 - the schema's own names
            f"(SELECT 1 FROM {self._presence} h WHERE h.id = o.id{same}){dated}{mine.replace('account', 'o.account')}"
        )
        undated = f"SELECT id FROM {self._opportunities} WHERE created_date IS NULL{mine}"  # noqa: S608
        self._missed = f"gone_since IS NULL AND (last_listed_sweep IS NULL OR last_listed_sweep < %s){mine}" + (
            f" AND id NOT IN ({undated})" if listing.by_partitions else ""
        )
        self._missed_values = (
            listing.number,
            *self._account_key,
            *(self._account_key if listing.by_partitions else ()),
        )

    def count(self) -> int:
        """Counts them."""
        unlisted = self._one(f"SELECT count(*) {self._unlisted}", *self._account_key)
        return unlisted + self._one(
            f"SELECT count(*) FROM {self._presence} WHERE {self._missed}",  # noqa: S608
            *self._missed_values,
        )

    def count_others(self) -> int:
        """Counts the opportunities that the listing does show, and that were there before it."""
        mine = " AND o.account = %s" if self._account_key else ""
        return self._one(
            f"SELECT count(*) FROM {self._presence} o WHERE o.gone_since IS NULL AND o.last_listed_sweep >= %s{mine} "  # noqa: S608
            f"AND EXISTS (SELECT 1 FROM {self._history} h WHERE h.id = o.id{self._same} AND h.read_order <= %s)",
            self._listing.number,
            *self._account_key,
            self._listing.order,
        )

    def mark(self) -> None:
        """Marks them as gone since the listing began."""
        at, listed = self._listing.at, "account, " if self._account_key else ""
        update(self._client, "opportunity_presence", "gone_since = %s", self._missed, at, *self._missed_values)
        self._client.sql_client.execute_sql(
            f"INSERT INTO {self._presence} ({listed}id, gone_since, _dlt_load_id, _dlt_id) "
            f"SELECT {listed.replace('account', 'o.account')}o.id, %s, o._dlt_load_id, o._dlt_id {self._unlisted}",
            at,
            *self._account_key,
        )

    def _one(self, query: str, *values: object) -> int:
        rows = self._client.sql_client.execute_sql(query, *values)
        return int(rows[0][0]) if rows else 0
