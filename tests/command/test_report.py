"""`report`: the page says what the views say, whatever the data are, and loads nothing."""

from __future__ import annotations

import re
import secrets
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from html_page import Page
from partner_central.errors import ConfigurationError
from partner_central_sync.query.currency import money, spend, spend_of_version
from partner_central_sync.report import tables, write_report
from partner_central_sync.report.charts import columns, stacks
from partner_central_sync.report.snapshot import SHOWN
from partner_central_sync.sync.settings import Settings
from sandbox import Sandbox
from worked_example import HISTORY, SMALL_CASE, TABLES, Row, filled, moment, version

EMPTY = "\N{EN DASH}"
ELSEWHERE = re.compile(r"https?:|//[a-z]|\bsrc=|@import|url\((?!#)|<link|<iframe|xlink:href=\"(?!#)")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("small")
    return filled(settings_in(folder), folder / "work", SMALL_CASE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def settings_in(folder: Path) -> Settings:
    return Settings(database=folder / "partner_central.duckdb", pipelines_dir=folder / "pipelines")


def reported(settings: Settings, folder: Path) -> Page:
    """The page of a report, which is complete and loads nothing."""
    out = folder / "report.html"
    assert write_report(settings, out) == out
    text = out.read_text(encoding="utf-8")
    assert ELSEWHERE.search(re.sub(r"<td[^>]*>.*?</td>", "", text)) is None
    assert [path.name for path in folder.glob("*report.html*")] == ["report.html"]
    return Page(text)


def asked(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(settings.database), read_only=True) as connection:
        connection.execute("USE partner_central.partner_central")
        return connection.execute(query).fetchall()


def assert_equals_views(page: Page, settings: Settings) -> None:
    """The numbers on a page are those of the views, asked here in other words."""
    sizes = asked(
        settings,
        "SELECT count(*) FILTER (is_open AND NOT is_gone), count(*) FILTER (is_gone), "
        "count(*) FILTER (life_cycle_stage = 'Launched') FROM opportunity_current",
    )[0]
    assert [page.figures[name] for name in ("Open", "Gone", "Launched")] == [[f"{size:,}"] for size in sizes]
    for figure, view in (
        ("Action required", "action_required"),
        ("Past target close", "past_target_close"),
        ("Slipped", "slipped_close_dates"),
        ("Unchanged for 30 days", "stalled"),
    ):
        ids = [row[0] for row in asked(settings, f"SELECT id FROM {view} ORDER BY id")]
        assert page.figures[figure] == [f"{len(ids):,}"]
        table = {"Past target close": "Past the target close date", "Slipped": "Target close date slipped"}
        shown = page.tables.get(table.get(figure, figure), [[]])
        if len(ids) <= SHOWN:
            assert sorted(row[shown[0].index("Opportunity")] for row in shown[1:]) == ids
        else:
            assert len(shown) == SHOWN + 1
            assert f"and {len(ids) - SHOWN:,} more" in page.text
    for figure, query in (
        (
            "Open, expected a month",
            (
                "SELECT currency_code, sum(monthly_amount) FROM pipeline_by_stage GROUP BY ALL "
                "HAVING sum(monthly_amount) IS NOT NULL"
            ),
        ),
        ("Launched, expected a month", "SELECT currency_code, monthly_amount FROM launched_monthly_recurring"),
    ):
        amounts = sorted(money(amount, currency) for currency, amount in asked(settings, query))
        assert sorted(page.figures[figure]) == (amounts or [EMPTY])
    listed = {
        "By stage": ("SELECT life_cycle_stage, opportunities, monthly_amount, currency_code FROM pipeline_by_stage", 2),
        "By reason": (
            (
                "SELECT life_cycle_closed_lost_reason, opportunities, within_a_year, last_closed_on "
                "FROM closed_lost_reasons"
            ),
            None,
        ),
        "By quarter": (
            (
                "SELECT quarter, won, lost, win_rate_percent, undated FROM win_rate_by_quarter "
                "ORDER BY quarter DESC LIMIT 8"
            ),
            None,
        ),
        "How long a stage lasts": (
            "SELECT life_cycle_stage, median_days, average_days, longest_days, stays, lost FROM stage_velocity",
            None,
        ),
    }
    for name, (query, amount) in listed.items():
        rows = [
            [cell(value, row[-1] if place == amount else None) for place, value in enumerate(row[: (amount or 9) + 1])]
            for row in asked(settings, query)
        ]
        assert sorted(page.tables.get(name, [[]])[1:]) == sorted(rows)
    months = [row for name, table in page.tables.items() if name.startswith("By month") for row in table[1:]]
    rows = [
        [month, f"{number:,}", money(amount, code)]
        for month, code, number, amount in asked(
            settings,
            "SELECT coalesce(strftime(target_close_month, '%Y-%m'), ''), currency_code, opportunities, "
            "monthly_amount FROM expected_spend_by_month",
        )
    ]
    assert sorted(months) == sorted([row[0] or EMPTY, *row[1:]] for row in rows)


def cell(value: object, currency: str | None) -> str:
    if isinstance(value, Decimal) and currency is not None:
        return money(value, currency)
    return EMPTY if value is None else f"{value:,}" if isinstance(value, int | Decimal) else str(value)


def test_every_number_is_that_of_the_views(small: Settings, folder: Path) -> None:
    page = reported(small, folder)
    assert "As of 2026-06-10 12:00 UTC" in page.text
    assert "The last sync did not end well (unavailable)" in page.text
    assert_equals_views(page, small)
    (moves,) = [table for name, table in page.tables.items() if name == "By week"]
    assert moves[-1] == ["2026-06-04", "1", "1", "2", "2"]
    assert moves[-2] == ["2026-05-28", "1", "0", "0", "0"]
    assert page.tables["By age"][1:] == [
        *(["up to 7 days", "1", "1"], ["8 to 14 days", "0", "0"], ["15 to 30 days", "1", "0"]),
        ["over 30 days", "0", "0"],
    ]
    assert page.tables["Gone"][1:] == [
        ["2026-06-07 12:00", "Foxtrot", "F6", "Qualified", "Submitted", "USD\N{NO-BREAK SPACE}7.00"]
    ]


def test_a_page_can_be_used_without_seeing_it(small: Settings, folder: Path) -> None:
    page = reported(small, folder)
    names = [name for name, _ in page.tags]
    assert (names.count("h1"), names.count("main"), names.count("nav"), names.count("header")) == (1, 1, 1, 1)
    images = [attributes for name, attributes in page.tags if name == "svg"]
    assert len(images) >= 6
    assert all(image["role"] == "img" and len(image["aria-label"] or "") > 20 for image in images)
    ids = [attributes["id"] for _, attributes in page.tags if attributes.get("id")]
    assert len(ids) == len(set(ids))
    links = [attributes["href"] for name, attributes in page.tags if name == "a"]
    assert {f"{link}"[1:] for link in links} <= set(ids)
    assert all(attributes.get("scope") == "col" for name, attributes in page.tags if name == "th")


@pytest.mark.long
def test_an_empty_account_has_a_page(folder: Path) -> None:
    settings = filled(settings_in(folder), folder / "work", {})
    page = reported(settings, folder)
    assert "No opportunity has been seen yet" in page.text
    assert "Nothing is open." in page.text
    assert_equals_views(page, settings)


@pytest.mark.long
def test_hostile_names_nulls_and_unknown_currencies_are_text(folder: Path) -> None:
    evil = "<script>alert('x')</script> \"&' \u202e\u05d0\u05d1\u05d2"
    texts = {name: evil for name, kind in TABLES["opportunities"].items() if kind == "TEXT"} | {"id": "E1"}
    first = version("01-01 00:00", "06-01 12:30") | texts
    row = {name: value for name, value in first.items() if name in TABLES["opportunities"]}
    lost = row | {"id": "L1", "life_cycle_stage": "Closed Lost"}
    null = {"id": "N1", "last_modified_date": moment("06-10 00:00")}
    spends = [
        {"opportunity_id": one, "amount": Decimal("1234567.5"), "currency_code": code, "frequency": "Monthly"}
        for one, code in (("E1", "<X>"), ("N1", None), ("N1", "JPY"))
    ]
    rows: dict[str, list[Row]] = {
        "opportunities": [row, lost, null],
        "opportunity_history": [first, version("06-10 00:00", "06-10 12:30", id="N1")],
        "opportunities__project_expected_customer_spend": spends,
        "opportunity_presence": [{"id": "N1"}],
    }
    settings = filled(settings_in(folder), folder / "work", rows)
    page = reported(settings, folder)
    assert_equals_views(page, settings)
    assert [name for name, _ in page.tags].count("script") == 1
    assert evil in page.text
    cells = [attributes for name, attributes in page.tags if name == "td"]
    assert all("dir" in attributes or attributes.get("class") == "number" for attributes in cells)
    assert "<X>\N{NO-BREAK SPACE}1,234,567.50" in page.text
    assert "JPY\N{NO-BREAK SPACE}1,234,567.50" in page.text


@pytest.mark.long
def test_a_report_says_what_is_new_since_the_last_one_on_other_data(folder: Path) -> None:
    early = [row for row in HISTORY if row["first_seen_at"] < moment("06-06 00:00")]
    settings = filled(settings_in(folder), folder / "work", SMALL_CASE | {"opportunity_history": early})
    assert "first report" in reported(settings, folder).text
    assert "first report" in reported(settings, folder).text, "the same data: still the first"
    later = [row for row in HISTORY if row not in early]
    filled(settings, folder / "work", {"opportunity_history": later})
    for _ in range(2):  # written again, it says the same
        page = reported(settings, folder)
        assert "Since the report as of 2026-06-10 12:00 UTC" in page.text
        changes = page.tables["Changes"][1:]
        expected = asked(
            settings,
            "SELECT id, what FROM changes WHERE first_seen_at > '2026-06-05 12:30:00+00' AND what <> 'gone'",
        )
        assert sorted((row[2], row[3]) for row in changes) == sorted(expected)
        assert len(expected) == 11


@pytest.mark.long
def test_a_damaged_mark_makes_a_first_report(small: Settings, folder: Path) -> None:
    settings = replace(small, pipelines_dir=folder / "elsewhere")
    (folder / "elsewhere").mkdir()
    (folder / "elsewhere" / "partner_central.report").write_text('{"duckdb": [{"seen": "\'; DROP TABLE x"}]}')
    assert "first report" in reported(settings, folder).text


def test_a_page_is_written_only_where_a_file_can_be(small: Settings, folder: Path) -> None:
    with pytest.raises(ConfigurationError, match="is a folder"):
        write_report(small, folder)
    with pytest.raises(ConfigurationError, match=r"no folder .*missing"):
        write_report(small, folder / "missing" / "report.html")


def test_a_page_is_written_through_no_link(small: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "token_hex", lambda _: "known")
    kept = folder / "kept.txt"
    kept.write_text("mine")
    (folder / ".linked.html.known").symlink_to(kept)
    with pytest.raises(FileExistsError):
        write_report(small, folder / "linked.html")
    assert kept.read_text() == "mine"
    assert not (folder / "linked.html").exists()


def test_without_views_or_without_the_extra_the_report_says_what_to_do(
    small: Settings, synced: Sandbox, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with duckdb.connect(str(synced.database)) as connection:
        connection.execute("DROP VIEW IF EXISTS partner_central.partner_central.data_freshness")
    with pytest.raises(ConfigurationError, match="run partner-central sync"):
        write_report(synced.settings(), folder / "none.html")
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    with pytest.raises(ConfigurationError, match=r'pip install "partner-central-sync\[report\]"'):
        write_report(small, folder / "none.html")
    assert list(folder.glob("*none.html*")) == []


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("1234.5", "USD", "USD 1,234.50"),
        ("-1234.567", "EUR", "EUR -1,234.57"),
        ("300000", "JPY", "JPY 300,000.00"),
        ("12", "XXX", "XXX 12.00"),
        ("12", None, "12.00"),
        ("12345678901234567890.12", "GBP", "GBP 12,345,678,901,234,567,890.12"),
    ],
)
def test_money_has_one_form_whatever_the_currency_is(amount: str, currency: str | None, text: str) -> None:
    assert money(Decimal(amount), currency) == text.replace(" ", "\N{NO-BREAK SPACE}")


