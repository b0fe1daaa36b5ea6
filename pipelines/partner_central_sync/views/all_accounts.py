"""Rewrites the query of a view whose rows are of groups, so that a group has what all accounts of a dataset have in it.

Rows of one opportunity or invitation are still matched by account, since two accounts can have the same id:

- Groups and partitions that name an id are of one account; so are joined rows.
- All others are of all accounts together, and DISTINCT ids are counted by account and id.
- There is one `as_of`, the newest. A run counts as one of the whole dataset when every account has had its first.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from ..destinations.base import DEFAULT_DIALECT
from .by_account import ByAccount, NotRewritten, account_of
from .query_parts import is_aggregated, own, scalars_of

if TYPE_CHECKING:
    from sqlglot import exp

ROLLED_UP = frozenset(
    {
        "approval_rate_by_month",
        "closed_lost_reasons",
        "co_sell_or_visibility",
        "created_submitted_launched_by_month",
        "created_submitted_launched_by_month_and_currency",
        "days_to_launch_by_quarter",
        "expected_spend_by_month",
        "launched_by_quarter",
        "launched_monthly_recurring",
        "open_by_review",
        "origin_split",
        "outcome_by_score",
        "pipeline_by_aws_seller",
        "pipeline_by_country",
        "pipeline_by_customer",
        "pipeline_by_delivery_model",
        "pipeline_by_group",
        "pipeline_by_industry",
        "pipeline_by_opportunity_type",
        "pipeline_by_owner",
        "pipeline_by_solution",
        "pipeline_by_stage",
        "pipeline_by_week",
        "referral_funnel",
        "stage_conversion",
        "stage_velocity",
        "weighted_pipeline",
        "win_rate_by_quarter",
        "win_rate_by_quarter_and_currency",
    }
)
PREFIX = "all_accounts_"  # of the names of these views
TOGETHER = {  # read in the place of what is of one account
    "data_as_of": "SELECT MAX(as_of) AS as_of, MAX(as_of_date) AS as_of_date FROM data_as_of",
    "sync_runs": """
        SELECT sync_runs.watermark, CASE WHEN sync_runs.watermark >= whole.since THEN sync_runs.scope END AS scope
        FROM sync_runs
        CROSS JOIN (
            SELECT CASE WHEN COUNT(*) = COUNT(firsts.watermark) THEN MAX(firsts.watermark) END AS since
            FROM (
                SELECT account, MIN(CASE WHEN scope = 'all' THEN watermark END) AS watermark
                FROM sync_runs
                WHERE watermark IS NOT NULL
                GROUP BY account
            ) AS firsts
        ) AS whole
    """,
}


class OfAllAccounts(ByAccount):
    """The rewriting of one query, in place.

    Args:
        without: the tables and views whose rows are of no account.
    """

    def __init__(self, without: Iterable[str]) -> None:
        super().__init__({*without, *(f"{PREFIX}{name}" for name in ROLLED_UP | TOGETHER.keys())})

    def rewrite_view(self, query: exp.Expr) -> bool:
        """Rewrites the query of a view, whose rows are then of no account.

        Raises:
            NotRewritten: it has what no rule is for, or its rows are of one account each.
        """
        import sqlglot
        from sqlglot import exp

        own_names = {clause.alias for clause in query.find_all(exp.CTE)}
        replaced = [
            table
            for table in query.find_all(exp.Table)
            if table.name not in own_names and table.name in ROLLED_UP | TOGETHER.keys()
        ]
        for table in replaced:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(table.alias_or_name)))
            table.set("this", exp.to_identifier(f"{PREFIX}{table.name}"))
        if super().rewrite_view(query):
            raise NotRewritten(query.sql())
        for table in replaced:
            if text := TOGETHER.get(table.name.removeprefix(PREFIX)):
                inner = cast("exp.Query", sqlglot.parse_one(text, dialect=DEFAULT_DIALECT))
                table.replace(inner.subquery(table.alias))
        return False

    def keeps_account(self, select: exp.Select) -> bool:
        """Returns whether the rows of a SELECT are of one account each, as those of its sources are."""
        if scalars_of(select):
            raise NotRewritten(select.sql())
        group = select.args.get("group")
        return not is_aggregated(select) or (group is not None and _names_an_id(group.expressions))

    def separates(self, window: exp.Window) -> bool:
        """Returns whether a window function works on the rows of one account at a time."""
        return _names_an_id(window.args.get("partition_by") or ())

    def adapt(self, select: exp.Select, anchor: str) -> None:
        """Counts ids by account and id."""
        from sqlglot import exp

        for distinct in own(select, exp.Distinct):
            if isinstance(distinct.parent, exp.AggFunc):
                for column in [one for one in distinct.find_all(exp.Column) if _is_id(one)]:
                    prefix = exp.DPipe(this=account_of(anchor), expression=exp.Literal.string(" "))
                    column.replace(exp.paren(exp.DPipe(this=prefix, expression=column.copy())))

    def accounts(self) -> exp.Expr:
        """Refuses to begin from the list of accounts, which would repeat rows that are of no account."""
        raise NotRewritten("rows without an account beside others that have one")


def _names_an_id(expressions: Iterable[exp.Expr]) -> bool:
    from sqlglot import exp

    return any(_is_id(column) for one in expressions for column in one.find_all(exp.Column))


def _is_id(column: exp.Column) -> bool:
    return column.name == "id" or column.name.endswith("_id")
