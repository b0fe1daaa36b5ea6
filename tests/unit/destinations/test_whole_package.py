"""The order in which the tables of a load are merged, where that is not one transaction."""

from __future__ import annotations

import pytest

from partner_central.public import STREAMS, PerIdStream
from partner_central_sync.destinations.whole_package import place_of

BY_IDS = [stream for stream in STREAMS if isinstance(stream, PerIdStream)]


def test_the_opportunities_come_first_and_records_before_what_depends_on_them() -> None:
    names = ["engagement_invitation_history", "opportunity_presence", "solutions", "opportunities"]
    assert sorted(names, key=place_of) == ["opportunities", "solutions", *names[:2]]


@pytest.mark.parametrize("stream", BY_IDS, ids=lambda stream: stream.table)
def test_that_an_id_was_read_is_said_when_all_that_was_read_of_it_is_there(stream: PerIdStream) -> None:
    assert max(stream.tables, key=place_of) == stream.reads_table