@pytest.mark.long
def test_the_largest_amounts_that_aws_takes_are_written_with_every_digit(folder: Path) -> None:
    largest = Decimal("9" * 31 + ".99")
    rows = {
        table: [
            {name: largest if isinstance(value, Decimal) else value for name, value in row.items()}
            for row in SMALL_CASE[table]
        ]
        for table in SMALL_CASE
    }
    settings = filled(settings_in(folder), folder / "work", rows)
    page = reported(settings, folder)
    assert "USD\N{NO-BREAK SPACE}9,999,999,999,999,999,999,999,999,999,999.99" in page.text
    (total,) = asked(settings, "SELECT sum(monthly_amount) FROM expected_spend_by_month WHERE currency_code = 'USD'")
    assert money(total[0], "USD") in page.text


def test_amounts_in_several_currencies_are_written_one_by_one() -> None:
    assert spend("EUR 50.00, JPY 1200.50") == "EUR\N{NO-BREAK SPACE}50.00, JPY\N{NO-BREAK SPACE}1,200.50"
    assert spend(None) == ""


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("34,904.60 USD Monthly (AWS)", "USD~34,904.60 Monthly (AWS)"),
        ("1,250.00 EUR; -3.00 JPY Monthly", "EUR~1,250.00; JPY~-3.00 Monthly"),
        ("7.00 USD (1.00 EUR Ltd)", "USD~7.00 (1.00 EUR Ltd)"),
        ("7.00", "7.00"),
        ("USD Monthly (AWS)", "USD Monthly (AWS)"),
        (None, ""),
    ],
)
def test_the_spend_of_a_version_has_the_form_of_every_amount(stored: str | None, shown: str) -> None:
    assert spend_of_version(stored) == shown.replace("~", "\N{NO-BREAK SPACE}")


def test_an_axis_begins_with_a_plain_zero() -> None:
    for chart in (
        columns([("Jan", 90_000_000.0), ("Feb", 0.0)], "spend"),
        stacks([("Q1", "won", 9_000.0)], {"won": "var(--b)"}, "closed"),
    ):
        labels = re.findall(r"<text [^>]*>([^<]*)</text>", chart)
        assert "0" in labels
        assert not {"0k", "0M", "0.0M"} & set(labels)


def test_the_stylesheet_and_the_tables_agree_how_many_rows_are_printed() -> None:
    style = Path(tables.__file__).with_name("style.css").read_text()
    assert f"tr:nth-child(n + {tables.PRINTED + 1})" in style
