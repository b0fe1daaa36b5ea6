"""JSON is read as `json` reads it with the hooks that lose nothing, whoever reads it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from partner_central.tables import values
from partner_central.tables.values import AGAIN, exact_json, fraction, structure, whole_number

NOT_JSON = (json.JSONDecodeError, UnicodeDecodeError)
SPACE = some.sampled_from(["", "", " ", "\n\t", "  \r\n"])
NUMBERS = some.one_of(
    some.sampled_from(["-0", "0.10", "1.0", "1e5", "1E-7", "9007199254740993", "-9223372036854775809", "1" * 30]),
    some.sampled_from(["18446744073709551615", "12345678901234567.89", "1e400", "NaN", "-Infinity", "0.1", "-0.0"]),
    some.integers().map(str),
    some.floats(allow_nan=False, allow_infinity=False).map(repr),
)
TEXTS = some.builds(
    lambda text, ascii_only: json.dumps(text, ensure_ascii=ascii_only),
    some.text(max_size=6) | some.sampled_from(["é", "1.10", '{"A":1,"A":2}', "a b", "\\u0041", "\ud800", "😀", "\x7f"]),
    some.booleans(),
)
NAMES = some.sampled_from(['"A"', '"B"', '"a b"', '"ab"', r'"\u0041"', '"é"'])


def _holding(inner: some.SearchStrategy[str]) -> some.SearchStrategy[str]:
    """Structures, also with a name more than once, and lists."""
    member = some.builds(lambda name, space, value: f"{name}{space}:{space}{value}", NAMES, SPACE, inner)
    return some.builds(
        lambda brackets, members, entries, space: (
            brackets[0] + space + f",{space}".join(members if brackets == "{}" else entries) + space + brackets[1]
        ),
        some.sampled_from(["{}", "[]"]),
        some.lists(member, max_size=4),
        some.lists(inner, max_size=3),
        SPACE,
    )


JSON = some.recursive(NUMBERS | TEXTS | some.sampled_from(["true", "false", "null"]), _holding, max_leaves=12)


def read_by_json(body: bytes) -> object:
    return json.loads(body, parse_int=whole_number, parse_float=fraction, object_pairs_hook=structure)


@given(JSON)
def test_any_json_is_read_as_with_the_hooks(text: str) -> None:
    body = text.encode("utf-8", "surrogatepass")
    try:
        expected = repr(read_by_json(body))
    except NOT_JSON:
        with pytest.raises(NOT_JSON):
            exact_json(body)
    else:
        assert repr(exact_json(body)) == expected


@pytest.mark.parametrize(
    "text",
    [
        '{"A":"é 1","B":[1,2.5,true,null,{}],"C":9007199254740993}',
        '{"A": "é 1", "B": [1, 2.5, true, null, {}],\r\n\t"C": 9007199254740993}',
    ],
)
def test_an_answer_as_services_write_it_is_read_by_the_faster_library(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(values.json, "loads", lambda *_, **__: pytest.fail("the hooks are not needed"))
    assert exact_json(text.encode()) == {"A": "é 1", "B": [1, 2.5, True, None, {}], "C": 9007199254740993}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"A":1,"A":2}', {"A": 2, f"A{AGAIN}0": 1}),
        (r'{"A":1,"\u0041":2}', {"A": 2, f"A{AGAIN}0": 1}),
        ('{"A":{"B":1,"B":1}}', {"A": {"B": 1, f"B{AGAIN}0": 1}}),
        ('{"A":12345678901234567.89}', {"A": fraction("12345678901234567.89")}),
        ('{"A":123456789012345678901234567890}', {"A": 123456789012345678901234567890}),
        (r'{"A":"\ud800"}', {"A": "\ud800"}),
    ],
)
def test_what_the_faster_library_would_lose_is_kept(text: str, found: object) -> None:
    assert repr(exact_json(text.encode())) == repr(found)


def test_a_depth_that_the_faster_library_cannot_write_is_read() -> None:
    body = b'{"A":' * 300 + b"1" + b"}" * 300
    assert repr(exact_json(body)) == repr(read_by_json(body))


@pytest.mark.parametrize("body", [b"", b"{", b'{"A":1}}', b'\xff{"A":1}', b'{"A":1'])
def test_what_is_not_json_is_an_error(body: bytes) -> None:
    with pytest.raises(NOT_JSON):
        exact_json(body)
