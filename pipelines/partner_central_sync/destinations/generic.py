"""Destinations with dlt's own client that need little or nothing of their own."""

from __future__ import annotations

from .base import Adapter
from .duckdb import DuckDbAdapter
from .postgres import EXPLAINS, NOT_GUARANTEED, OUTSIDE, LibpqAdapter

ADAPTERS = (
    DuckDbAdapter(
        "motherduck",
        not_guaranteed="Queries are run with the token that loads, which may write and reach files and the network.",
        view_store="duckdb.DuckDbViews",
        out_of_reach="what MotherDuck keeps of earlier states: snapshots, shares, its failsafe",
    ),
    LibpqAdapter(
        "redshift",
        commands=EXPLAINS,
        outside=OUTSIDE,
        not_guaranteed=NOT_GUARANTEED,
        view_store="libpq.RedshiftViews",
        out_of_reach="snapshots; deleted blocks until Redshift's own VACUUM has run",
    ),
    Adapter(
        "databricks",
        commands=frozenset({"SHOW", "DESCRIBE", "DESC", "EXPLAIN"}),
        outside=frozenset(
            {"reflect", "try_reflect", "java_method", "read_files", "remote_query", "http_request", "ai_query"}
        ),
        drivers=("databricks.",),
        view_store="warehouses.DatabricksViews",
        out_of_reach="earlier versions until VACUUM has run on the tables; files in volumes; the query history",
    ),
)
