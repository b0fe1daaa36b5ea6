"""One value into one column: what fits comes out exact, what does not is `Unfit` and never null, rounded or cut."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as some

from partner_central.tables.types import CONVERT, OF_JSON, TYPES, ColumnType
from partner_central.tables.values import AGAIN, LONGEST_TEXT, InvalidValue, fraction, parse_timestamp, structure

NINES = "9" * 36
LARGEST, SMALLEST = 2**63 - 1, -(2**63)

TOO_FINE = ["1.001", "0.005", "1e-3", "1e-9999"]
TOO_LARGE = ["1" + "0" * 36, "1e36", "-1e36", "1e9999", "1e999999", 10**40, 1e300]
BEYOND_64_BITS = [LARGEST + 1, SMALLEST - 1, str(LARGEST + 1), str(SMALLEST - 1), "1e9999", "9" * 5000, 1e300]
FULLWIDTH_12, ARABIC_3, FULLWIDTH_2026 = "\uff11\uff12", "\u0663", "\uff12\uff10\uff12\uff16"
MISWRITTEN = ["1_000", "1,000", "1 ", " 1", "1\n", ".", "-", "+-1", "1e", "e5", "0x10", "1.2.3", FULLWIDTH_12, ARABIC_3]
NO_NUMBERS = ["many", float("nan"), float("inf"), float("-inf"), True, False, {}]
OUTSIDE_THE_CALENDAR = ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "2026-02-30T00:00:00Z"]
OUTSIDE_THE_DAY = ["2026-05-01T25:00:00Z", "2026-05-01T12:60:00Z", "2026-05-01T12:00:00+24:00"]
NO_MOMENTS = [f"{FULLWIDTH_2026}-05-01", "", " ", "yesterday", "2026", "1767322800", 1767322800, 1.5, True, None, {}]
NO_DAYS = ["2026-02-30", "2025-02-29", "0000-01-01", "10000-01-01", "2026-1-2", "2026-01-02 ", "2026-01-02T00:00:00Z"]
STRANGE_TEXTS = [
    "",
    " ",
    "a\r\nb",
    "line\u2028separator\u2029\x85",
    "\x01\x1b[0m\x7f",
    "'; DROP TABLE x",
    '"\\',
    "null",
]
STRANGE_TEXTS += ["\U0001f600\U0010ffff", "x\uf026", "\uf025first", "\uf02ffirst", "\ufeff"]


def short(value: object) -> str:
    """A value in the name of a test."""
    return ascii(value)[:24]


def test_there_is_a_converter_for_each_type_of_column() -> None:
    assert set(TYPES) == set(CONVERT) == set(get_args(ColumnType))
    assert {str: "text", int: "bigint", float: "double", bool: "bool"} == OF_JSON


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        ("531", "531.00"),
        ("531.0", "531.00"),
        ("4993.33", "4993.33"),
        ("1000.", "1000.00"),
        (".5", "0.50"),
        ("0", "0.00"),
        ("-1.5", "-1.50"),
        ("+2", "2.00"),
        ("007", "7.00"),
        ("1.10000", "1.10"),
        ("1e5", "100000.00"),
        ("1E+2", "100.00"),
        ("15e-1", "1.50"),
        ("0e9999", "0.00"),
        (NINES, f"{NINES}.00"),
        (f"{NINES}.99", f"{NINES}.99"),
        (f"-{NINES}.99", f"-{NINES}.99"),
        (f"{'9' * 31}.00", f"{'9' * 31}.00"),
        ("0" * 50 + "1", "1.00"),
        (1, "1.00"),
        (0.1, "0.10"),
    ],
)
def test_an_amount_is_kept_to_the_cent(value: object, amount: str) -> None:
    found = CONVERT["decimal"](value)
    assert isinstance(found, Decimal)
    assert str(found) == amount


@pytest.mark.parametrize("kind", ["decimal", "bigint"])
def test_an_empty_number_is_null(kind: ColumnType) -> None:
    assert CONVERT[kind]("") is None


@pytest.mark.parametrize(
    "value", [*TOO_FINE, *TOO_LARGE, *MISWRITTEN, "NaN", "sNaN", "Infinity", *NO_NUMBERS, None, ["1"]], ids=short
)
def test_what_is_no_amount_to_the_cent_is_unfit(value: object) -> None:
    with pytest.raises(InvalidValue):
        CONVERT["decimal"](value)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (TOO_LARGE[:4], "more than 36 digits before the decimal point"),
        (TOO_FINE, "more than 2 digits after the decimal point"),
        (MISWRITTEN, "is not a number"),
    ],
)
def test_the_reason_says_what_is_wrong_with_an_amount(values: list[object], reason: str) -> None:
    for value in values:
        with pytest.raises(InvalidValue, match=reason):
            CONVERT["decimal"](value)


@given(some.decimals(min_value=0, max_value=Decimal(f"{NINES}.99"), places=2))
def test_every_amount_that_fits_comes_back_equal(amount: Decimal) -> None:
    assert CONVERT["decimal"](f"{amount:f}") == amount


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("12", 12),
        ("12.", 12),
        ("12.0", 12),
        ("1e3", 1000),
        ("-0", 0),
        (12, 12),
        (12.0, 12),
        (str(LARGEST), LARGEST),
        (f"{LARGEST}.0", LARGEST),
        (str(SMALLEST), SMALLEST),
        (LARGEST, LARGEST),
        (SMALLEST, SMALLEST),
    ],
)
def test_a_whole_number_of_64_bits_is_kept(value: object, number: int) -> None:
    found = CONVERT["bigint"](value)
    assert type(found) is int
    assert found == number


@pytest.mark.parametrize("value", [*BEYOND_64_BITS, 12.5, "12.5", "1e-1", *MISWRITTEN, *NO_NUMBERS, None], ids=short)
def test_what_is_no_whole_number_of_64_bits_is_unfit(value: object) -> None:
    with pytest.raises(InvalidValue):
        CONVERT["bigint"](value)


@pytest.mark.parametrize("digits", range(10))
def test_a_timestamp_keeps_its_digits_down_to_the_microsecond(digits: int) -> None:
    fraction = "." + "123456789"[:digits] if digits else ""
    microseconds = int("123456"[:digits].ljust(6, "0"))
    expected = datetime(2026, 5, 1, 12, 30, 59, microseconds, tzinfo=UTC)
    assert parse_timestamp(f"2026-05-01T12:30:59{fraction}Z") == expected


@pytest.mark.parametrize(
    ("value", "instant"),
    [
        ("2026-05-01T12:30:00+05:30", datetime(2026, 5, 1, 7, tzinfo=UTC)),
        ("2026-05-01T23:30:00-01:00", datetime(2026, 5, 2, 0, 30, tzinfo=UTC)),
        ("2026-05-01T12:30:00", datetime(2026, 5, 1, 12, 30, tzinfo=UTC)),
        ("2026-05-01", datetime(2026, 5, 1, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", datetime.min.replace(tzinfo=UTC)),
        ("0001-01-01T00:00:00-01:00", datetime(1, 1, 1, 1, tzinfo=UTC)),
        ("9999-12-31T23:59:59.999999999Z", datetime.max.replace(tzinfo=UTC)),
    ],
)
def test_a_timestamp_is_the_same_instant_in_utc(value: str, instant: datetime) -> None:
    found = parse_timestamp(value)
    assert (found, found.tzinfo) == (instant, UTC)


@pytest.mark.parametrize("value", [*OUTSIDE_THE_CALENDAR, *OUTSIDE_THE_DAY, *NO_MOMENTS], ids=short)
def test_what_is_no_timestamp_of_the_years_1_to_9999_is_unfit(value: object) -> None:
    with pytest.raises(InvalidValue, match="is not a timestamp"):
        CONVERT["timestamp"](value)


@pytest.mark.parametrize("value", ["0001-01-01", "2024-02-29", "9999-12-31"])
def test_a_date_is_kept(value: str) -> None:
    found = CONVERT["date"](value)
    assert type(found) is date
    assert found.isoformat() == value


@pytest.mark.parametrize("value", [*NO_DAYS, *NO_MOMENTS], ids=short)
def test_what_is_no_date_is_unfit(value: object) -> None:
    with pytest.raises(InvalidValue, match="is not a date"):
        CONVERT["date"](value)


@pytest.mark.parametrize("value", [*STRANGE_TEXTS, "x" * LONGEST_TEXT], ids=short)
def test_text_is_kept_as_it_is(value: str) -> None:
    assert CONVERT["text"](value) == value


@pytest.mark.parametrize(("value", "text"), [(7, "7"), (1.5, "1.5"), (10**30, "1" + "0" * 30)])
def test_a_number_where_text_belongs_is_kept_as_text(value: object, text: str) -> None:
    assert CONVERT["text"](value) == text


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("a\0b", "NUL"),
        ("\0", "NUL"),
        ("\ud800", "surrogate"),
        ("x\udfffy", "surrogate"),
        ("\ude00\ud83d", "surrogate"),
        ("\uf026first", "reserves"),
        ("\uf02efirst", "reserves"),
        ("x" * (LONGEST_TEXT + 1), "longer than 1,048,576"),
        (True, "is not text"),
        (None, "is not text"),
        ({"a": 1}, "is not text"),
        (["a"], "is not text"),
    ],
    ids=short,
)
def test_text_no_database_can_hold_is_unfit_and_the_reason_says_why(value: object, reason: str) -> None:
    with pytest.raises(InvalidValue, match=reason):
        CONVERT["text"](value)


@given(some.text())
def test_any_text_is_either_kept_whole_or_unfit(value: str) -> None:
    try:
        assert CONVERT["text"](value) == value
    except InvalidValue:
        assert "\0" in value or 0xF026 <= ord(value[0]) <= 0xF02E


def test_only_true_and_false_are_truth_values() -> None:
    assert [CONVERT["bool"](value) for value in (True, False)] == [True, False]
    others: list[object] = [0, 1, "true", "", None, []]
    for other in others:
        with pytest.raises(InvalidValue):
            CONVERT["bool"](other)


@pytest.mark.parametrize("value", [*MISWRITTEN, *NO_NUMBERS, None, []], ids=short)
def test_what_is_no_number_is_no_double(value: object) -> None:
    with pytest.raises(InvalidValue):
        CONVERT["double"](value)


def test_a_double_is_kept() -> None:
    assert [CONVERT["double"](value) for value in ("1.5", 1.5, 1, "-2e-3")] == [1.5, 1.5, 1.0, -0.002]


@pytest.mark.parametrize(
    "value", [Decimal("12345678901234567.89"), 2**53 + 1, "0.10000000000000000001", Decimal("1e-400")], ids=short
)
def test_a_number_with_more_digits_than_a_double_holds_is_unfit_and_not_rounded(value: object) -> None:
    with pytest.raises(InvalidValue):
        CONVERT["double"](value)


@pytest.mark.parametrize(
    ("digits", "kept"),
    [
        ("0.5", 0.5),
        ("7.10", 7.1),
        ("1e3", 1000.0),
        ("-0.0", 0.0),
        ("0.1", 0.1),
        ("100000000000000000000.0", 1e20),
        ("12345678901234567.89", Decimal("12345678901234567.89")),
        ("99999999999999999.99", Decimal("99999999999999999.99")),
        ("0.10000000000000000001", Decimal("0.10000000000000000001")),
        ("1e400", Decimal("1e400")),
        ("1e-400", Decimal("1e-400")),
        ("1e99999999999999999999", "1e99999999999999999999"),
    ],
)
def test_a_json_number_keeps_every_digit(digits: str, kept: object) -> None:
    found = fraction(digits)
    assert (type(found), found) == (type(kept), kept)


@given(some.decimals(allow_nan=False, allow_infinity=False))
def test_any_json_number_is_equal_to_what_was_sent(number: Decimal) -> None:
    found = fraction(f"{number:E}")
    assert Decimal(repr(found) if isinstance(found, float) else found) == number


def test_a_known_amount_and_a_known_text_take_a_number_exactly() -> None:
    sent = Decimal("99999999999999999.99")
    assert CONVERT["decimal"](sent) == sent
    assert CONVERT["text"](sent) == "99999999999999999.99"
    assert CONVERT["bigint"](Decimal(9007199254740993)) == 9007199254740993


def test_a_structure_keeps_all_values_of_a_name_that_it_has_twice() -> None:
    assert structure([("A", 1), ("B", 2)]) == {"A": 1, "B": 2}
    twice = structure([("A", 1), ("B", 2), ("A", 3), ("A", 4)])
    assert (twice["A"], sorted(twice.values(), key=str)) == (4, [1, 2, 3, 4])
    assert {name.partition(AGAIN)[0] for name in twice} == {"A", "B"}


@pytest.mark.parametrize("value", ["1e999", "-1e999", 10**400], ids=short)
def test_a_number_too_large_for_a_double_is_unfit_and_not_infinity(value: object) -> None:
    with pytest.raises(InvalidValue):
        CONVERT["double"](value)


@pytest.mark.parametrize("kind", sorted(CONVERT))
@pytest.mark.parametrize("value", ["secret-\0", {"secret": 1}])
def test_a_reason_quotes_no_customer_data(kind: ColumnType, value: object) -> None:
    with pytest.raises(InvalidValue) as raised:
        CONVERT[kind](value)
    assert "secret" not in str(raised.value)
