"""Rows as text: every value exactly, nothing that steers a terminal, and readable however wide they are."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
import sys
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from partner_central_sync.query import terminal
from partner_central_sync.query.currency import with_money
from partner_central_sync.query.output_formats import PRINTERS, OutputFormat, print_rows

VALUES = (
    'Say "hi" | <b>\n\x1b[31m',
    None,
    Decimal("12345678901234567890.10"),
    datetime(2026, 6, 1, 6, 23, 45, tzinfo=timezone(timedelta(hours=2))),
    date(2026, 6, 1),
    True,
    float("nan"),
    ["ä", 1, None],
    b"\x00\xff",
)
NAMES = ("name", "nothing", "amount", "moment", "day", "flag", "number", "list", "bytes")


def printed(form: OutputFormat, capsys: pytest.CaptureFixture[str]) -> str:
    print_rows(NAMES, [VALUES], form)
    return capsys.readouterr().out


def test_every_kind_of_value_is_printed_exactly(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed("csv", capsys) == (
        "name,nothing,amount,moment,day,flag,number,list,bytes\n"
        '"Say ""hi"" | <b>\n\x1b[31m",,12345678901234567890.10,2026-06-01 04:23:45 UTC,2026-06-01,true,nan,'
        '"[""ä"", 1, null]",\\x00ff\n'
    )
    text = printed("json", capsys)
    assert '"amount": 12345678901234567890.10,' in text
    assert json.loads(text)[0] | {"amount": 0} == {
        **dict(zip(NAMES, VALUES, strict=True)),
        "amount": 0,
        "moment": "2026-06-01T04:23:45Z",
        "day": "2026-06-01",
        "number": None,
        "bytes": "\\x00ff",
    }
    assert printed("markdown", capsys).splitlines()[2] == (
        '| Say "hi" \\| \\<b\\>\\\\n\\\\x1b\\[31m |  | 12,345,678,901,234,567,890.10 | 2026-06-01 04:23:45 UTC '
        '| 2026-06-01 | true | nan | \\["ä", 1, null\\] | \\\\x00ff |'
    )
    table = printed("table", capsys)
    assert "\x1b" not in table
    assert 'Say "hi" | <b>\\n\\x1b[31m' in table
    for form in (table, printed("vertical", capsys)):
        assert "12,345,678,901,234,567,890.10" in form, "as in the report"


MONEY = ("monthly_spend", "MONTHLY_SPEND", "project_expected_customer_spend", "customer_company_name", "monthly_amount")
LARGEST = "9" * 25 + ".99"
STORED: tuple[Any, ...] = (
    "EUR 3447.00, USD 1200.5, XXX -1234.00, 7000.00",
    f"USD {LARGEST}",
    "1,250.00 EUR Monthly (AWS); -3.00 JPY Monthly",
    "EUR 3447.00",
    Decimal(f"-{LARGEST}"),
)
GROUPED = "9," + ",".join(["999"] * 8) + ".99"
READ = (
    "EUR 3,447.00, USD 1,200.50, XXX -1,234.00, 7,000.00",
    f"USD {GROUPED}",
    "EUR 1,250.00 Monthly (AWS); JPY -3.00 Monthly",
    "EUR 3447.00",
    f"-{GROUPED}",
)


@pytest.mark.parametrize("form", ["table", "vertical", "markdown"])
def test_people_read_amounts_in_groups_of_digits(form: OutputFormat) -> None:
    out = io.StringIO()
    PRINTERS[form](MONEY, iter([STORED, (None,) * 5]), out)
    assert [text for text in READ if text not in out.getvalue()] == []
    assert re.findall("[0-9]{4,}", out.getvalue()) == ["3447"], "the name of a customer is not money"


@pytest.mark.parametrize("form", ["csv", "csv-excel"])
def test_programs_read_amounts_as_they_are_stored(form: OutputFormat) -> None:
    out = io.StringIO()
    PRINTERS[form](MONEY, iter([STORED, (None,) * 5]), out)
    rows = list(csv.reader(io.StringIO(out.getvalue())))[1:]
    assert rows == [[*STORED[:4], f"-{LARGEST}"], [""] * 5]
    PRINTERS["json"](MONEY, iter([STORED]), text := io.StringIO())
    assert [f'"{value}"' in text.getvalue() for value in STORED[:4]] == [True] * 4
    assert f'"monthly_amount": -{LARGEST}' in text.getvalue()


def test_values_of_a_change_are_amounts_if_the_change_is_of_the_spend() -> None:
    text = "1,250.00 EUR Monthly"
    names = ("what", "old_value", "new_value")
    assert with_money(names, ("expected spend", text, None)) == ("expected spend", "EUR 1,250.00 Monthly", None)
    assert with_money(names, ("stage", text, text)) == ("stage", text, text)
    assert with_money(("old_value",), (text,)) == (text,)
    assert with_money(("monthly_spend",), ("a talk of 5, or 6000 more",)) == ("a talk of 5, or 6000 more",)


def test_no_rows_are_an_empty_list_in_json_and_a_head_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    for form, expected in (("json", "[]\n"), ("csv", "a,b\n"), ("markdown", "| a | b |\n|---|---|\n")):
        print_rows(("a", "b"), [], form)  # type: ignore[arg-type]
        assert capsys.readouterr().out == expected


STEERING = "a\x1b[2Jb\x9bc\u202ed\u2066e\x07"
TEXT_FORMS: list[OutputFormat] = ["table", "vertical", "csv", "csv-excel", "json", "markdown"]


class Terminal(io.StringIO):
    """Standard output that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("form", TEXT_FORMS)
