"""Rewrites the query of a view for a dataset that several accounts share.

Each account gets the rows that the view has in a dataset of that account alone, with `account` as first column:

- Joined rows, groups, and partitions of window functions are of one account.
- An aggregate without GROUP BY has a row for every account. So has a branch of a UNION that reads constants only.

SQL that no view has yet is refused, so that a new view is rewritten exactly or fails in the tests.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from typing import TYPE_CHECKING, Any, cast

from partner_central.public import ACCOUNT

from ..destinations.base import DEFAULT_DIALECT
from .query_parts import aggregates_of, branches_of, is_one_row, own, scalars_of, sources_of

if TYPE_CHECKING:
    from sqlglot import exp

ACCOUNTS = "accounts"  # what their list is called in a query
ALL_ACCOUNTS = "SELECT account FROM sync_runs WHERE account IS NOT NULL UNION SELECT account FROM opportunities"


class NotRewritten(Exception):
    """A query has what no rule is for; the message says what."""


class ByAccount:
    """The rewriting of one query, in place.

    Args:
        without: the tables and views whose rows are of no account.
    """

    def __init__(self, without: Iterable[str]) -> None:
        self._without = set(without)
        self._numbers = count(1)
        self._lists_accounts = False

    def rewrite(self, query: exp.Expr) -> bool:
        """Rewrites a query, and returns whether each of its rows is of one account.

        Raises:
            NotRewritten: it has what no rule is for.
        """
        from sqlglot import exp

        for clause in cast("exp.Query", query).ctes:
            if not self.rewrite(clause.this):
                self._without.add(clause.alias)
        has_account = self._has_account(query)
        for branch in branches_of(query):
            self._rewrite_select(branch, has_account=has_account)
        if has_account and (order := query.args.get("order")):
            order.set("expressions", [exp.Ordered(this=exp.column(ACCOUNT), nulls_first=False), *order.expressions])
        return has_account

    def rewrite_view(self, query: exp.Expr) -> bool:
        """Rewrites the query of a view; returns whether each of its rows is of one account.

        Raises:
            NotRewritten: it has what no rule is for.
        """
        has_account = self.rewrite(query)
        if self._lists_accounts:
            cast("exp.Query", query).with_(ACCOUNTS, as_=ALL_ACCOUNTS, dialect=DEFAULT_DIALECT, copy=False)
            clauses = query.args["with_"]
            clauses.set("expressions", [clauses.expressions[-1], *clauses.expressions[:-1]])
        return has_account

    # For subclasses

    def keeps_account(self, select: exp.Select) -> bool:
        """Returns whether the rows of a SELECT are of one account each, as those of its sources are."""
        del select
        return True

    def separates(self, window: exp.Window) -> bool:
        """Returns whether a window function works on the rows of one account at a time."""
        del window
        return True

    def adapt(self, select: exp.Select, anchor: str) -> None:
        """Changes what else there is to change in a SELECT whose source `anchor` has the account."""

    def accounts(self) -> exp.Expr:
        """Returns the list of all accounts, as a source."""
        from sqlglot import exp

        self._lists_accounts = True
        return exp.to_table(ACCOUNTS)

    # Private

    def _has_account(self, query: exp.Expr) -> bool:
        """Returns whether the rows of a query, a table or a subquery are of one account each."""
        from sqlglot import exp

        if isinstance(query, exp.Table):
            return query.name not in self._without
        if isinstance(query, exp.Subquery):
            return self._has_account(query.this)
        if isinstance(query, exp.SetOperation):
            return any([self._has_account(query.left), self._has_account(query.right)])
        if not isinstance(query, exp.Select):
            raise NotRewritten(query.sql())
        read = [*sources_of(query), *scalars_of(query)]
        return any(map(self._has_account, read)) and self.keeps_account(query)

    def _rewrite_select(self, select: exp.Select, *, has_account: bool) -> None:
        """Joins the sources by account; gives the rows the account if they have to have it."""
        from sqlglot import exp

        if has_account:
            self._move_single_rows(select)
        known = {_name(source): self._has_account(source) for source in sources_of(select)}
        for source in sources_of(select):
            if isinstance(source, exp.Subquery):
                self.rewrite(source.this)
        if not any(known.values()) and not has_account:
            return
        anchor = self._join_by_account(select, known)
        for window in own(select, exp.Window):
            if self.separates(window):
                window.append("partition_by", account_of(anchor))
        self.adapt(select, anchor)
        if has_account:
            select.set("expressions", [exp.alias_(account_of(anchor), ACCOUNT), *select.expressions])
            if (group := select.args.get("group")) is not None:
                group.append("expressions", account_of(anchor))

    def _join_by_account(self, select: exp.Select, known: dict[str, bool]) -> str:
        """Joins each source that has an account to the first one, and returns the name of that.

        The list of all accounts comes first where there could be a row without a source that has an account.
        """
        from sqlglot import exp

        joins = [*(select.args.get("joins") or ())]
        anchor = next((name for name, has_account in known.items() if has_account), None)
        if anchor is None or any(join.side and _name(join.this) == anchor for join in joins):
            if first := select.args.get("from_"):
                joins.insert(0, exp.Join(this=first.this, kind="CROSS"))
            select.set("from_", exp.From(this=self.accounts()))
            select.set("joins", joins)
            anchor = ACCOUNTS
        for join in joins:
            name = _name(join.this)
            if join.side not in {"", "LEFT"} or join.args.get("using"):
                raise NotRewritten(join.sql())
            if name != anchor and known.get(name):
                same = exp.EQ(this=account_of(name), expression=account_of(anchor))
                on = join.args.get("on")
                join.set("on", exp.and_(on, same) if on else same)
                join.set("kind", None)
        return anchor

    def _move_single_rows(self, select: exp.Select) -> None:
        """Reads what is one row of aggregates, as a scalar subquery is, from queries by account."""
        from sqlglot import exp

        moved: dict[str, exp.Join] = {}
        for scalar in [one for one in scalars_of(select) if self._has_account(one)]:
            inner: Any = scalar.this
            if not isinstance(scalar, exp.Subquery) or not is_one_row(inner) or scalar.find_ancestor(exp.Where):
                raise NotRewritten(scalar.sql())
            self._move_aggregates(inner, moved)
            scalar.replace(inner.expressions[0].unalias())
        if is_one_row(select):
            self._move_aggregates(select, moved)
            select.set("from_", exp.From(this=self.accounts()))
        if moved:
            select.set("joins", [*(select.args.get("joins") or ()), *moved.values()])

    def _move_aggregates(self, select: exp.Select, moved: dict[str, exp.Join]) -> None:
        """Moves the aggregates of a SELECT without GROUP BY, with all it reads, into a query by account.

        It keeps columns of that query in their place.

        Args:
            select: a SELECT that has the aggregates of one row.
            moved: the joins of such queries, by what they read; aggregates of the same rows are in one query.
        """
        from sqlglot import exp

        if select.args.get("having"):
            raise NotRewritten(select.sql())
        parts = {part: select.args.get(part) for part in ("from_", "joins", "where")}
        for part in parts:
            select.set(part, None)
        query: Any = exp.Select(**parts, group=exp.Group(expressions=[]))
        join = moved.setdefault(
            query.sql(), exp.Join(this=query.subquery(f"of_account_{next(self._numbers)}"), side="LEFT")
        )
        query, name = join.this.this, join.this.alias
        for number, aggregate in enumerate(aggregates_of(select), start=len(query.expressions) + 1):
            column: exp.Expr = exp.column(f"value_{number}", name)
            if isinstance(aggregate, exp.Count):
                column = exp.Coalesce(this=column, expressions=[exp.Literal.number(0)])
            aggregate.replace(column)
            query.append("expressions", exp.alias_(aggregate, f"value_{number}"))


def _name(source: exp.Expr) -> str:
    """The name by which a SELECT knows a source."""
    return str(source.alias_or_name)


def account_of(source: str) -> exp.Expr:
    """Returns the column with the account of a source."""
    from sqlglot import exp

    return exp.column(ACCOUNT, source)
