"""`report`: the page says what the views say, whatever the data are, and loads nothing."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dlt.destinations.job_client_impl import SqlJobClientBase

from html_page import Page
from partner_central.errors import ConfigurationError
from partner_central_sync.query.currency import EXACT, spend_of_version
from partner_central_sync.query.read_only import open_read_only
from partner_central_sync.report import page as page_module
from partner_central_sync.report import snapshot, write_report
from partner_central_sync.report.currency import ABOUT, exact, short
from partner_central_sync.report.draw import nice
from partner_central_sync.report.embed import to_json
from partner_central_sync.report.evaluate import Entry, Group
from partner_central_sync.report.figures import figures
from partner_central_sync.report.queries import OPTIONAL, QUERIED
from partner_central_sync.report.snapshot import Snapshot, load_snapshot
from partner_central_sync.sync.settings import Settings
from partner_central_sync.sync.working_folder import attach
from partner_central_sync.views.keeping import create_views
from partner_central_sync.views.user_tables import USER_TABLES
from sandbox import Sandbox
from worked_example import SMALL_CASE, TABLES, Row, filled, moment, version

EMPTY = "\N{EN DASH}"
ELSEWHERE = re.compile(r"\bsrc=|@import|url\((?!#)|<link|<iframe|href=\"(?!#)")
EVIL = "<script>alert('x')</script> \"&' \u202e\u05d0\u05d1\u05d2 \u2028</script>"


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
    body = re.sub(r"<(td|th|dd)[^>]*>.*?</\1>", "", re.sub(r"<script.*</script>", "", text, flags=re.DOTALL))
    assert ELSEWHERE.search(body) is None
    assert [path.name for path in folder.glob("*report.html*")] == ["report.html"]
    return Page(text)


def snapshot_of(settings: Settings) -> Snapshot:
    with open_read_only(settings) as client, localcontext(EXACT):
        return load_snapshot(client, settings.dataset_name, settings.account, None)


def asked(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(settings.database), read_only=True) as connection:
        connection.execute("USE partner_central.partner_central")
        return connection.execute(query).fetchall()


def counts(entries: list[Entry], place: int = 0) -> dict[Any, int]:
    return {entry.key: entry.group.counts[place] for entry in entries if entry.group.counts[place]}


def sums(entries: list[Entry], reporting: str | None = None) -> dict[tuple[Any, str | None], Decimal]:
    """The amounts by key and currency, or by key alone what they are in the reporting currency."""
    with localcontext(EXACT):
        return {
            (entry.key, None if reporting else currency or None): Decimal(amount) / 100
            for entry in entries
            for currency, amount in entry.group.sums[0].items()
            if (currency == reporting if reporting else not currency.startswith(ABOUT))
        }


def number(entries: list[Entry]) -> int:
    return entries[0].group.counts[0] if entries else 0


def pipeline_by_week(taken: Snapshot) -> dict[date, int]:
    """How many there were in both quarters, by the last day of each week; the last week is the running one."""
    return {
        sunday: group.counts[place] for sunday, place, group in by_week(taken, "trend_count") if group.counts[place]
    }


def amounts_by_week(taken: Snapshot) -> dict[tuple[date, str | None], Decimal]:
    """Their amounts by week and currency; the one that is added from all of them has the name ABOUT USD."""
    with localcontext(EXACT):
        return {
            (sunday, currency or None): Decimal(amount) / 100
            for sunday, place, group in by_week(taken, "trend")
            for currency, amount in group.sums[place].items()
            if amount
        }


def by_week(taken: Snapshot, name: str) -> Iterator[tuple[date, int, Group]]:
    by = taken.tallies[name].figure["by"]
    for entry in taken.tallies[name].entries(taken.stages):
        for place in range(len(entry.group.counts)):
            yield taken.today + timedelta(by["end"] - 7 * (entry.key + by["count"] * place)), place, entry.group


def assert_equals_views(settings: Settings) -> None:
    """The figures of a page are those of the views, asked here in other words."""
    taken = snapshot_of(settings)
    found = {name: tally.entries(taken.stages) for name, tally in taken.tallies.items()}
    for name, query in {
        "pipeline": "SELECT count(*) FROM opportunity_current WHERE is_pipeline",
        "no_pipeline": "SELECT count(*) FROM opportunity_standing WHERE is_open AND NOT is_gone AND NOT is_pipeline",
        "gone": "SELECT count(*) FROM opportunity_current WHERE is_gone",
        "launched": "SELECT count(*) FROM opportunity_current WHERE life_cycle_stage = 'Launched' AND NOT is_gone",
        "validated": "SELECT count(*) FROM opportunity_current WHERE is_validated",
        "due": "SELECT count(*) FROM closing_this_quarter WHERE NOT is_overdue",
        "slipping": "SELECT count(*) FROM closing_this_quarter WHERE NOT is_overdue AND times_slipped > 0",
        "referrals": "SELECT count(*) FROM referrals_waiting",
        "action_required": "SELECT count(*) FROM action_required",
        "overdue": "SELECT count(*) FROM past_target_close",
        "stalled": "SELECT count(*) FROM stalled",
    }.items():
        assert [(number(found[name]),)] == asked(settings, query), name
    stages = asked(
        settings,
        "SELECT DISTINCT life_cycle_stage, opportunities_in_stage, validated_in_stage FROM pipeline_by_stage",
    )
    assert counts(found["by_stage"]) == {stage: counted for stage, counted, _ in stages}
    assert number(found["pipeline"]) == sum(counted for _, counted, _ in stages)
    assert number(found["validated"]) == sum(validated for *_, validated in stages)
    standings = asked(settings, "SELECT DISTINCT review_standing, opportunities_in_standing FROM open_by_review")
    assert counts(found["by_review"]) == dict(standings)
    for name, query in {
        "by_stage": "SELECT life_cycle_stage, currency_code, monthly_amount FROM pipeline_by_stage",
        "launched_by_currency": "SELECT currency_code, currency_code, monthly_amount FROM launched_monthly_recurring",
    }.items():
        rows = {(key, currency): amount for key, currency, amount in asked(settings, query) if amount is not None}
        assert sums(found[name]) == rows, name
    reporting = asked(settings, "SELECT life_cycle_stage, sum(reporting_amount) FROM pipeline_by_stage GROUP BY ALL")
    added = {(stage, None): amount for stage, amount in reporting if amount is not None}
    assert sums(found["by_stage"], f"{ABOUT}USD") == added
    assert counts(found["why_lost"]) == dict(
        asked(settings, "SELECT life_cycle_closed_lost_reason, opportunities FROM closed_lost_reasons")
    )
    waiting = dict(asked(settings, "SELECT waiting, count(*) FROM review_ageing GROUP BY ALL"))
    assert {entry.label: number([entry]) for entry in found["waiting"] if number([entry])} == waiting
    quarters = asked(settings, "SELECT quarter, won, lost FROM win_rate_by_quarter ORDER BY quarter DESC LIMIT 8")
    shown = [(entry.label, *entry.group.counts) for entry in found["by_quarter"] if any(entry.group.counts)]
    assert sorted(shown) == sorted((quarter[2:].replace("-", " "), won, lost) for quarter, won, lost in quarters)
    months = asked(
        settings,
        "SELECT year(target_close_month) * 12 + month(target_close_month) - 1, currency_code, sum(monthly_amount) "
        "FROM (SELECT date_trunc('month', life_cycle_target_close_date) AS target_close_month, s.currency_code, "
        "s.monthly_amount FROM opportunity_current o JOIN opportunity_spend s USING (id) "
        "WHERE is_pipeline AND days_to_target_close >= 0) GROUP BY ALL",
    )
    near = {key: amount for key, amount in sums(found["by_month"]).items() if isinstance(key[0], int)}
    last = max((entry.key for entry in found["by_month"] if isinstance(entry.key, int)), default=0)
    assert near == {(month, currency): amount for month, currency, amount in months if month <= last}
    weeks = asked(
        settings,
        "SELECT week_end, sum(opportunities_in_stage)::BIGINT FROM (SELECT DISTINCT week_end, life_cycle_stage, "
        "opportunities_in_stage FROM pipeline_by_week) GROUP BY ALL",
    )
    assert pipeline_by_week(taken) == {sunday: held for sunday, held in weeks if held}
    amounts = asked(
        settings,
        "SELECT week_end, currency_code, sum(monthly_amount) FROM pipeline_by_week GROUP BY ALL UNION ALL "
        f"SELECT week_end, '{ABOUT}USD', sum(reporting_amount) FROM pipeline_by_week GROUP BY ALL",
    )
    assert amounts_by_week(taken) == {(sunday, currency): amount for sunday, currency, amount in amounts if amount}
    moves = asked(settings, "SELECT movement, count(*) FROM stage_transitions GROUP BY ALL")
    assert sum(sum(entry.group.counts) for entry in found["moves"]) <= sum(times for _, times in moves)
    medians = asked(settings, "SELECT life_cycle_stage, stays FROM stage_velocity")
    assert counts(found["velocity"]) == dict(medians)


def test_every_number_is_that_of_the_views(small: Settings, folder: Path) -> None:
    assert_equals_views(small)
    page = reported(small, folder)
    assert "As of 2026-06-10 12:00 UTC" in page.text
    assert page.figures["pipeline"][:2] == ["Pipeline", "6"]
    assert page.figures["gone"][:2] == ["Gone", "1"]


@pytest.mark.long
def test_what_was_rejected_or_never_submitted_is_no_pipeline(folder: Path) -> None:
    added: list[Row] = []
    for key, review in (("R2", "Rejected"), ("D3", "Disqualified"), ("P4", "Pending Submission"), ("V5", "Approved")):
        row = {"id": key, "life_cycle_stage": "Qualified", "life_cycle_review_status": review}
        added.append(row | {"last_modified_date": moment("06-09 00:00"), "created_date": moment("06-09 00:00")})
    rows = SMALL_CASE | {"opportunities": [*SMALL_CASE["opportunities"], *added]}
    settings = filled(settings_in(folder), folder / "work", rows)
    assert_equals_views(settings)
    page = reported(settings, folder)
    assert page.figures["validated"][:2] == ["Validated pipeline", "3"]
    assert page.figures["pipeline"][:2] == ["Pipeline", "7"]
    assert page.figures["no_pipeline"][:2] == ["Open, but no pipeline", "3"]


def test_a_launched_opportunity_of_two_currencies_counts_once(folder: Path) -> None:
    spends = [
        {"opportunity_id": "C3", "amount": Decimal(amount), "currency_code": code, "frequency": "Monthly"}
        for amount, code in (("10", "EUR"), ("20", "USD"))
    ]
    rows = SMALL_CASE | {"opportunities__project_expected_customer_spend": spends}
    page = reported(filled(settings_in(folder), folder / "work", rows), folder)
    assert page.figures["launched"][:2] == ["Launched", "1"]


def test_a_failed_run_and_records_that_cannot_be_read_are_told_with_what_to_do(small: Settings, folder: Path) -> None:
    text = reported(small, folder).text
    assert "The last sync did not end well (unavailable)." in text
    assert "The last good one ended 2026-06-10 12:30 UTC." in text
    assert "2 records could not be read." in text


def test_removals_that_wait_are_told_with_what_to_do(folder: Path, synced: Sandbox) -> None:
    with duckdb.connect(str(synced.database)) as connection:
        connection.execute("USE partner_central.partner_central")
        connection.execute(
            "INSERT INTO sync_sweeps (number, begun_at, verdict, gone, known, judged_at) "
            "SELECT 99, now(), 'held', 31, 99, now()"
        )
    text = reported(synced.settings(), folder).text
    assert "31 opportunities wait for a decision." in text
    assert "sync --full --accept-removals" in text


def test_a_page_can_be_used_without_seeing_it(small: Settings, folder: Path) -> None:
    page = reported(small, folder)
    names = [name for name, _ in page.tags]
    assert (names.count("h1"), names.count("main"), names.count("nav"), names.count("header")) == (1, 1, 1, 1)
    ids = [attributes["id"] for _, attributes in page.tags if attributes.get("id")]
    assert len(ids) == len(set(ids))
    links = [attributes["href"] for name, attributes in page.tags if name == "a"]
    assert {f"{link}"[1:] for link in links} <= set(ids)
    assert all(attributes.get("scope") in {"col", "row"} for name, attributes in page.tags if name == "th")


def test_only_the_script_of_the_page_may_run(small: Settings, folder: Path) -> None:
    reported(small, folder)
    text = (folder / "report.html").read_text()
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'\"" in text
    assert "default-src 'none'" in text


def test_the_vendored_library_is_the_one_that_is_named() -> None:
    folder = Path(page_module.__file__).parent / "vendor"
    named = json.loads((folder / "tabulator.json").read_text())
    found = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in named["sha256"]}
    assert found == named["sha256"]
    assert {path.name for path in folder.iterdir()} == {*found, "tabulator.json"}
    assert f"Tabulator v{named['version']}" in (folder / "tabulator.min.js").read_text()


@pytest.mark.long
def test_an_empty_account_has_a_page(folder: Path) -> None:
    settings = filled(settings_in(folder), folder / "work", {})
    page = reported(settings, folder)
    assert "No opportunity has been seen yet" in page.text
    assert page.figures["pipeline"][:3] == ["Pipeline", "0", "Open, and neither rejected nor still to be submitted."]
    assert_equals_views(settings)


def hostile(folder: Path) -> Settings:
    """Names that would break a page, missing values, and currencies that nobody knows."""
    texts = {name: EVIL for name, kind in TABLES["opportunities"].items() if kind == "TEXT"} | {"id": "E1"}
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
    return filled(settings_in(folder), folder / "work", rows)


@pytest.mark.long
def test_hostile_names_nulls_and_unknown_currencies_are_text(folder: Path) -> None:
    settings = hostile(folder)
    page = reported(settings, folder)
    assert_equals_views(settings)
    assert [name for name, _ in page.tags].count("script") == 3
    assert EVIL in page.text
    assert "<X>\N{NO-BREAK SPACE}1.2M" in page.text
    text = (folder / "report.html").read_text()
    for element in re.findall(r'<script type="application/json" id="\w+">(.*?)</script>', text, re.DOTALL):
        assert not {"<", ">", "\u2028"} & set(element)


def test_text_in_json_cannot_end_its_element() -> None:
    assert to_json([EVIL]).count("<") == 0
    assert json.loads(to_json([EVIL])) == [EVIL]


def unpacked(html: str) -> Mapping[str, Any]:
    """The rows that a page carries."""
    (letters,) = re.findall(r'id="rows">([^<]*)<', html)
    found: Mapping[str, Any] = json.loads(gzip.decompress(base64.b64decode(letters)))
    return found


@pytest.mark.long
def test_the_largest_amounts_that_aws_takes_are_written_with_every_digit(folder: Path) -> None:
    settings = filled(settings_in(folder), folder / "work", largest())
    reported(settings, folder)
    text = (folder / "report.html").read_text()
    assert "USD\N{NO-BREAK SPACE}9,999,999,999,999,999,999,999,999,999,999.99" in text
    assert "9" * 33 in unpacked(text)["tables"]["opportunities"]["amount"]
    assert_equals_views(settings)


def largest() -> dict[str, list[Row]]:
    """The small case with the largest amounts."""
    amount = Decimal("9" * 31 + ".99")
    return {
        table: [{name: amount if isinstance(value, Decimal) else value for name, value in row.items()} for row in rows]
        for table, rows in SMALL_CASE.items()
    }


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


def share(settings: Settings) -> Settings:
    """Turns a dataset into one that two accounts share: both have all its rows, and the south was read earlier."""
    with duckdb.connect(str(settings.database)) as connection:
        connection.execute("USE partner_central.partner_central")
        views = "SELECT view_name FROM duckdb_views() WHERE schema_name = 'partner_central' AND NOT internal"
        for (name,) in connection.execute(views).fetchall():
            connection.execute(f"DROP VIEW {name}")
        for name in TABLES.keys() - USER_TABLES.keys():
            connection.execute(f"ALTER TABLE {name} ADD COLUMN account TEXT")
            connection.execute(f"UPDATE {name} SET account = 'north'")
            connection.execute(f"INSERT INTO {name} SELECT * REPLACE ('south' AS account) FROM {name}")
        connection.execute("UPDATE sync_runs SET watermark = watermark - INTERVAL 2 DAY WHERE account = 'south'")
    with attach(settings).destination_client() as client:
        assert isinstance(client, SqlJobClientBase)
        assert create_views(client).is_complete
    return settings


@pytest.mark.long
def test_accounts_that_share_a_dataset_are_one_page_or_one_each(small: Settings, folder: Path) -> None:
    settings = share(filled(settings_in(folder), folder / "work", SMALL_CASE))
    page = reported(settings, folder)
    assert page.figures["pipeline"][:2] == ["Pipeline", "12"]
    assert page.figures["by_account"][:1] == ["By account"]
    assert "north: The last sync did not end well" in page.text
    assert "of north, south in the dataset" in page.text
    both = snapshot_of(settings).tables["opportunities"].columns
    days = [(key, created) for key, created in zip(both["id"], both["created"], strict=True)]
    assert both["account"] == ["north"] * 10 + ["south"] * 10
    assert dict(days[:10]) == dict(days[10:])
    tables = unpacked((folder / "report.html").read_text())["tables"]
    assert {place // 10 for place in tables["invitations"]["id"] if place >= 0} == {0, 1}
    alone = snapshot_of(small)
    north = snapshot_of(replace(settings, account="north"))
    for name, tally in alone.tallies.items():
        assert north.tallies[name].entries(north.stages) == tally.entries(alone.stages), name
    reported(replace(settings, account="north"), folder)
    assert [row[:1] for row in marks(settings)] == [("north",), (None,)]


def test_without_views_the_report_says_what_to_do(synced: Sandbox, folder: Path) -> None:
    with duckdb.connect(str(synced.database)) as connection:
        connection.execute("DROP VIEW IF EXISTS partner_central.partner_central.data_freshness")
    with pytest.raises(ConfigurationError, match="run partner-central sync"):
        write_report(synced.settings(), folder / "none.html")
    assert list(folder.glob("*none.html*")) == []


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("opportunity_current", "SELECT 'mine' AS id"),
        ("close_date_slips", "SELECT id, 'often' AS times_slipped, 3 AS days_slipped FROM opportunities"),
    ],
)
def test_a_view_of_the_user_s_own_in_the_place_of_one_is_named(folder: Path, name: str, query: str) -> None:
    settings = filled(settings_in(folder), folder / "work", SMALL_CASE)
    with duckdb.connect(str(settings.database)) as connection:
        connection.execute("USE partner_central.partner_central")
        connection.execute(f"CREATE OR REPLACE VIEW {name} AS {query}")
    with pytest.raises(ConfigurationError, match="a view of your own"):
        write_report(settings, folder / "none.html")
    assert list(folder.glob("*none.html*")) == []


def single(folder: Path) -> Settings:
    """One deal, with one version."""
    deal = version("06-10 12:00", "06-10 12:30", id="O1", name="Only", stage="Prospect", created="06-10 12:00")
    row = {name: value for name, value in deal.items() if name in TABLES["opportunities"]}
    rows: dict[str, list[Row]] = {"opportunities": [row], "opportunity_history": [deal]}
    return filled(settings_in(folder), folder / "work", rows)


def test_one_deal_with_one_version_has_a_page(folder: Path) -> None:
    settings = single(folder)
    page = reported(settings, folder)
    assert page.figures["pipeline"][:3] == ["Pipeline", "1", EMPTY]
    assert page.figures["changed"][:2] == ["Changes", "0"]
    assert page.figures["trend_count"][:2] == ["Opportunities in it", "1"]
    assert "The history begins in the week of 2026-06-08. From 2026-06-15 on, there is a trend." in page.text
    assert page.figures["slipping"] == ["Slipped, due this quarter", "Nothing."]
    assert page.figures["moves"] == [
        "Moves between stages, by week",
        "No move has been seen since 2026-06-10, when the history begins. From 2026-06-17 on, each week has a column.",
    ]
    assert page.figures["velocity"][1] == "None yet: the history begins on 2026-06-10."


@pytest.mark.parametrize(
    ("first", "weeks"), [("2026-06-04", 1), ("2026-06-03", 2), ("2026-04-22", 8), ("2025-01-01", 8)]
)
def test_moves_have_a_column_for_each_week_that_was_seen(first: str, weeks: int) -> None:
    today = date(2026, 6, 10)
    defined = figures(today, date(2026, 6, 3), today, date.fromisoformat(first))["moves"]
    assert defined["by"]["count"] == weeks
    assert ("each week has a column" in defined["empty"]) == (weeks == 1)


@pytest.mark.parametrize(
    ("hundredths", "currency", "brief", "whole"),
    [
        (123450, "USD", "$1.2K", "USD 1,234.50"),
        (77049, "USD", "$770", "USD 770.49"),
        (99949, "USD", "$999", "USD 999.49"),
        (99950, "USD", "$1.0K", "USD 999.50"),
        (16341000000, "USD", "$163.4M", "USD 163,410,000.00"),
        (99995000000, "EUR", "\N{EURO SIGN}1.0B", "EUR 999,950,000.00"),
        (-123457, "CHF", "-CHF 1.2K", "CHF -1,234.57"),
        (1200, "", "12", "12.00"),
        (10**33 - 1, "XXX", "XXX 10,000,000,000,000,000,000.0T", "XXX 9,999,999,999,999,999,999,999,999,999,999.99"),
    ],
)
def test_money_is_short_in_tiles_and_exact_in_tooltips(hundredths: int, currency: str, brief: str, whole: str) -> None:
    assert short(hundredths, currency).replace("\N{NO-BREAK SPACE}", " ") == brief
    assert exact(hundredths, currency).replace("\N{NO-BREAK SPACE}", " ") == whole


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("34,904.60 USD Monthly (AWS)", "USD~34,904.60 Monthly (AWS)"),
        ("1,250.00 EUR; -3.00 JPY Monthly", "EUR~1,250.00; JPY~-3.00 Monthly"),
        ("7.00 USD (1.00 EUR Ltd)", "USD~7.00 (1.00 EUR Ltd)"),
        ("7.00", "7.00"),
        ("USD Monthly (AWS)", "USD Monthly (AWS)"),
    ],
)
def test_the_spend_of_a_version_has_the_form_of_every_amount(stored: str, shown: str) -> None:
    assert spend_of_version(stored) == shown.replace("~", "\N{NO-BREAK SPACE}")


@pytest.mark.parametrize(
    ("highest", "end"), [(0, 4), (4, 4), (5, 6), (13, 16), (31, 40), (404, 500), (2_301, 2_500), (10**33, 10**33)]
)
def test_an_axis_ends_soon_after_its_highest_column_and_has_a_whole_middle(highest: int, end: int) -> None:
    assert nice(highest) == end


def test_the_link_of_the_settings_is_checked_at_once(
    small: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARTNER_CENTRAL__REPORT__OPPORTUNITY_URL", "javascript:alert('{id}')")
    with pytest.raises(ConfigurationError, match=r"must be an address with \{id\}"):
        write_report(small, folder / "none.html")
    monkeypatch.setenv("PARTNER_CENTRAL__REPORT__OPPORTUNITY_URL", "https://example.com/o/{id}?a=b")
    write_report(small, folder / "report.html")
    assert '"link":"https://example.com/o/{id}?a=b"' in (folder / "report.html").read_text()


def test_without_a_browser_there_is_no_pdf(small: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(ConfigurationError, match="No Chromium was found"):
        write_report(small, folder / "report.pdf", form="pdf")


def test_changes_begin_with_the_day_that_is_named(small: Settings, folder: Path) -> None:
    def changes(since: date | None) -> list[tuple[Any, ...]]:
        write_report(small, folder / "report.html", since)
        page = Page((folder / "report.html").read_text())
        return [(int(page.figures["changed"][1]),)]

    query = "SELECT count(*) FROM changes WHERE what <> 'first seen' AND changed_at >= '{}'"
    assert changes(None) == asked(small, query.format("2026-06-03"))
    assert changes(date(2026, 6, 8)) == asked(small, query.format("2026-06-08"))


def marks(settings: Settings) -> list[tuple[Any, ...]]:
    return asked(
        settings,
        "SELECT account, strftime(as_of AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M') FROM report_marks "
        "ORDER BY as_of, account",
    )


def test_the_destination_knows_where_the_last_report_ended(folder: Path) -> None:
    settings = filled(settings_in(folder), folder / "work", SMALL_CASE)
    write_report(settings, folder / "report.html", "last")
    assert "Since 2026-06-03." in Page((folder / "report.html").read_text()).text
    write_report(settings, folder / "report.html", "last")
    assert marks(settings) == [(None, "2026-06-10 12:00")]
    with duckdb.connect(str(settings.database)) as connection:
        connection.execute("USE partner_central.partner_central")
        connection.execute(
            "INSERT INTO sync_runs SELECT * REPLACE ('r9' AS run_id, TIMESTAMPTZ '2026-06-12 12:30+00' AS finished_at, "
            "TIMESTAMPTZ '2026-06-12 12:00+00' AS watermark) FROM sync_runs WHERE run_id = 'r2'"
        )
        connection.execute(
            "INSERT INTO sync_run_streams SELECT * REPLACE ('r9' AS run_id) FROM sync_run_streams WHERE run_id = 'r2'"
        )
    write_report(settings, folder / "report.html", "last")
    text = Page((folder / "report.html").read_text()).text
    assert "Since 2026-06-10. The last report before these data knew up to 2026-06-10." in text
    assert marks(settings) == [(None, "2026-06-10 12:00"), (None, "2026-06-12 12:00")]


@pytest.mark.long
def test_who_cannot_write_gets_the_report_and_a_line(folder: Path) -> None:
    settings = filled(settings_in(folder), folder / "work", SMALL_CASE)
    said: list[str] = []
    with duckdb.connect(str(settings.database)) as connection:
        connection.execute("CREATE VIEW partner_central.partner_central.report_marks AS SELECT 1 AS mine")
    write_report(settings, folder / "report.html", "last", warn=said.append)
    with duckdb.connect(str(settings.database)) as connection:
        connection.execute("DROP VIEW partner_central.partner_central.report_marks")
    with duckdb.connect(str(settings.database), read_only=True):  # as another program may have it open
        write_report(settings, folder / "report.html", "last", warn=said.append)
    assert Page((folder / "report.html").read_text()).figures["pipeline"][:2] == ["Pipeline", "6"]
    assert len(said) == 2
    assert all(line.startswith("The destination was not told of this report") for line in said)
    write_report(settings, folder / "report.html", "last", warn=said.append)
    assert len(said) == 2
    assert marks(settings) == [(None, "2026-06-10 12:00")]


def test_a_page_that_is_cut_says_so_and_counts_all(
    small: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "MOST_OPPORTUNITIES", 4)
    page = reported(small, folder)
    assert "This page has 4 of 10 opportunities" in page.text
    assert page.figures["pipeline"][:2] == ["Pipeline", "6"]
    rows = unpacked((folder / "report.html").read_text())
    assert rows["tables"]["opportunities"]["id"] == ["H8", "B2", "A1", "J10"]


@pytest.mark.parametrize("room", [1, 2, 5, 100])
def test_no_change_is_read_that_the_page_cannot_show(
    small: Settings, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    whole = snapshot_of(small)
    monkeypatch.setattr(snapshot, "MOST_OTHERS", room)
    cut = snapshot_of(small)
    changes, kept = whole.tables["changes"], cut.tables["changes"]
    assert kept.columns == {name: values[:room] for name, values in changes.columns.items()}
    assert kept.is_whole == (changes.size <= room)
    assert (kept.total < changes.total) == (room < 100), "old ones are not read"
    for name, tally in whole.tallies.items():
        assert cut.tallies[name].entries(cut.stages) == tally.entries(whole.stages), name


def without_streams(folder: Path) -> Settings:
    """The opportunities alone, without the tables of any other stream."""
    settings = filled(settings_in(folder), folder / "work", {"opportunities": SMALL_CASE["opportunities"]})
    with duckdb.connect(str(settings.database)) as connection:
        connection.execute("USE partner_central.partner_central")
        for table in QUERIED - {"engagement_from_opportunity_tasks"}:
            connection.execute(f"DROP TABLE {table}")
    with attach(settings).destination_client() as client:
        assert isinstance(client, SqlJobClientBase)
        create_views(client)
    return settings


@pytest.mark.long
def test_without_other_streams_there_is_a_page(folder: Path) -> None:
    page = reported(without_streams(folder), folder)
    assert f"Not in this dataset: {', '.join(sorted(OPTIONAL))}." in page.text
    assert page.figures["referrals"][1] == "Not known: engagement_invitations is not in this dataset."


@pytest.mark.parametrize(
    ("first", "shown", "series", "note"),
    [
        ("2026-06-08", 1, [""], "The history begins in the week of 2026-06-08. From 2026-06-15 on, there is a trend."),
        ("2026-05-13", 5, [""], "From 2026-08-10 on, the quarter before is beside it."),
        ("2026-03-16", 13, [""], "From 2026-06-15 on, the quarter before is beside it."),
        ("2026-03-15", 13, ["this quarter", "the quarter before"], "What was before 2026-03-09 is not known."),
        ("2025-06-10", 13, ["this quarter", "the quarter before"], "of the quarter before beside it."),
    ],
)
def test_the_trend_shows_the_weeks_that_are_known(first: str, shown: int, series: list[str], note: str) -> None:
    begun = date.fromisoformat(first)
    figure = figures(date(2026, 6, 10), date(2026, 6, 3), begun, begun)["trend"]
    assert figure["by"]["count"] == shown
    assert [one["name"] for one in figure["series"]] == series
    assert figure["note"].endswith(note)
    assert figure.get("alone", False) == (shown == 1)
