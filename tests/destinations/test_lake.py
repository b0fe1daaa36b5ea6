"""Tables of a lake: each replacement is one commit, whatever fails on the way, and whoever does it again."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dlt
import pyarrow as pa
import pytest
from dlt.common.destination.client import StateInfo
from dlt.common.versioned_state import compress_state
from dlt.pipeline.exceptions import PipelineStepFailed

from partner_central.errors import ConfigurationError
from partner_central.public import OPPORTUNITY_SEARCH_SUMMARIES as SEARCH
from partner_central.public import SPINE, Stream
from partner_central_emulator import Emulator
from partner_central_sync.destinations.filesystem import filesystem
from partner_central_sync.destinations.lake.client import LakeClient, StoredTableDiffers
from partner_central_sync.destinations.lake.maintenance import retention, tidy
from partner_central_sync.destinations.lake.pipeline_state import newest_state, sequence_name
from partner_central_sync.destinations.lake.table_format import FORMATS
from partner_central_sync.destinations.lake.tables import Delta, Iceberg
from partner_central_sync.sync.replaced import ReplacedRows
from startable_destinations import Warehouse
from variants import rarely

LAKES = [name for name in os.environ.get("WAREHOUSES", "delta").split() if name in FORMATS]
LISTS = ("opportunities__models", "opportunities__spend")
INSERT_ONLY: Any = {"disposition": "merge", "strategy": "insert-only"}


def day(number: int) -> datetime:
    return datetime(2026, 3, number, tzinfo=UTC)


def opportunity(key: str, date: int, models: str = "", spend: str = "") -> dict[str, Any]:
    """A record with two lists, an entry for each letter."""
    lists = {"models": models, "spend": spend}
    entries = {name: [{"opportunity_id": key, "value": value} for value in letters] for name, letters in lists.items()}
    return {"id": key, "last_modified_date": day(date), **entries}


@dataclass(frozen=True)
class Lake:
    """A lake to load into from any number of working folders."""

    folder: Path
    url: str
    table_format: str

    def pipeline(self, folder: str = "first") -> dlt.Pipeline:
        return dlt.pipeline(
            "lake",
            pipelines_dir=str(self.folder / folder),
            destination=filesystem(self.url, destination_name="filesystem"),
            dataset_name="deals",
        )

    def load(self, *records: dict[str, Any], folder: str = "first") -> None:
        """Load records as opportunities; first what an earlier load left."""
        pipeline = self.pipeline(folder)
        if pipeline.has_pending_data:
            pipeline.load()
        self.run(pipeline, "opportunities", records, write_disposition="merge", primary_key="id")

    def run(self, pipeline: dlt.Pipeline, name: str, rows: Sequence[dict[str, Any]], **hints: Any) -> None:
        pipeline.run(dlt.resource(rows, name=name, table_format=self.table_format, **hints), schema=schema(pipeline))

    @property
    def client(self) -> LakeClient:
        shutil.rmtree(self.folder / "reader", ignore_errors=True)
        pipeline = self.pipeline("reader")
        pipeline.sync_destination()
        client = pipeline.destination_client("lake")
        assert isinstance(client, LakeClient)
        return client

    def rows(self, name: str, *columns: str) -> list[tuple[Any, ...]]:
        table = self.client.open_table(name).rows(columns)
        return sorted(zip(*(table[column].to_pylist() for column in columns), strict=True), key=repr)

    def holds(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything, without dlt's columns."""
        lists = {name: self.rows(name, "opportunity_id", "value") for name in LISTS}
        return {"opportunities": self.rows("opportunities", "id", "last_modified_date"), **lists}


def schema(pipeline: dlt.Pipeline) -> dlt.Schema:
    return pipeline.default_schema if pipeline.default_schema_name else dlt.Schema("lake")


def expected(*records: dict[str, Any]) -> dict[str, list[tuple[Any, ...]]]:
    lists = {
        f"opportunities__{name}": sorted(
            (entry["opportunity_id"], entry["value"]) for record in records for entry in record[name]
        )
        for name in ("models", "spend")
    }
    return {
        "opportunities": sorted(((record["id"], record["last_modified_date"]) for record in records), key=repr),
        **lists,
    }


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    from aws_server import moto_server

    with moto_server() as endpoint:
        yield endpoint


