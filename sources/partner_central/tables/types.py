"""The column types: which shapes and JSON values they are of, how values become theirs, and what they are in Arrow.

The one table of them. A new type is a line here, and a function in `values.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, NamedTuple

from . import values

if TYPE_CHECKING:
    import pyarrow as pa

ColumnType = Literal["text", "bigint", "double", "bool", "decimal", "date", "timestamp"]  # as dlt calls them
Convert = Callable[[object], object]
AMOUNT_PRECISION, AMOUNT_SCALE = values.AMOUNT_PRECISION, values.AMOUNT_SCALE


class TypeRules(NamedTuple):
    """The rules of one column type.

    Attributes:
        convert: makes a value of the column from a JSON value; raises `InvalidValue`.
        arrow: the Arrow type.
        shapes: types of shapes in a service model that have this type.
        shape_names: names of shapes that have it, whatever their type.
        json: the type of JSON values that have it where no model describes them.
    """

    convert: Convert
    arrow: Callable[[], pa.DataType]
    shapes: tuple[str, ...] = ()
    shape_names: tuple[str, ...] = ()
    json: type | None = None


def _arrow(name: str, *arguments: object, **options: object) -> Callable[[], pa.DataType]:
    """An Arrow type by the name of its factory; pyarrow is imported when it is called."""

    def make() -> pa.DataType:
        import pyarrow as pa

        return getattr(pa, name)(*arguments, **options)

    return make


TYPES: dict[ColumnType, TypeRules] = {
    "text": TypeRules(values.to_text, _arrow("string"), ("string",), json=str),
    "bigint": TypeRules(values.to_bigint, _arrow("int64"), ("integer", "long"), json=int),
    "double": TypeRules(values.to_double, _arrow("float64"), ("float", "double"), json=float),
    "bool": TypeRules(values.to_bool, _arrow("bool_"), ("boolean",), json=bool),
    "decimal": TypeRules(
        values.to_decimal, _arrow("decimal128", AMOUNT_PRECISION, AMOUNT_SCALE), shape_names=("Amount",)
    ),
    "date": TypeRules(values.to_date, _arrow("date32"), shape_names=("Date",)),
    "timestamp": TypeRules(values.parse_timestamp, _arrow("timestamp", "us", tz="UTC"), ("timestamp",)),
}
CONVERT: dict[ColumnType, Convert] = {name: rules.convert for name, rules in TYPES.items()}
OF_SHAPE: dict[str, ColumnType] = {shape: name for name, rules in TYPES.items() for shape in rules.shapes}
OF_SHAPE_NAME: dict[str, ColumnType] = {shape: name for name, rules in TYPES.items() for shape in rules.shape_names}
OF_JSON: dict[type, ColumnType] = {rules.json: name for name, rules in TYPES.items() if rules.json is not None}
