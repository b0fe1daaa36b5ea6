"""The models of the dbt package read what the views read."""

from __future__ import annotations

import re

import pytest

from dbt_package import MODELS, PREFIX
from partner_central_sync.views.files import view_texts
from partner_central_sync.views.translation import names_read

CALL = re.compile(
    r"\{\{ (ref|source|partner_central\.loaded_or_empty)\((?:'partner_central', )?'(\w+)'\) \}\} AS (\w+)"
)


@pytest.mark.parametrize("dialect", ["duckdb", "postgres"])
@pytest.mark.parametrize("view", view_texts())
def test_a_model_refers_to_every_table_and_view_that_the_view_reads(view: str, dialect: str) -> None:
    model = (MODELS / dialect / f"{PREFIX}{view}.sql").read_text(encoding="utf-8")
    read = {name.removeprefix(PREFIX) if kind == "ref" else name for kind, name, _ in CALL.findall(model)}
    assert read == names_read(view_texts()[view])