@pytest.fixture(params=LAKES)
def lake(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    monkeypatch.setenv("LOAD__RAISE_ON_MAX_RETRIES", "1")
    return Lake(tmp_path, f"file://{tmp_path}/lake", request.param)


@pytest.fixture
def lake_in_s3(lake: Lake, s3: str, monkeypatch: pytest.MonkeyPatch) -> Lake:
    from aws_server import bucket

    settings = bucket(s3, lake.folder.name)
    for setting, value in settings.items():
        monkeypatch.setenv(f"DESTINATION__FILESYSTEM__{setting}", value)
    return replace(lake, url=settings["BUCKET_URL"])


@contextmanager
def failing(write: int, *, committed: bool) -> Iterator[Counter[str]]:
    """One write to a table, counted from 1, fails: before its commit, or right after it."""
    counted = Counter[str]()

    def breaking(method: Callable[..., None]) -> Callable[..., None]:
        def write_or_break(self: Any, *arguments: Any) -> None:
            counted["writes"] += 1
            fails = counted["writes"] == write
            if committed or not fails:
                method(self, *arguments)
            if fails:
                raise OSError("503 Slow Down")

        return write_or_break

    with pytest.MonkeyPatch.context() as patch:
        for table in (Delta, Iceberg):
            for name in ("add", "replace"):
                patch.setattr(table, name, breaking(getattr(table, name)))
        yield counted


BEFORE = (opportunity("O1", 1, "abc", "xy"), opportunity("O2", 1, "a", "x"), opportunity("O3", 1))
AFTER = (opportunity("O1", 2, "a"), opportunity("O2", 2, "bcd", "z"), opportunity("O4", 2, "e", "f"))
STANDS = (*AFTER, BEFORE[2])


@pytest.mark.long
def test_a_list_that_shrinks_loses_its_rows_in_s3_as_on_a_disk(lake_in_s3: Lake) -> None:
    lake_in_s3.load(*BEFORE)
    lake_in_s3.load(*AFTER)
    assert lake_in_s3.holds() == expected(*STANDS)


def files_of(lake: Lake) -> set[Path]:
    return {file for file in (lake.folder / "lake").rglob("*.parquet") if "_dlt" not in str(file)}


def stored_in(lake: Lake, table: str, pattern: str) -> set[str]:
    """Paths of files in a table's folder, as Iceberg writes them."""
    return {
        file.as_uri()
        for file in (lake.folder / "lake").rglob(pattern)
        if file.relative_to(lake.folder).parts[2] == table
    }


@pytest.mark.long
def test_files_and_snapshots_of_earlier_versions_are_removed_once_they_are_old(lake: Lake) -> None:
    for number in range(1, 5):
        lake.load(opportunity("O1", number, "abc", "xy"), opportunity(f"P{number}", number))
    held, files = lake.holds(), files_of(lake)
    tables = ["opportunities", *LISTS, "not there"]
    opened = lake.client.open_table("opportunities")
    tidy(lake.client, tables, retention())
    assert files_of(lake) >= files, "a reader of an earlier version has a week"
    assert opened.rows(["id"]).num_rows == len(held["opportunities"])
    tidy(lake.client, tables, timedelta())
    assert lake.holds() == held
    if lake.table_format == "delta":
        assert len(files_of(lake)) <= len(tables) - 1
    else:
        table = lake.client.open_table("opportunities")._table  # type: ignore[attr-defined]
        assert len(table.snapshots()) == 1
        assert stored_in(lake, "opportunities", "*.parquet") == {
            task.file.file_path for task in table.scan().plan_files()
        }
        assert len(stored_in(lake, "opportunities", "snap-*.avro")) == 1
    lake.load(*AFTER)
    assert {key for key, _ in lake.holds()["opportunities"]} == {"O1", "O2", "O4", "P1", "P2", "P3", "P4"}


@pytest.mark.parametrize("value", ["a week", "-1", "nan", "1e12"])
def test_a_retention_that_is_no_number_of_days_is_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESTINATION__FILESYSTEM__RETENTION_DAYS", value)
    with pytest.raises(ConfigurationError, match="retention_days must be a number of days"):
        retention()
    monkeypatch.setenv("DESTINATION__FILESYSTEM__RETENTION_DAYS", "0.5")
    assert retention() == timedelta(hours=12)


@pytest.mark.long
@pytest.mark.parametrize("when", ["before its commit", "after its commit"])
@pytest.mark.parametrize("write", [2, rarely(1), rarely(3)])
@pytest.mark.parametrize("folder", ["second", rarely("first")])
def test_a_failed_load_takes_nothing_away_and_anybody_completes_it(
    write: int, when: str, folder: str, lake: Lake
) -> None:
    lake.load(*BEFORE)
    with failing(write, committed=when == "after its commit"), pytest.raises(PipelineStepFailed):
        lake.load(*AFTER)
    held = lake.holds()
    keys = {key for key, _ in held["opportunities"]}
    assert keys >= {"O1", "O2", "O3"}
    for table in LISTS:  # each opportunity has its entries of before, or those of after
        for key in keys:
            entries = [row for row in held[table] if row[0] == key]
            assert entries in ([row for row in expected(*state)[table] if row[0] == key] for state in (BEFORE, STANDS))
    lake.load(*AFTER, folder=folder)
    assert lake.holds() == expected(*STANDS)


@pytest.mark.long
def test_a_load_that_fails_twice_leaves_all_rows_in_between(lake: Lake) -> None:
    lake.load(*BEFORE)
    for write in (3, 1):
        with failing(write, committed=False), pytest.raises(PipelineStepFailed):
            lake.load(*BEFORE)
        assert lake.holds() == expected(*BEFORE)
    lake.load(*BEFORE)
    assert lake.holds() == expected(*BEFORE)


def test_an_older_row_replaces_neither_a_newer_one_nor_its_lists(lake: Lake) -> None:
    lake.load(opportunity("O1", 2, "new", "x"), opportunity("O2", 2, "new"))
    lake.load(opportunity("O1", 1, "old"), opportunity("O2", 2, "same"), folder="second")
    assert lake.holds() == expected(opportunity("O1", 2, "new", "x"), opportunity("O2", 2, "same"))


def test_of_rows_with_one_key_in_one_load_one_stays_with_its_lists(lake: Lake) -> None:
    ids = {"_dlt_id": {"data_type": "text", "dedup_sort": "desc"}}
    records = [opportunity("O1", 1, "old") | {"_dlt_id": "1"}, opportunity("O1", 2, "new") | {"_dlt_id": "2"}]
    pipeline = lake.pipeline()
    lake.run(pipeline, "opportunities", records, write_disposition="merge", primary_key="id", columns=ids)
    assert lake.rows("opportunities", "last_modified_date") == [(day(2),)]
    assert len(lake.rows(LISTS[0], "value")) == len("new")


def test_what_was_deleted_or_doubled_by_hand_is_healed_by_reading_it_again(lake: Lake) -> None:
    lake.load(*BEFORE)
    client = lake.client
    roots, entries = client.open_table("opportunities"), client.open_table(LISTS[0])
    entries.add(entries.rows(entries.schema.names))
    roots.replace(roots.rows(roots.schema.names).slice(0, 0), pa.table({"id": ["O1", "O2"]}))
    assert len(lake.holds()["opportunities"]) == 1
    lake.load(*BEFORE, folder="second")
    assert lake.holds() == expected(*BEFORE)


def test_accounts_that_share_a_lake_replace_their_own_rows_only(lake: Lake) -> None:
    def of(account: str, models: str) -> dict[str, Any]:
        record = opportunity("O1", 1, models) | {"account": account}
        return record | {"models": [entry | {"account": account} for entry in record["models"]]}

    hints: dict[str, Any] = {"write_disposition": "merge", "primary_key": ("account", "id")}
    lake.run(lake.pipeline(), "opportunities", [of("acme", "ab"), of("umbrella", "cd")], **hints)
    lake.run(lake.pipeline(), "opportunities", [of("acme", "e")], **hints)
    assert lake.rows("opportunities", "account", "id") == [("acme", "O1"), ("umbrella", "O1")]
    assert lake.rows(LISTS[0], "account", "value") == [("acme", "e"), ("umbrella", "c"), ("umbrella", "d")]
    assert lake.client.count("opportunities", "acme") == 1


@pytest.mark.skipif("delta" not in LAKES, reason="Of two commits of an Iceberg table here, its lease tells.")
def test_of_two_writers_from_one_version_of_a_delta_table_the_second_fails(tmp_path: Path) -> None:
    from deltalake import DeltaTable, write_deltalake
    from deltalake.exceptions import CommitFailedError

    write_deltalake(tmp_path, pa.table({"id": ["O1"], "text": ["before"]}))
    first, second = Delta(DeltaTable(tmp_path)), Delta(DeltaTable(tmp_path))
    first.replace(pa.table({"id": ["O1", "O2"], "text": ["first"] * 2}), pa.table({"id": ["O1", "O2"]}))
    with pytest.raises(CommitFailedError):
        second.replace(pa.table({"id": ["O2"], "text": ["second"]}), pa.table({"id": ["O2"]}))
    assert Delta(DeltaTable(tmp_path)).rows(["text"])["text"].to_pylist() == ["first"] * 2


def version(content: str, order: int | None, date: int = 1) -> dict[str, Any]:
    return {"id": "O1", "last_modified_date": day(date), "content_hash": content, "read_order": order}


def versions(lake: Lake, *rows: dict[str, Any], folder: str = "first") -> str:
    """Load versions; the contents that are stored then, by date and order."""
    columns = {"read_order": {"data_type": "bigint"}} if all("read_order" in row for row in rows) else {}
    key = ("id", "last_modified_date", "content_hash")
    lake.run(
        lake.pipeline(folder),
        "opportunity_history",
        rows,
        write_disposition=INSERT_ONLY,
        primary_key=key,
        columns=columns,
    )
    order = ["read_order"] if "read_order" in lake.client.stored_types("opportunity_history") else []
    found = (
        lake.client.open_table("opportunity_history").rows(["last_modified_date", *order, "content_hash"]).to_pylist()
    )
    found.sort(key=lambda row: (row["last_modified_date"], row.get("read_order") or -1))
    return "".join(row["content_hash"] for row in found)


@pytest.mark.long
def test_a_version_that_returns_is_a_new_one_and_what_is_read_again_is_not(lake: Lake) -> None:
    assert versions(lake, version("A", 1), version("B", 2), version("A", 3), version("A", 4)) == "ABA"
    again = versions(lake, version("A", 1), version("B", 2), version("A", 3), version("A", 4), folder="second")
    assert again == "ABA"
    assert versions(lake, version("C", 6, date=2), version("A", 7)) == "ABAC"  # a page that lags
    assert versions(lake, version("B", 9)) == "ABABC"
    assert lake.client.max_value("opportunity_history", "read_order") == 9
    assert lake.client.max_value("opportunity_history", "no_such_column") == 0


@pytest.mark.long
def test_versions_without_an_order_are_told_apart_by_content(lake: Lake) -> None:
    without = [
        {name: value for name, value in version(content, 0).items() if name != "read_order"} for content in "ABA"
    ]
    assert sorted(versions(lake, *without)) == ["A", "B"]
    assert sorted(versions(lake, *without)) == ["A", "B"]
    assert sorted(versions(lake, version("A", 1))) == ["A", "B"]
    assert sorted(versions(lake, version("C", 2), version("A", 3))) == ["A", "A", "B", "C"]


def load_rows(lake: Lake, **tables: list[dict[str, Any]]) -> None:
    """Load rows of tables in one package, and rows of rejected records by their own key."""
    columns: Any = {name: {"data_type": "text"} for name in ("id", "_dlt_id")}
    columns |= {name: {"data_type": "timestamp"} for name in ("last_modified_date", "rejected_since")}
    columns["_dlt_id"]["dedup_sort"] = "desc"
    pipeline = lake.pipeline()
    resources = [
        dlt.resource(
            rows,
            name=name,
            table_format=lake.table_format,
            write_disposition="merge",
            primary_key="record_key" if name.endswith("_rejected") else "id",
            columns=columns,
        )
        for name, rows in tables.items()
    ]
    pipeline.run(resources, schema=schema(pipeline))


def rejected_rows(*ids: str | None, at: int = 1, order: str = "5") -> list[dict[str, Any]]:
    rows = [{"record_key": one or "hash", "id": one, "seen_at": day(at), "last_modified_date": day(at)} for one in ids]
    return [row | {"_dlt_id": f"{order} {row['record_key']}"} for row in rows]


def cleared(
    lake: Lake, stream: Stream, find: Callable[[ReplacedRows], Iterator[str]], account: str | None = None
) -> list[str | None]:
    """Delete what is found among the rejected records of a stream, twice; returns which are left."""
    for _ in range(2):
        with lake.client as client:
            tables = ReplacedRows(client, account)
            tables.delete(stream.rejected_table, find(tables))
    return [key for (key,) in lake.rows(stream.rejected_table, "id")]


def test_rejected_rows_go_when_their_record_has_become_a_row(lake: Lake) -> None:
    present = [
        {"id": key, "rejected_since": since, "last_listed_sweep": 1}
        for key, since in (("O1", None), ("O2", day(1)), ("O4", None))
    ]
    load_rows(lake, opportunities_rejected=rejected_rows("O1", "O2", "O3", None))
    assert len(cleared(lake, SPINE, lambda tables: tables.loaded(SPINE))) == 4, "nothing is known of their presence"
    load_rows(lake, opportunity_presence=present)
    assert cleared(lake, SPINE, lambda tables: tables.loaded(SPINE)) == ["O2", "O3", None]
    assert cleared(lake, SPINE, lambda tables: tables.seen_before(SPINE, day(1))) == ["O2", "O3", None]
    assert cleared(lake, SPINE, lambda tables: tables.seen_before(SPINE, day(2))) == []


def found(*ids: str, at: int = 1, listed: int = 1, order: str = "5") -> list[dict[str, Any]]:
    dates = {"last_modified_date": day(at), "last_listed_at": day(listed)}
    return [{"id": one, "_dlt_id": f"{order} {one}", **dates} for one in ids]


def test_a_rejected_record_of_a_search_goes_when_a_row_is_newer_or_came_later(lake: Lake) -> None:
    load_rows(lake, **{SEARCH.table: found("before")})
    load_rows(
        lake,
        **{
            SEARCH.table: [
                *found("mended", order="6"),
                *found("newer", at=2),
                *found("turned bad", order="4"),
                *found("older", at=1),
            ],
            SEARCH.rejected_table: [
                *rejected_rows("before", "mended", "newer", "turned bad", "same", "undated", None),
                *rejected_rows("older", at=2),
            ],
        },
    )
    load_rows(lake, **{SEARCH.table: found("same", "older", "other", order="1")})
    left = cleared(lake, SEARCH, lambda tables: tables.loaded(SEARCH))
    assert left == ["before", "older", "turned bad", "undated", None]


def test_rejected_records_go_that_a_search_of_everything_has_not_found(lake: Lake) -> None:
    load_rows(lake, **{SEARCH.table: found("O1"), SEARCH.rejected_table: rejected_rows("lost", "bad", None)})
    load_rows(
        lake, **{SEARCH.table: found("O1", listed=2), SEARCH.rejected_table: rejected_rows("bad", at=2, order="6")}
    )
    assert cleared(lake, SEARCH, lambda tables: tables.seen_before(SEARCH, day(2))) == ["bad"]


def test_rejected_records_of_another_account_stay(lake: Lake) -> None:
    def of_both(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [row | {"account": "acme" if row["id"].startswith("A") else "globex"} for row in rows]

    load_rows(lake, **{SEARCH.rejected_table: of_both(rejected_rows("A1", "A2", "G1", "G2"))})
    load_rows(lake, **{SEARCH.table: of_both(found("A1", "G1", listed=2))})
    assert cleared(lake, SEARCH, lambda tables: tables.loaded(SEARCH), "acme") == ["A2", "G1", "G2"]
    assert cleared(lake, SEARCH, lambda tables: tables.seen_before(SEARCH, day(2)), "acme") == ["G1", "G2"]
    assert cleared(lake, SEARCH, lambda tables: tables.seen_before(SEARCH, day(2)), "globex") == []


def test_types_are_those_of_the_stored_table_and_nothing_is_cast_into_them(lake: Lake) -> None:
    hints: dict[str, Any] = {"write_disposition": "merge", "primary_key": "id"}
    lake.run(lake.pipeline(), "opportunities", [{"id": "O1", "score": 7, "at": day(1), "good": True}], **hints)
    client = lake.client
    types = client.stored_types("opportunities")
    assert {name: types[name] for name in ("id", "score", "at", "good")} == {
        "id": "text",
        "score": "bigint",
        "at": "timestamp",
        "good": "bool",
    }
    assert client.stored_types("opportunities__nothing") == {}
    with pytest.raises(StoredTableDiffers, match="score is stored as bigint, and comes as double"):
        client.ensure_table("opportunities", pa.schema([("id", pa.string()), ("score", pa.float64())]))
    assert client.ensure_table("opportunities", pa.schema([pa.field("new", pa.string(), nullable=False)])).schema.field(
        "new"
    )
    assert lake.rows("opportunities", "score", "new") == [(7, None)]


def state(version: int, pipeline: str = "deals", sources: str = "partner_central") -> StateInfo:
    content: Any = {"pipeline_name": pipeline, "sources": {sources: {"resources": {}}}, "_state_version": version}
    return StateInfo(version, 4, pipeline, compress_state(content), day(1), "hash")


def stored_states(*states: tuple[str, StateInfo]) -> Any:
    """Files of states, by what stands in their names for the load; and what reads them, noting which."""
    from dlt.common import json

    texts = {f"{info.pipeline_name}-{place}": json.dumpb(info.as_doc()) for place, info in states}
    files = [(f"{info.pipeline_name}-{place}", [info.pipeline_name, place, "hash"]) for place, info in states]
    opened: list[str] = []

    def read(paths: list[str]) -> dict[str, bytes]:
        opened.extend(paths)
        return {path: texts[path] for path in paths}

    return files, read, opened


def test_the_state_with_the_highest_count_is_newest_whatever_its_clock() -> None:
    ahead, behind = "1999999999.1", "1500000000.1"
    files, read, opened = stored_states((sequence_name(9, ahead), state(9)), (sequence_name(10, behind), state(10)))
    found = newest_state(files, "deals", read)
    assert found is not None
    assert (found.version, len(opened)) == (10, 1)

    files, read, _ = stored_states((ahead, state(9)), (behind, state(10)))  # as earlier versions named them
    found = newest_state(files, "deals", read)
    assert found is not None
    assert found.version == 10


def test_a_state_is_adopted_only_of_this_source_and_of_the_same_account() -> None:
    others = [("1.0", state(1, "old")), ("2.0", state(2, "older__acme")), ("3.0", state(3, "shop", "shop"))]
    files, read, _ = stored_states(*others)
    adopted = newest_state(files, "deals", read)
    assert adopted is not None
    assert (adopted.version, adopted.pipeline_name) == (1, "deals")
    adopted = newest_state(files, "deals__acme", read)
    assert adopted is not None
    assert (adopted.version, adopted.pipeline_name) == (2, "deals__acme")
    assert newest_state(files, "deals__umbrella", read) is None
    assert newest_state([], "deals", read) is None


@pytest.mark.long
@pytest.mark.parametrize("clock", ["ahead", rarely("behind")])
def test_a_machine_with_a_wrong_clock_hides_nothing_that_others_load_later(
    clock: str, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    @dlt.resource(name="opportunities", write_disposition="merge", primary_key="id", table_format=lake.table_format)
    def counting() -> Any:
        dlt.current.resource_state()["runs"] = dlt.current.resource_state().get("runs", 0) + 1
        yield opportunity("O1", 1, "a")

    for number in range(3):
        start = 1_700_000_000 + number + (1_000_000 if (number == 0) == (clock == "ahead") else 0)
        monkeypatch.setattr("dlt.extract.storage.create_load_id", lambda start=start: f"{start}.5")
        pipeline = lake.pipeline(f"machine {number}")
        pipeline.run(counting(), schema=schema(pipeline))
    sources = lake.pipeline("reader")
    sources.sync_destination()
    assert sources.state["sources"]["lake"]["resources"]["opportunities"]["runs"] == 3


@pytest.mark.long
@pytest.mark.skipif("delta" not in LAKES, reason="An Iceberg table knows where it is, and cannot be copied.")
def test_a_lake_that_was_copied_goes_on_from_where_the_original_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESTINATION__FILESYSTEM__BUCKET_URL", f"file://{tmp_path}/lake")
    with Emulator(opportunities=20, seed=1, rps=None) as emulator:
        sandbox = Warehouse(tmp_path, emulator.endpoint, "filesystem")
        sandbox.sync()
        shutil.copytree(tmp_path / "lake" / "partner_central", tmp_path / "lake" / "crm")
        changed = emulator.truth()[0]["Id"]
        emulator.change(changed, {"LifeCycle": {"NextSteps": "x"}})
        for rows in (1, 0):
            assert sandbox.sync(dataset="crm").changed == rows
        sandbox.assert_equals(emulator.truth(), "crm")
