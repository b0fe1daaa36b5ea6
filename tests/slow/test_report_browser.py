"""The report in a real browser, headless Chromium: nothing is loaded, nothing fails, numbers are those of the views."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from command.test_report import assert_equals_views, settings_in
from html_page import Page
from partner_central_sync.report import write_report
from partner_central_sync.sync.settings import Settings
from partner_central_sync.sync.working_folder import attach
from sandbox import TIMEOUT_S
from worked_example import SMALL_CASE, filled

pytestmark = pytest.mark.slow
CHROMIUM = shutil.which("chromium") or "chromium"
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--enable-logging=stderr"),
)
URL = re.compile(r'"url":"((?:https?|wss?|ftp):[^"]*)"')
ITS_OWN = re.compile(r"https?://[^/]*\.(google|googleapis|gvt1)\.com/")  # what the browser asks for itself
SORT = """<script>
const told = [];
const table = document.querySelector('table[aria-label="Unchanged for 30 days"]');
const column = () => [...table.tBodies[0].rows].map((row) => row.cells[0].textContent).join(" ");
const head = table.tHead.rows[0].cells[0];
for (const press of [1, 2]) {
  head.querySelector("button").click();
  told.push(head.getAttribute("aria-sort"), column());
}
document.title = told.join("|");
</script></body>"""
WIDTH = "<script>parent.postMessage([document.documentElement.scrollWidth, innerWidth].join(), '*')</script></body>"
CLIPPED = """<script>
document.querySelectorAll("details").forEach((one) => { one.open = true; });
const wide = [...document.querySelectorAll(".scroll")].filter((one) => one.scrollWidth > one.clientWidth);
document.title = "clipped: " + wide.map((one) => one.ariaLabel).join("|") + ";";
</script></body>"""
NARROW = """<script>
const widths = [...document.querySelectorAll("td.sentences")].map((one) => one.offsetWidth);
const isDate = (cell) => /^\\d{4}-\\d\\d-\\d\\d$/.test(cell.innerText);
const dates = [...document.querySelectorAll(".sortable td")].filter(isDate);
const broken = dates.filter((one) => getComputedStyle(one).whiteSpace != "nowrap");
document.title = `${widths.length} cells, from ${Math.min(...widths)}; ${dates.length} dates, ${broken.length} broken`;
</script></body>"""
PHONE = """<!doctype html><title></title><iframe src="{page}" style="width:390px;height:844px;border:0"></iframe>
<script>onmessage = (told) => { document.title = told.data; };</script>"""


def browsed(page: Path, profile: Path, *flags: str) -> tuple[str, list[str]]:
    """The page as the browser has it after its programs ran, and what they complained about."""
    log = profile / "network.json"
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", f"--log-net-log={log}", "--virtual-time-budget=3000"]
    ran = subprocess.run(
        [*command, *flags, "--dump-dom", page.as_uri()], capture_output=True, text=True, timeout=TIMEOUT_S, check=True
    )
    assert "net::" not in ran.stdout
    asked = {url for url in URL.findall(log.read_text()) if not ITS_OWN.match(url)}
    return ran.stdout, [*re.findall(r".*CONSOLE.*", ran.stderr), *asked]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("small")
    return filled(settings_in(folder), folder / "work", SMALL_CASE)


def test_a_browser_shows_the_views_numbers_asks_nobody_and_finds_no_fault(small: Settings, tmp_path: Path) -> None:
    page = write_report(small, tmp_path / "report.html")
    html, complaints = browsed(page, tmp_path / "profile")
    assert complaints == []
    assert_equals_views(Page(html), small)
    page.write_text(page.read_text().replace("</body>", "<script>console.error('seen')</script></body>"))
    assert any("seen" in line for line in browsed(page, tmp_path / "profile")[1]), "complaints would be seen"


def test_a_click_on_a_head_sorts_its_table_and_says_so(small: Settings, tmp_path: Path) -> None:
    page = write_report(small, tmp_path / "report.html")
    page.write_text(page.read_text().replace("</body>", SORT))
    html, complaints = browsed(page, tmp_path / "profile")
    assert complaints == []
    assert "<title>ascending|30 70|descending|70 30</title>" in html


def test_a_phone_shows_the_page_without_scrolling_sideways(small: Settings, tmp_path: Path) -> None:
    page = write_report(small, tmp_path / "report.html")
    page.write_text(page.read_text().replace("</body>", WIDTH))
    phone = tmp_path / "phone.html"
    phone.write_text(PHONE.replace("{page}", page.name))
    html, _ = browsed(phone, tmp_path / "profile")
    told = re.search(r"<title>(\d+),390</title>", html)
    assert told is not None
    assert int(told[1]) <= 390


def test_no_table_is_cut_at_the_width_of_a_desk(tmp_path: Path) -> None:
    settings = filled(settings_in(tmp_path), tmp_path / "work", SMALL_CASE)
    with attach(settings).sql_client() as sql:
        name = sql.make_qualified_table_name("opportunities__project_expected_customer_spend")
        sql.execute_sql(f"UPDATE {name} SET amount = 24270496.86")
    page = write_report(settings, tmp_path / "report.html")
    page.write_text(page.read_text().replace("</body>", CLIPPED))
    html, _ = browsed(page, tmp_path / "profile", "--window-size=1440,900")
    assert "<title>clipped: ;</title>" in html


@pytest.mark.parametrize("width", [390, 1440])
def test_what_people_wrote_has_room_for_words(small: Settings, tmp_path: Path, width: int) -> None:
    page = write_report(small, tmp_path / "report.html")
    page.write_text(page.read_text().replace("</body>", NARROW))
    html, _ = browsed(page, tmp_path / "profile", f"--window-size={width},900")
    told = re.search(r"<title>(\d+) cells, from (\d+); ([1-9]\d*) dates, 0 broken", html)
    assert told is not None
    assert (int(told[1]) > 0, int(told[2]) >= 160) == (True, True)


def test_a_hundred_thousand_opportunities_have_a_small_page(tmp_path: Path) -> None:
    settings = filled(settings_in(tmp_path), tmp_path / "work", SMALL_CASE)
    multiply(settings, 10_000)
    page = write_report(settings, tmp_path / "report.html")
    assert page.stat().st_size < 5_000_000
    read = Page(page.read_text())
    assert read.figures["Open"] == ["60,000"]
    assert_equals_views(read, settings)


def test_on_paper_long_tables_end_early_and_say_so(tmp_path: Path) -> None:
    settings = filled(settings_in(tmp_path), tmp_path / "work", SMALL_CASE)
    multiply(settings, 200)
    page = write_report(settings, tmp_path / "report.html")
    assert 'class="more paper"' in page.read_text()
    paper = tmp_path / "report.pdf"
    subprocess.run(
        [CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", f"--print-to-pdf={paper}", page.as_uri()],
        capture_output=True,
        timeout=TIMEOUT_S,
        check=True,
    )
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b", paper.read_bytes())) <= 10


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
