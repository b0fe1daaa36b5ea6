"""Adds days to a date by the warehouse's own function, whatever type the number of days has."""

from __future__ import annotations

from sqlglot import exp


def add_days_by_function(query: exp.Expr) -> None:
    """Replaces the sums of a date and a number in a query."""
    for total in list(query.find_all(exp.Add)):
        if isinstance(total.this, exp.Cast) and total.this.is_type("date"):
            total.replace(exp.DateAdd(this=total.this, expression=total.expression, unit=exp.var("DAY")))
