"""Takes queries apart: their SELECTs, sources, subqueries and aggregates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlglot import exp


def branches_of(query: exp.Expr) -> list[Any]:
    """Returns the SELECTs of a UNION, or the one of a query without."""
    from sqlglot import exp

    if isinstance(query, exp.SetOperation):
        return [*branches_of(query.left), *branches_of(query.right)]
    return [query]


def sources_of(select: exp.Select) -> list[Any]:
    """Returns the tables and subqueries that a SELECT joins, in their order."""
    first = select.args.get("from_")
    return [*([first.this] if first else []), *(join.this for join in select.args.get("joins") or ())]


def scalars_of(select: exp.Select) -> list[Any]:
    """Returns the subqueries of a SELECT that are no sources."""
    from sqlglot import exp

    others = (exp.From, exp.Join, exp.CTE, exp.Subquery, exp.SetOperation)
    return [one for one in own(select, exp.Query) if not isinstance(one.parent, others)]


def own(select: exp.Select, kind: type[exp.Expr]) -> list[Any]:
    """Returns the expressions of a kind in a SELECT, without those in its subqueries and WITH clauses."""
    return [one for one in select.find_all(kind) if one.parent_select is select]


def aggregates_of(select: exp.Select) -> list[Any]:
    """Returns the aggregates of a SELECT that are no window functions."""
    from sqlglot import exp

    return [one for one in own(select, exp.AggFunc) if not isinstance(one.parent, exp.Window)]


def is_aggregated(select: exp.Select) -> bool:
    """Returns whether the rows of a SELECT are of groups."""
    return is_one_row(select) or select.args.get("group") is not None


def is_one_row(select: exp.Select) -> bool:
    """Returns whether a SELECT has aggregates and no GROUP BY."""
    return select.args.get("group") is None and bool(aggregates_of(select))
