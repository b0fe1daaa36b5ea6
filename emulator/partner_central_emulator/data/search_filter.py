"""The filter of a search: a tree of conditions, checked and then asked of records."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from ..clock import parse_instant
from ..errors import invalid_field
from .query import Key
from .records import Json

Kind = Literal["text", "list", "date", "number"]
Test = Callable[[Any], bool]

DEPTH: Final = 3
LEAVES: Final = 20

_RANGES: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "GreaterThan": lambda found, given: found > given,
    "GreaterThanOrEquals": lambda found, given: found >= given,
    "LessThan": lambda found, given: found < given,
    "LessThanOrEquals": lambda found, given: found <= given,
}
_CONTAINS: Final = ("ContainsAny", "ContainsAll")
_SORTS: Final = ("EqualsTo", *_CONTAINS, *_RANGES)
_TEXTS: Final = ("StringValue", "StringListValue")
_VALUES: Final[dict[Kind, tuple[str, ...]]] = {
    "text": _TEXTS,
    "list": _TEXTS,
    "date": ("DateValue",),
    "number": ("LongValue", "DoubleValue"),
}


@dataclass(frozen=True, slots=True)
class Searchable:
    """A key of a search.

    Attributes:
        kind: What its values are. `list` is several texts. `date` is an instant in microseconds.
        of: Gives a record's value; `None` where it has none.
    """

    kind: Kind
    of: Callable[[Any], Any]


def compiled(tree: Json, keys: Mapping[str, Searchable], path: str = "Filter") -> Test:
    """Returns the test that a filter makes of records.

    Raises:
        ServiceError: `ValidationException`; the tree is too deep or too large, a node has not exactly one member, or
            a condition does not fit its key.
    """
    leaves = sum(1 for _ in _leaves(tree))
    if leaves > LEAVES:
        raise invalid_field(path, f"has {leaves} conditions, more than {LEAVES}", "TOO_MANY_VALUES")
    return _node(tree, keys, path, 1)


def lower_bound(tree: Json | None) -> tuple[str, int] | None:
    """Returns the key and the least instant of a filter that is nothing but `GreaterThanOrEquals` of a date."""
    match tree:
        case {"GreaterThanOrEquals": {"Key": str(key), "Value": {"DateValue": str(value)}}}:
            return key, parse_instant(value)
    return None


def sort_key(value: Any, kind: Kind) -> Key:  # noqa: ANN401
    """Returns what a list is sorted by; absent values sort below all others."""
    match kind:
        case "date":
            return -(1 << 62) if value is None else int(value)
        case "number":
            return -1e308 if value is None else float(value)
        case "list":
            return " ".join(value or ())
        case "text":
            return value or ""


def _leaves(tree: Any) -> Iterator[Any]:  # noqa: ANN401
    if isinstance(tree, dict):
        for name, member in tree.items():
            if name in _SORTS and member is not None:
                yield member
            elif isinstance(member, list):
                for node in member:
                    yield from _leaves(node)
            elif name == "NotFilter":
                yield from _leaves(member)


def _node(tree: Json, keys: Mapping[str, Searchable], path: str, depth: int) -> Test:
    given = [name for name, member in tree.items() if member is not None]
    if len(given) != 1:
        raise invalid_field(path, f"a node must have exactly one member, not {len(given)}")
    if depth > DEPTH:
        raise invalid_field(path, f"the tree must not be deeper than {DEPTH}", "VALUE_OUT_OF_RANGE")
    (name,), here = given, f"{path}.{given[0]}"
    member = tree[name]
    if name == "NotFilter":
        test = _node(member, keys, here, depth + 1)
        return lambda record: not test(record)
    if name in ("AndAllFilters", "OrAllFilters"):
        tests = [_node(node, keys, f"{here}[{i}]", depth + 1) for i, node in enumerate(member)]
        combine = all if name == "AndAllFilters" else any
        return lambda record: combine(test(record) for test in tests)
    return _leaf(name, member["Value"], keys[member["Key"]], here)


def _leaf(sort: str, given: Json, key: Searchable, path: str) -> Test:
    ((member, value),) = ((name, one) for name, one in given.items() if one is not None)
    if member not in _VALUES[key.kind] or (sort in ("EqualsTo", *_RANGES) and member == "StringListValue"):
        raise invalid_field(f"{path}.Value", f"{sort} of this key does not take a {member}")
    is_ordered = key.kind in ("date", "number")
    if sort in (_CONTAINS if is_ordered else _RANGES):
        raise invalid_field(path, f"{sort} is not for keys of this kind")
    wanted: Any = parse_instant(value) if key.kind == "date" else value
    return _ordered(sort, key, wanted) if is_ordered else _textual(sort, key, wanted)


def _ordered(sort: str, key: Searchable, wanted: Any) -> Test:  # noqa: ANN401
    def test(record: Any) -> bool:  # noqa: ANN401
        found = key.of(record)
        if found is None:
            return False
        return bool(found == wanted) if sort == "EqualsTo" else _RANGES[sort](found, wanted)

    return test


def _textual(sort: str, key: Searchable, wanted: str | list[str]) -> Test:
    wishes = [wanted] if isinstance(wanted, str) else wanted
    small = [wish.lower() for wish in wishes]

    def test(record: Any) -> bool:  # noqa: ANN401
        texts = _texts(key.of(record))
        if sort == "EqualsTo" or (sort == "ContainsAll" and key.kind == "list"):
            return set(wishes) <= set(texts)
        quantifier = any if sort == "ContainsAny" else all
        return quantifier(any(wish in text.lower() for text in texts) for wish in small)

    return test


def _texts(value: Any) -> list[str]:  # noqa: ANN401
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)
