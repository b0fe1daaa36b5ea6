"""The view that says how fresh the data are, whose SQL names the streams."""

from __future__ import annotations

import re

import pytest

from partner_central.stream import Stream
from partner_central.streams import STREAMS
from partner_central_sync.views.files import view_texts


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.table)
def test_the_view_names_every_stream(stream: Stream) -> None:
    """Its rows, and its rejected records: a stream that is left out would have no row."""
    text = view_texts()["data_freshness"]
    assert f"'{stream.table}' AS stream" in text
    assert re.search(rf"FROM ({stream.table}|{stream.presence_table})\b", text)
    assert re.search(rf"FROM {stream.rejected_table}\b", text)
