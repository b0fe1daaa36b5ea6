"""Views in ClickHouse: adapts a translated query where it means something else there.

- A column of a join keeps the name of its table, unless it has an alias.
- An alias hides a column of the same name, also in the other expressions of the list.
- STRING_AGG has no order: pairs of key and text are sorted as an array.
- A column that cannot be null has a default, such as 0, where other databases have null. That is so where a LEFT JOIN
  finds nothing, before the first row of a window, and for an aggregate of no rows. A setting exists for joins. But
  ClickHouse ignores it for readers with `readonly`, without an error. So these columns are made nullable.
- SPLIT_PART is an element of an array.
- Where NULLIF makes a divisor null, the value behind the null is infinite, which no cast takes.
- The text of an amount lacks zeros at its end.
- A cast to fewer digits after the point leaves digits out, where others round.
"""

from __future__ import annotations

from sqlglot import exp

from .rounded_casts import casts_that_round

FROM_OTHER_ROWS = (exp.Lag, exp.Lead, exp.Max, exp.Min, exp.Sum, exp.Avg, exp.Quantile, exp.PercentileCont, exp.Median)
AMOUNT = "amount"  # ends the names of columns of amounts
TEXT = (exp.DataType.Type.TEXT, exp.DataType.Type.VARCHAR)
WIDE = "DECIMAL(76, 20)"  # has the digits of every amount, and more than enough after the point to round


def adapt(query: exp.Expr) -> None:
    """Changes a query, with qualified tables, so that ClickHouse answers as DuckDB does."""
    _adapt_columns(query)
    for call in list(query.find_all(*FROM_OTHER_ROWS)):
        call.this.replace(_nullable(call.this.copy()))
    for cast in list(query.find_all(exp.Cast)):
        if cast.to.this in TEXT and isinstance(cast.this, exp.Column) and cast.this.name.endswith(AMOUNT):
            cast.replace(exp.Anonymous(this="toDecimalString", expressions=[cast.this.copy(), exp.Literal.number(2)]))
    for cast, scale in casts_that_round(query):
        wide = exp.cast(cast.this.copy(), WIDE)
        cast.set("this", exp.Round(this=wide, decimals=exp.Literal.number(scale)))
    for division in list(query.find_all(exp.Div)):
        if isinstance(division.expression, exp.Nullif):
            division.replace(_divided(division))
    for split in list(query.find_all(exp.SplitPart)):
        split.replace(_element_of(split))
    for joined in list(query.find_all(exp.GroupConcat)):
        joined.replace(_join_sorted(joined))


def _adapt_columns(query: exp.Expr) -> None:
    """Makes the columns of each LEFT JOIN nullable, and gives columns names that mean one thing."""
    for select in list(query.find_all(exp.Select)):
        for join in select.args.get("joins") or ():
            if join.side == "LEFT":
                join.this.replace(_nullable_source(select, join.this))
        _qualify(select)
        for column in select.expressions:
            if isinstance(column, exp.Column) and column.table:
                column.replace(exp.alias_(column.copy(), column.name))


def _qualify(select: exp.Select) -> None:
    """Gives columns in a list of expressions the name of the only table, where an alias in the list is the same."""
    source = select.args.get("from_") or select.args.get("from")
    if source is None or select.args.get("joins"):
        return
    aliases = {one.alias for one in select.expressions if isinstance(one, exp.Alias)}
    for one in select.expressions:
        for column in one.find_all(exp.Column):
            if column.name in aliases and not column.table and column.parent_select is select:
                column.set("table", exp.to_identifier(source.this.alias_or_name))


def _nullable(value: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this="toNullable", expressions=[value])


def _nullable_source(select: exp.Select, source: exp.Expr) -> exp.Expr:
    """Returns a source of rows with those of its columns that a query names by it, all of them nullable."""
    alias = source.alias_or_name
    names = dict.fromkeys(column.name for column in select.find_all(exp.Column) if column.table == alias)
    columns = [exp.alias_(_nullable(exp.column(name, alias)), name) for name in names]
    return exp.select(*columns).from_(source.copy()).subquery(alias)


def _divided(division: exp.Div) -> exp.Expr:
    """Returns a quotient that is null if the divisor is 0; it is divided by 1 then, so that nothing is infinite."""
    divisor = exp.paren(division.expression.this.copy())
    division.set("expression", exp.case().when(divisor.eq(0), exp.Literal.number(1)).else_(divisor.copy()))
    return exp.case().when(divisor.neq(0), division.copy())


def _element_of(split: exp.SplitPart) -> exp.Expr:
    """Returns a part of a text, counted from 1; empty where there are fewer."""
    text = exp.Anonymous(this="ifNull", expressions=[split.this.copy(), exp.Literal.string("")])
    parts = exp.Anonymous(this="splitByString", expressions=[split.args["delimiter"].copy(), text])
    return exp.Anonymous(this="arrayElement", expressions=[parts, split.args["part_index"].copy()])


def _join_sorted(joined: exp.GroupConcat) -> exp.Expr:
    """Returns texts joined in the order of a key; null where there are none."""
    order = joined.this
    text = order.this if isinstance(order, exp.Order) else order
    keys = [one.this for one in order.expressions] if isinstance(order, exp.Order) else [text]
    pairs = exp.func("groupArray", exp.func("tuple", *(key.copy() for key in keys), text.copy()))
    kept = f"arrayFilter(pair -> isNotNull(pair.{len(keys) + 1}), PAIRS)"
    separator = (joined.args.get("separator") or exp.Literal.string("")).sql(dialect="clickhouse")
    written = kept.replace("PAIRS", pairs.sql(dialect="clickhouse"))
    return exp.maybe_parse(
        f"nullIf(arrayStringConcat(arrayMap(pair -> pair.{len(keys) + 1}, arraySort({written})), {separator}), '')",
        dialect="clickhouse",
    )
