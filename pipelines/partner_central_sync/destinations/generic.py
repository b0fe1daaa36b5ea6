"""Destinations with dlt's own client that need little or nothing of their own."""

from __future__ import annotations

from .base import Adapter
from .duckdb import DuckDbAdapter
from .postgres import LibpqAdapter

ADAPTERS = (
    DuckDbAdapter(
        "motherduck",
        view_store="duckdb.DuckDbViews",
        out_of_reach="what MotherDuck keeps of earlier states: snapshots, shares, its failsafe",
    ),
    LibpqAdapter(
        "redshift",
        view_store="libpq.RedshiftViews",
        out_of_reach="snapshots; deleted blocks until Redshift's own VACUUM has run",
    ),
    Adapter(
        "databricks",
        drivers=("databricks.",),
        view_store="warehouses.DatabricksViews",
        out_of_reach="earlier versions until VACUUM has run on the tables; files in volumes; the query history",
    ),
)
