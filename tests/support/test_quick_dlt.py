"""What is remembered of dlt says the same as dlt."""

from __future__ import annotations

import inspect
from copy import deepcopy
from datetime import date
from typing import Annotated, Any, Final, Literal, Optional, Union

import pytest
import typing_extensions
import yaml
from dlt.common import typing as of_types
from dlt.common import validation
from dlt.common.configuration.container import Container
from dlt.common.destination import utils as destination_utils
from dlt.common.schema import schema, utils
from dlt.common.schema.typing import TColumnSchema, TStoredSchema, TTableSchema
from dlt.destinations import duckdb
from dlt.extract import extract

from quick_dlt import OF_A_TYPE, copied, remembered

TYPES = [
    *(int, str, dict, list, Any, None, dict[str, int], list[str], Literal["a", 1], Final[int], TTableSchema),
    *(Optional[int], Union[int, str], int | None, Annotated[int, "note"], Annotated[Literal["a"], []]),  # noqa: UP007, UP045
]


@pytest.mark.parametrize("name", OF_A_TYPE)
def test_what_is_remembered_of_a_type_is_what_dlt_finds(name: str) -> None:
    answer = getattr(of_types, name)
    assert answer is not inspect.unwrap(answer)
    for kind in TYPES * 2:
        assert answer(kind) == inspect.unwrap(answer)(kind)


@pytest.mark.parametrize("kind", [TTableSchema, TColumnSchema, TStoredSchema])
def test_the_members_of_a_type_are_those_that_it_has(kind: Any) -> None:
    members = validation.get_type_hints(kind, globalns=vars(inspect.getmodule(kind)))
    assert members == typing_extensions.get_type_hints(kind)
    assert members is validation.get_type_hints(kind, globalns={})


def test_a_copy_is_equal_and_its_own() -> None:
    assert schema.deepcopy is utils.deepcopy is copied
    value = {"a": [{"b": 1}, "c", None], "d": {"e": (1, [2])}, "f": date(2026, 5, 1), "g": {3}}
    copy = copied(value)
    assert copy == value == deepcopy(value)
    copy["a"][0]["b"], copy["d"]["new"] = 2, 1
    copy["d"]["e"][1].append(3)
    copy["g"].add(4)
    assert value == {"a": [{"b": 1}, "c", None], "d": {"e": (1, [2])}, "f": date(2026, 5, 1), "g": {3}}


@pytest.mark.parametrize("answer", [destination_utils.prepare_load_table, destination_utils.resolve_merge_strategy])
def test_the_capabilities_are_those_that_are_given_or_of_the_context(answer: Any) -> None:
    found = inspect.unwrap(answer, stop=lambda function: "Container" not in function.__code__.co_names)
    assert found is not answer, "dlt's own, which resolves its configuration"
    column: TColumnSchema = {"name": "id", "data_type": "text", "primary_key": True}
    table: TTableSchema = {"name": "a", "columns": {"id": column}, "write_disposition": "merge"}
    tables = {"a": table}
    given = duckdb()._raw_capabilities()
    assert answer(tables, table, given) == found(tables, table, given)
    with Container().injectable_context(given):
        assert answer(tables, table) == found(tables, table) != found(tables, table | {"write_disposition": "append"})
    if answer is destination_utils.resolve_merge_strategy:
        assert answer(tables, table) == found(tables, table)


def test_the_hints_of_the_trace_are_the_same_text() -> None:
    hints = {"a": {"name": "a", "description": "What's \u00e4, said: yes", "nullable": True, "x": [1, None, "1", "no"]}}
    options = {"allow_unicode": True, "default_flow_style": False, "sort_keys": False}
    assert extract.yaml.dump(hints, **options) == yaml.dump(hints, **options)


def test_an_answer_is_found_once_and_each_time_where_nothing_can_be_kept() -> None:
    calls: list[object] = []
    answer = remembered(lambda value: calls.append(value) or len(calls))
    assert [answer(1), answer(1), answer([]), answer([])] == [1, 1, 2, 3]
