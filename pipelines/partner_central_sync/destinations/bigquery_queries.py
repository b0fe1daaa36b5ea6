"""Views in BigQuery: adapts a translated query where BigQuery lacks a function, or its numbers are too small.

- SPLIT_PART is an element of an array there.
- Days are added to a date by a function.
- A NUMERIC has at most 29 digits before the point. Amounts are BIGNUMERIC.
- A cast to these types keeps all digits after the point, where others round.
"""

from __future__ import annotations

from sqlglot import exp

from .add_days import add_days_by_function
from .bigquery import NUMERIC_WHOLE_DIGITS
from .rounded_casts import casts_that_round


def adapt(query: exp.Expr) -> None:
    """Changes a query so that BigQuery answers as DuckDB does."""
    add_days_by_function(query)
    for split in list(query.find_all(exp.SplitPart)):
        split.replace(_element_of(split))
    for cast, scale in casts_that_round(query):
        if not isinstance(cast.parent, exp.Round):
            cast.replace(exp.Round(this=cast.copy(), decimals=exp.Literal.number(scale)))
    for kind in list(query.find_all(exp.DataType)):
        if kind.this == exp.DataType.Type.DECIMAL and _whole_digits(kind) > NUMERIC_WHOLE_DIGITS:
            kind.replace(exp.DataType(this=exp.DataType.Type.BIGDECIMAL))


def _element_of(split: exp.SplitPart) -> exp.Expr:
    """Returns a part of a text, counted from 1; empty where there are fewer.

    SAFE_ORDINAL counts from 1 as well. BigQuery's SAFE_OFFSET would do, but sqlglot, and bqemulator with it, takes the
    element before where the place is a column: see https://github.com/tobymao/sqlglot/issues/8001
    """
    parts = exp.func("SPLIT", split.this.copy(), split.args["delimiter"].copy(), dialect="bigquery")
    element = exp.Bracket(this=parts, expressions=[split.args["part_index"].copy()], offset=1, safe=True)
    return exp.func("COALESCE", element, exp.Literal.string(""))


def _whole_digits(kind: exp.DataType) -> int:
    precision, scale = [*(int(one.name) for one in kind.expressions), 0, 0][:2]
    return precision - scale
