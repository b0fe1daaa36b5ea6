"""Looks at a few pages of a long listing, to decide whether it is read side by side, and how it is cut."""

from __future__ import annotations

from .client import Page, PartnerCentral
from .errors import Invalid
from .extent import is_long, is_many
from .listing import Listing, Order
from .rows import created
from .state import State
from .sweep import UNDATED, UNSORTED, side_by_side


class Samples:
    """Takes samples of listings, where these may be read by CreatedDate.

    Args:
        client: whom to ask.
        state: knows whether there are records without CreatedDate.
    """

    def __init__(self, client: PartnerCentral, state: State) -> None:
        self._client = client
        self._state = state

    def of_many(self, listing: Listing, page: Page) -> list[object] | None:
        """Samples of a listing that takes more than a few pages; None if it does not, or is read in one chain.

        Args:
            listing: newest first.
            page: its first page.
        """
        if not is_long(page.records, listing.modified_since):
            return None
        sample = self.of(listing)
        return sample if sample is not None and is_many(page.records, sample) else None

    def of(self, listing: Listing) -> list[object] | None:
        """Records of a listing, nearly at random; None where it is to be read in one chain.

        One more page, the youngest first, shows an order that is not kept, and records without CreatedDate.
        """
        if self._state.undated:
            self.in_one_chain(UNDATED)
            return None
        try:
            asked = (*listing.samples(), listing.youngest_first())
            *sampled, youngest = side_by_side(self._client.list_opportunities, asked, self._client.readers)
        except Invalid as refusal:
            self.in_one_chain(str(refusal))
            return None
        sample = [record for page in sampled for record in page.records]
        if not Order(created, descending=True).holds(youngest):
            self.in_one_chain(UNSORTED)
            return None
        if any(created(record) is None for record in (*sample, *youngest.records)):
            self.in_one_chain(UNDATED)
            return None
        return sample

    def in_one_chain(self, why: str) -> None:
        """Say why a listing is read in one chain."""
        self._client.tally.note(f"Reading one page after another, which takes longer: {why}")