def test_nothing_that_steers_a_terminal_reaches_one(form: OutputFormat) -> None:
    out = Terminal()
    PRINTERS[form]([STEERING], iter([(STEERING,), ([STEERING],)]), out)
    assert terminal.escape_control(out.getvalue().replace("\n", "")) == out.getvalue().replace("\n", "")
    assert "202e" in out.getvalue()


def test_json_is_the_same_json_on_a_terminal_and_csv_elsewhere_keeps_every_character() -> None:
    out = Terminal()
    PRINTERS["json"]([STEERING], iter([(STEERING,)]), out)
    assert json.loads(out.getvalue()) == [{STEERING: STEERING}]
    file = io.StringIO()
    PRINTERS["csv"](["a"], iter([(STEERING,)]), file)
    assert list(csv.reader(io.StringIO(file.getvalue())))[1] == [STEERING]


def test_csv_for_excel_has_no_formula_and_its_numbers_stay_numbers() -> None:
    row = ("=1+1", "+1", "-1", "@x", "\tx", "\rx", "a=1", -1, Decimal("-1.50"), None)
    plain, safe = io.StringIO(), io.StringIO()
    names = ["=n", *"bcdefghij"]
    PRINTERS["csv"](names, iter([row]), plain)
    PRINTERS["csv-excel"](names, iter([row]), safe)
    assert safe.getvalue().startswith("\ufeff'=n,")
    (values,) = list(csv.reader(io.StringIO(safe.getvalue(), newline="")))[1:]
    assert values == ["'=1+1", "'+1", "'-1", "'@x", "'\tx", "'\rx", "a=1", "-1", "-1.50", ""]
    assert list(csv.reader(io.StringIO(plain.getvalue(), newline="")))[1][0] == "=1+1"


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("PAGER", "no-such-pager")
    return Terminal()


COLUMNS = [f"column_{number}" for number in range(12)]


def test_a_table_that_fits_is_a_table(narrow: Terminal) -> None:
    PRINTERS["table"](["a", "b"], iter([(1, "x")] * 50), narrow)
    assert narrow.getvalue().splitlines()[1] == "  a   b"
    assert len(narrow.getvalue().splitlines()) == 54


def test_few_rows_that_are_too_wide_are_blocks(narrow: Terminal) -> None:
    PRINTERS["table"](COLUMNS, iter([tuple(range(12)), (None,) * 12]), narrow)
    lines = narrow.getvalue().splitlines()
    assert lines[0].startswith("─── row 1 ─")
    assert lines[1] == "column_0   0"
    assert lines[13].startswith("─── row 2 ─")
    assert lines[-1] == "column_11  null"


def test_many_rows_that_are_too_wide_go_through_the_pager_unfolded(
    narrow: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rows = [tuple("x" * 30 for _ in COLUMNS)] * 21
    PRINTERS["table"](COLUMNS, iter(rows), narrow)
    assert len(narrow.getvalue().splitlines()) == 25  # without a pager, as they are
    got = tmp_path / "paged"
    copy = "import sys; open(sys.argv[1], 'w', encoding='utf-8').write(sys.stdin.buffer.read().decode())"
    monkeypatch.setenv("PAGER", shlex.join([sys.executable, "-c", copy, str(got)]))
    PRINTERS["table"](COLUMNS, iter(rows), Terminal())
    assert got.read_text(encoding="utf-8") == narrow.getvalue()


def test_wide_characters_keep_columns_apart() -> None:
    lines = terminal.table(["名前", "b"], [("日本", 1), ("x", 22)])
    assert lines == ["", "  名前    b", " ───────────", "  日本    1", "  x      22", ""]
    assert terminal.table(["a", "b"], [])[1] == "  a   b"
