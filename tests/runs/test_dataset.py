"""What was loaded is read through dlt's own dataset, as notebooks and dlt's viewers do."""

from __future__ import annotations

import pytest

from partner_central_sync.sync import working_folder
from sandbox import Sandbox


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # of DuckDB's own use of pandas
def test_a_table_is_a_frame_of_the_dataset(synced: Sandbox) -> None:
    dataset = working_folder.attach(synced.settings()).dataset()
    frame = dataset.opportunities.df()
    assert frame is not None
    assert len(frame) == 250
    assert dataset.opportunities.select("id").limit(3).fetchall() is not None
