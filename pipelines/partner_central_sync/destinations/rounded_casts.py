"""Casts to an exact number that round in DuckDB, for destinations in which they do not."""

from __future__ import annotations

from sqlglot import exp

STORED = (exp.Column, exp.Literal, exp.Null)  # have no more digits than the cast keeps


def casts_that_round(query: exp.Expr) -> list[tuple[exp.Cast, int]]:
    """Returns the casts of what was calculated, each with the number of digits after the point that it leaves."""
    found = [one for one in query.find_all(exp.Cast) if not isinstance(one, exp.TryCast)]
    exact = [one for one in found if one.to.this == exp.DataType.Type.DECIMAL and not isinstance(one.this, STORED)]
    return [(one, int(one.to.expressions[1].name)) for one in exact]
