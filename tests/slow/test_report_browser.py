"""The report in a real browser, headless Chromium: its programs count as Python does, and every choice is followed."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browser import Browser
from command.test_report import EVIL, asked, hostile, largest, settings_in, share, single, without_streams
from partner_central_sync.report import snapshot, write_report
from partner_central_sync.sync.settings import Settings
from partner_central_sync.sync.working_folder import attach
from worked_example import SMALL_CASE, filled

pytestmark = pytest.mark.slow
AXE = "axe-core@4.14.1"
WRITTEN = """addEventListener("DOMContentLoaded", () => {
    window.written = new Map([...document.querySelectorAll("[data-figure]")].map((one) => [one, one.textContent]));
})"""
DIFFERENT = """[...document.querySelectorAll("[data-figure]")].map((one) => [
    one.dataset.figure, written.get(one), one.textContent,
]).filter(([, file, drawn]) => file !== drawn)"""
NUMBER = "document.querySelector('[data-figure=\"{}\"] .number').textContent"
LISTED = "[...document.querySelectorAll('.tabulator-row')].map((row) => row.textContent)"
CLIPPED = """[...document.querySelectorAll(".list")].filter((one) => one.scrollWidth > one.clientWidth + 1)
    .map((one) => one.ariaLabel)"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("small")
    return filled(settings_in(folder), folder / "work", SMALL_CASE)


@pytest.fixture(scope="module")
def page(small: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(small, tmp_path_factory.mktemp("page") / "report.html")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("profile")) as found:
        found.call("Page.addScriptToEvaluateOnNewDocument", source=WRITTEN)
        yield found


@pytest.fixture(autouse=True)
def desk(browser: Browser) -> Iterator[None]:
    browser.size(1440)
    browser.media()
    browser.complaints.clear()
    yield
    assert browser.complaints == []


def number(browser: Browser, figure: str) -> str:
    found: str = browser.evaluate(NUMBER.format(figure))
    return found


