"""dlt without work that it does over and over: a test of a sync spends most of its time in dlt.

For each table of each load dlt asks anew which members its own types have and what kinds of types these are, and it
copies tables of a schema to look at them. Here an answer that depends on a type alone is remembered, and plain
dictionaries and lists are copied without `copy.deepcopy`, which looks in them for what occurs twice. What a destination
can do is taken from where it is kept, not found as if it were a setting, and libyaml writes the hints that stand in the
trace. Nothing else is changed. Commands that are started as they are installed have dlt as it is.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from copy import deepcopy
from functools import cache, partial, wraps
from types import ModuleType, SimpleNamespace
from typing import Any

import dlt.common.typing
import dlt.pipeline.pipeline  # what it imports has dlt's functions by name
import yaml
from dlt.common import validation
from dlt.common.configuration.container import Container
from dlt.common.destination.capabilities import DestinationCapabilitiesContext
from dlt.common.destination.utils import prepare_load_table, resolve_merge_strategy
from dlt.common.schema import schema, utils
from dlt.common.typing import ConfigValue
from dlt.extract import extract
from typing_extensions import get_type_hints

OF_A_TYPE = (
    *("extract_inner_type", "extract_type_if_modifier", "is_dict_generic_type", "is_list_generic_type"),
    *("is_literal_type", "is_optional_type", "is_typeddict", "is_union_type"),
)
ATOMS = frozenset({str, int, float, bool, type(None)})
_KNOWN: dict[type, dict[str, Any]] = {}


def remember() -> None:
    """Let dlt remember what it knows of types, and copy schemas quickly, in this process."""
    modules = [module for name, module in sys.modules.items() if name.partition(".")[0] == "dlt"]
    for name in OF_A_TYPE:
        _put_in_place_of(getattr(dlt.common.typing, name), remembered(getattr(dlt.common.typing, name)), modules)
    for function in (prepare_load_table, resolve_merge_strategy):
        _put_in_place_of(function, _with_capabilities(function), modules)
    extract.yaml = SimpleNamespace(dump=partial(yaml.dump, Dumper=yaml.CDumper))  # type: ignore[attr-defined]
    _put_in_place_of(get_type_hints, _members, [validation])
    _put_in_place_of(deepcopy, copied, [schema, utils])


def copied(value: Any) -> Any:
    """A deep copy; of plain dictionaries and lists without a look for what occurs twice."""
    kind = type(value)
    if kind in ATOMS:
        return value
    if kind is dict:
        return {name: one if type(one) in ATOMS else copied(one) for name, one in value.items()}
    if kind is list:
        return [one if type(one) in ATOMS else copied(one) for one in value]
    return deepcopy(value)


def remembered(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which finds each answer once; where an argument cannot be a key, each time."""
    known = cache(function)

    @wraps(function)
    def answer(*arguments: Any, **options: Any) -> Any:
        try:
            return known(*arguments, **options)
        except TypeError:
            return function(*arguments, **options)

    return answer


def _with_capabilities(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of a schema's tables, one of them and a destination's capabilities, which are those of the context."""
    plain = inspect.unwrap(function)

    @wraps(function)
    def answer(tables: Any, table: Any, destination_capabilities: Any = ConfigValue) -> Any:
        if destination_capabilities is not None and destination_capabilities is not ConfigValue:
            return plain(tables, table, destination_capabilities)
        if DestinationCapabilitiesContext in Container():
            return plain(tables, table, Container()[DestinationCapabilitiesContext])
        return function(tables, table)

    return answer


def _members(of: type, *, globalns: dict[str, Any] | None) -> dict[str, Any]:
    """The members of a class; the names that stand there are looked up in its module, which is always the same."""
    if of not in _KNOWN:
        _KNOWN[of] = get_type_hints(of, globalns=globalns)
    return _KNOWN[of]


def _put_in_place_of(function: Callable[..., Any], other: Callable[..., Any], modules: list[ModuleType]) -> None:
    using = [module for module in modules if vars(module).get(function.__name__) is function]
    assert using, f"dlt does not use {function.__name__} any more"
    for module in using:
        setattr(module, function.__name__, other)