@pytest.mark.parametrize("case", ["small", "hostile", "largest", "empty", "single", "off", "many", "shared", "cut"])
def test_the_browser_counts_as_python_does(
    browser: Browser, tmp_path: Path, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if case == "cut":
        monkeypatch.setattr(snapshot, "MOST_OPPORTUNITIES", 4)
        monkeypatch.setattr(snapshot, "MOST_OTHERS", 2)
    if case in {"hostile", "single", "off"}:
        settings = {"hostile": hostile, "single": single, "off": without_streams}[case](tmp_path)
    else:
        rows = {"small": SMALL_CASE, "largest": largest(), "empty": {}}.get(case, SMALL_CASE)
        settings = filled(settings_in(tmp_path), tmp_path / "work", rows)
    if case == "many":
        multiply(settings, 50)
    if case == "shared":
        share(settings)
    browser.open(write_report(settings, tmp_path / "report.html"))
    assert browser.evaluate(DIFFERENT) == []
    if case == "shared":
        browser.evaluate("toggle('account', 'north')")
        assert number(browser, "pipeline") == "6"
        assert browser.evaluate("location.hash") == "#account=north"
    if case == "cut":
        browser.evaluate("document.querySelector('[data-figure=by_stage] .pick').click()")
        assert int(number(browser, "pipeline")) < 6, "a filter counts what the page has"


def test_another_number_would_be_found(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.evaluate("tables.opportunities.columns.pipeline.ints.fill(1), unfiltered.clear(), redraw()")
    assert {name for name, *_ in browser.evaluate(DIFFERENT)} >= {"pipeline", "by_stage"}


def test_what_no_filter_leaves_out_is_counted_once(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.evaluate(
        "globalThis.counted = 0; const count = evaluate; evaluate = (...of) => (counted += 1, count(...of))"
    )
    browser.evaluate("toggle('stage', 'Qualified')")
    assert browser.evaluate("counted") > 0
    assert number(browser, "pipeline") == "2"
    browser.evaluate("counted = 0; reset()")
    assert browser.evaluate("counted") == 0
    assert browser.evaluate(DIFFERENT) == []


def test_a_filter_is_followed_by_every_figure_and_kept_in_the_address(
    browser: Browser, page: Path, small: Settings
) -> None:
    browser.open(page)
    browser.evaluate("document.querySelector('[data-figure=by_stage] .pick').click()")
    stage = browser.evaluate("[...state.filters.stage][0]")
    query = f"SELECT count(*) FROM opportunity_current WHERE is_pipeline AND life_cycle_stage = '{stage}'"
    ((expected,),) = asked(small, query)
    assert number(browser, "pipeline") == str(expected)
    fragment = browser.evaluate("location.hash")
    assert fragment == f"#stage={stage.replace(' ', '+')}"
    browser.open(page, fragment)
    assert number(browser, "pipeline") == str(expected)
    assert number(browser, "launched") == "0"
    browser.evaluate("document.getElementById('reset').click()")
    assert browser.evaluate(DIFFERENT) == []
    assert browser.evaluate("location.hash") == ""


def test_a_search_finds_words_wherever_they_are(browser: Browser, page: Path) -> None:
    browser.open(page, "#q=acme+archive")
    assert number(browser, "pipeline") == "1"
    assert [row[:4] for row in browser.evaluate(LISTED)] == ["Acme"]


def test_dates_limit_what_is_counted(browser: Browser, page: Path, small: Settings) -> None:
    browser.open(page, "#target=2026-06-01..2026-07-31&created=..2026-06-01")
    query = (
        "SELECT count(*) FROM opportunity_current WHERE is_pipeline AND life_cycle_target_close_date "
        "BETWEEN '2026-06-01' AND '2026-07-31' AND created_date < '2026-06-02'"
    )
    assert [(int(number(browser, "pipeline")),)] == asked(small, query)


def test_a_tile_leads_to_its_opportunities(browser: Browser, page: Path, small: Settings) -> None:
    browser.open(page)
    browser.evaluate("document.querySelector('[data-figure=overdue] .lead').click()")
    browser.wait("document.querySelectorAll('.tabulator-row').length > 0")
    customers = asked(small, "SELECT customer_company_name FROM past_target_close")
    assert len(browser.evaluate(LISTED)) == len(customers)
    assert "Only: Past target close" in browser.evaluate("document.getElementById('listed').textContent")
    assert browser.evaluate("document.activeElement.id") == "opportunities-title"


def test_a_list_says_how_many_rows_it_leaves_out_and_shows_them(browser: Browser, page: Path) -> None:
    shown = "document.querySelectorAll('[data-figure=changed] tbody tr').length"
    rest = "document.querySelector('[data-figure=changed] .list + .note')?.textContent"
    more = "document.querySelector('[data-figure=changed] .list + .note button')"
    browser.open(page)
    counted = int(number(browser, "changed"))
    first = browser.evaluate(shown)
    assert counted > first
    assert browser.evaluate(rest) == f"and {counted - first} more"
    browser.evaluate(f"{more}.click()")
    assert browser.evaluate(shown) == min(counted, first + 50)
    assert browser.evaluate(f"{more} === null") == (counted <= first + 50)
    assert browser.evaluate("document.activeElement.className") == "list"


def test_a_bar_filters_by_the_keyboard(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.evaluate("document.querySelector('[data-figure=by_review] .pick').focus()")
    browser.key("Enter", "\r")
    assert browser.evaluate("location.hash").startswith("#standing=")


def test_a_panel_tells_the_history_of_an_opportunity(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.evaluate("openPanel(tables.opportunities.columns.id.rows.indexOf('A1'))")
    text = browser.evaluate("document.getElementById('panel').textContent")
    for part in (
        "Acme",
        "EUR\N{NO-BREAK SPACE}50.00, USD\N{NO-BREAK SPACE}1,200.50",
        "In review",
        "Partner Referral",
        "Ask for MAP",
        "Al Ash (AWSSalesRep)",
    ):
        assert part in text
    browser.key("Escape")
    assert browser.evaluate("document.getElementById('panel').open") is False


def test_amounts_are_shown_in_the_reporting_currency_or_in_one(browser: Browser, page: Path) -> None:
    browser.open(page)
    amount = "document.querySelector('[data-figure=launched] .sum').textContent"
    assert browser.evaluate(amount) == "\N{ALMOST EQUAL TO}$3.0K a month"
    browser.evaluate("state.currency = 'JPY', changed()")
    assert browser.evaluate(amount) == "\N{YEN SIGN}300.0K a month"
    assert browser.evaluate("location.hash") == "#in=JPY"
    assert browser.evaluate("document.getElementById('in').value") == "JPY"
    saved = browser.evaluate("csvOf(sortedBy('id', 'asc'), ['id', 'reporting'])").splitlines()
    assert saved[0] == '\ufeff"Opportunity","In USD"'
    assert '"C3",3000.00' in saved


def test_amounts_are_sorted_by_value_and_saved_exactly(browser: Browser, page: Path) -> None:
    browser.open(page, "#in=USD")
    rows = browser.evaluate("sortedBy('amount', 'desc').map((row) => tables.opportunities.columns.id.at(row))")
    assert rows[:4] == ["A1", "J10", "E5", "F6"]
    saved = browser.evaluate("csvOf(sortedBy('id', 'asc'), ['id', 'amount', 'currency', 'target'])").splitlines()
    assert saved[0] == '\ufeff"Opportunity","Expected a month","Currency","Target close"'
    assert '"C3",300000.00,"JPY",2026-06-05' in saved


def test_what_a_spreadsheet_would_compute_is_saved_as_text(browser: Browser, page: Path) -> None:
    browser.open(page)
    texts = ["=1+1", "+1", "-1", "@A1", "\t=1", 'a "b"', "plain"]
    expected = ['"\'=1+1"', '"\'+1"', '"\'-1"', '"\'@A1"', '"\'\t=1"', '"a ""b"""', '"plain"']
    assert browser.evaluate(f"{json.dumps(texts)}.map(csvText)") == expected


def test_hostile_names_are_text_in_tables_and_panels(browser: Browser, tmp_path: Path) -> None:
    browser.open(write_report(hostile(tmp_path), tmp_path / "report.html"))
    browser.wait("document.querySelectorAll('.tabulator-row').length > 0")
    assert any(EVIL in row for row in browser.evaluate(LISTED))
    browser.evaluate("openPanel(tables.opportunities.columns.id.rows.indexOf('E1'))")
    assert EVIL in browser.evaluate("document.getElementById('panel-title').textContent")
    assert browser.evaluate("document.querySelectorAll('body script').length") == 3


@pytest.mark.parametrize("width", [390, 1024, 1440])
def test_nothing_is_cut_or_scrolls_sideways(browser: Browser, tmp_path: Path, width: int) -> None:
    settings = filled(settings_in(tmp_path), tmp_path / "work", SMALL_CASE)
    multiply(settings, 20)
    browser.size(width, 844)
    browser.open(write_report(settings, tmp_path / "report.html"))
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    assert browser.evaluate(CLIPPED) == []


def test_filters_are_one_row_on_a_phone_until_they_are_opened(browser: Browser, page: Path) -> None:
    shown = "[...document.querySelectorAll('#more, #choice .filter')].map((one) => one.getClientRects().length > 0)"
    browser.open(page)
    desk_has, *lists = browser.evaluate(shown)
    assert (desk_has, all(lists)) == (False, True)
    browser.size(390)
    assert browser.evaluate(shown) == [True] + [False] * len(lists)
    browser.evaluate("toggle('stage', 'Qualified')")
    browser.evaluate("setRange('target', [0, 60])")
    assert browser.evaluate("document.getElementById('more').textContent") == "Filters (2)"
    browser.evaluate("document.getElementById('more').click()")
    assert browser.evaluate(shown) == [True] * (len(lists) + 1)
    browser.evaluate("document.getElementById('more').click()")
    assert browser.evaluate(shown) == [True] + [False] * len(lists)


def test_what_needs_nobody_is_one_line(browser: Browser, page: Path) -> None:
    lines = "Object.fromEntries([...document.querySelectorAll('#needs .none')].map((one) => [one.dataset.figure, "
    lines += "one.querySelector('.note').textContent]))"
    browser.open(page)
    before = browser.evaluate(lines)
    browser.evaluate("state.q = 'what nobody wrote', changed()")
    assert browser.evaluate(lines) == {
        "action_required": "Nothing was sent back.",
        "referrals": "Nothing waits for an answer.",
        "overdue": "Nothing is past its date.",
        "slipping": "Nothing.",
    }
    browser.evaluate("reset()")
    assert browser.evaluate(lines) == before
    assert "overdue" not in before


def test_without_programs_the_page_is_readable(browser: Browser, page: Path) -> None:
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.call("Page.navigate", url=page.as_uri())
        browser.wait("document.readyState === 'complete' && document.getElementById('opportunities')")
        assert number(browser, "pipeline") == "6"
        rows = browser.evaluate("document.querySelectorAll('#first tbody tr').length")
        assert rows == len(SMALL_CASE["opportunities"])
        assert browser.evaluate("document.getElementById('filters').hidden") is True
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The program that looks for barriers, from npm."""
    folder = tmp_path_factory.mktemp("axe")
    npm = shutil.which("npm") or "npm"
    packed = subprocess.run([npm, "pack", AXE], cwd=folder, capture_output=True, text=True, check=True)
    shutil.unpack_archive(folder / packed.stdout.split()[-1], folder, "gztar")
    return (folder / "package" / "axe.min.js").read_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_there_are_no_barriers(browser: Browser, page: Path, axe: str, scheme: str, width: int) -> None:
    browser.size(width)
    browser.media(prefers_color_scheme=scheme)
    browser.open(page)
    browser.wait("document.querySelectorAll('.tabulator-row').length > 0")
    browser.evaluate(f"{axe}; 0")
    for state in (
        "0",
        "document.getElementById('more').click()",
        "document.querySelector('#filters .filter').open = true",
        "openPanel(tables.opportunities.columns.id.rows.indexOf('A1'))",
    ):
        browser.evaluate(state)
        assert barriers(browser) == []


def barriers(browser: Browser) -> list[Any]:
    found = "axe.run().then(({violations}) => violations.map((one) => [one.id, one.nodes.map((node) => node.html)]))"
    result: list[Any] = browser.evaluate(found)
    return result


def test_paper_has_every_number_and_no_controls(browser: Browser, page: Path) -> None:
    hidden = "[...document.querySelectorAll('{}')].every((one) => one.getClientRects().length === 0)"
    browser.open(page)
    browser.evaluate("gridRows = [], dispatchEvent(new Event('beforeprint'))")  # as if the grid had no page yet
    browser.media(media="print")
    assert browser.evaluate("document.querySelectorAll('#first tbody tr').length") == len(SMALL_CASE["opportunities"])
    assert browser.evaluate(hidden.format("#since label, #since button"))
    assert browser.evaluate(hidden.format("#filters form, nav, .screen"))
    assert browser.evaluate("[...document.querySelectorAll('[data-figure]')].every((one) => one.offsetHeight > 30)")
    assert browser.evaluate("document.querySelectorAll('main details:not([open])').length") == 1


def multiply(settings: Settings, times: int) -> None:
    """Have each opportunity so often, under other ids, with its history and its spend."""
    with attach(settings).sql_client() as sql:
        for table, key in (
            ("opportunities", "id"),
            ("opportunity_history", "id"),
            ("opportunity_presence", "id"),
            ("opportunities__project_expected_customer_spend", "opportunity_id"),
        ):
            name = sql.make_qualified_table_name(table)
            sql.execute_sql(
                f"INSERT INTO {name} SELECT * EXCLUDE (again) REPLACE ({key} || '-' || again AS {key}) "
                f"FROM {name}, range(1, {times}) AS numbers(again)"
            )
