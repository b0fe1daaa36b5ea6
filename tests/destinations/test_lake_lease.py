"""The lease in a lake: one run at a time, wherever its files are, and by no machine's clock."""

from __future__ import annotations

import json
import os
import posixpath
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import fsspec
import pytest

from partner_central_emulator import Emulator
from partner_central_sync.console.failures import AnotherRun
from partner_central_sync.console.output import Console
from partner_central_sync.destinations.lake.client import LakeClient
from partner_central_sync.destinations.lake.conditional_file import S3, Bucket, Disk, store
from partner_central_sync.destinations.lake.lease_file import FOLDER, LakeLease
from partner_central_sync.destinations.lake.table_format import FORMATS
from partner_central_sync.destinations.lease import TERM, Lease, LeaseLost, LeaseTaken, WithLease
from partner_central_sync.sync import job
from startable_destinations import Warehouse

LAKES = [name for name in os.environ.get("WAREHOUSES", "delta").split() if name in FORMATS]


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    from aws_server import moto_server

    with moto_server() as endpoint:
        yield endpoint


@dataclass(frozen=True)
class Place:
    """A dataset's folder in some store."""

    files: Any
    folder: str

    @property
    def lease(self) -> LakeLease:
        return LakeLease(self.files, self.folder, "deals")

    @property
    def file(self) -> str:
        return posixpath.join(self.folder, FOLDER, "deals.json")


@pytest.fixture(params=["disk", "s3", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "disk":
        return Place(fsspec.filesystem("file"), str(tmp_path))
    if request.param == "memory":
        return Place(fsspec.filesystem("memory"), f"/{tmp_path.name}")
    from aws_server import bucket

    made = bucket(request.getfixturevalue("s3"), tmp_path.name)
    files = fsspec.filesystem(
        "s3",
        key=made["CREDENTIALS__AWS_ACCESS_KEY_ID"],
        secret=made["CREDENTIALS__AWS_SECRET_ACCESS_KEY"],
        endpoint_url=made["CREDENTIALS__ENDPOINT_URL"],
        skip_instance_cache=True,
    )
    return Place(files, made["BUCKET_URL"].removeprefix("s3://"))


FIRST, SECOND = Lease("deals", "first folder"), Lease("deals", "second folder")


def test_each_store_is_written_as_well_as_it_can_be(place: Place) -> None:
    kinds = {"file": Disk, "s3": S3, "memory": Bucket}
    protocol = place.files.protocol if isinstance(place.files.protocol, str) else place.files.protocol[0]
    assert type(store(place.files)) is kinds[protocol]


def test_while_one_run_holds_the_lease_another_is_told_who_and_since_when(place: Place) -> None:
    place.lease.acquire(FIRST)
    with pytest.raises(LeaseTaken, match=rf"{FIRST.host}, since 20\d\d-") as refused:
        place.lease.acquire(SECOND)
    since = refused.value.holder.since
    place.lease.renew(FIRST)
    holder = place.lease.holder(SECOND.owner)
    assert holder is not None
    assert holder.since == since
    assert holder.until >= since + TERM
    assert place.lease.holder(FIRST.owner) is None
    place.lease.check(FIRST)
    with pytest.raises(LeaseLost):
        place.lease.check(SECOND)


def test_a_lease_given_back_can_be_taken_and_only_its_holder_gives_it_back(place: Place) -> None:
    place.lease.release(FIRST)  # there is none yet
    with pytest.raises(LeaseLost):
        place.lease.check(FIRST)
    place.lease.acquire(FIRST)
    place.lease.release(SECOND)
    place.lease.renew(SECOND)
    place.lease.check(FIRST)
    place.lease.release(FIRST)
    assert place.lease.holder(SECOND.owner) is None
    place.lease.acquire(SECOND)
    place.lease.check(SECOND)


def test_the_next_run_in_a_folder_takes_the_lease_that_a_killed_one_left(place: Place) -> None:
    place.lease.acquire(FIRST)
    again = Lease("deals", FIRST.owner)
    place.lease.acquire(again)
    place.lease.check(again)
    with pytest.raises(LeaseLost):
        place.lease.check(FIRST)


def test_to_take_it_twice_is_to_renew_it(place: Place) -> None:
    place.lease.acquire(FIRST)
    before = place.files.cat_file(place.file)
    place.lease.acquire(FIRST)
    assert place.files.cat_file(place.file) != before
    place.lease.check(FIRST)


@pytest.mark.parametrize("later", [TERM * 2, -TERM * 2], ids=["a while later", "after the clock was set back"])
def test_a_lease_that_was_not_renewed_for_its_term_can_be_taken(
    later: timedelta, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.lease.acquire(FIRST)
    now = Bucket.now
    monkeypatch.setattr(Bucket, "now", lambda self, folder: now(self, folder) + later)
    assert place.lease.holder(SECOND.owner) is None
    place.lease.acquire(SECOND)
    place.lease.check(SECOND)
    with pytest.raises(LeaseLost):
        place.lease.check(FIRST)
    place.lease.renew(FIRST)  # too late
    place.lease.check(SECOND)


def test_to_ask_what_time_it_is_leaves_nothing_behind(place: Place) -> None:
    place.lease.acquire(FIRST)
    assert place.lease.holder(SECOND.owner)
    place.files.invalidate_cache()
    left = {posixpath.basename(path) for path in place.files.ls(posixpath.dirname(place.file), detail=False)}
    assert left - {"deals.lock"} == {"deals.json"}


def test_of_two_that_saw_the_same_one_writes(place: Place) -> None:
    one, other = store(place.files), store(place.files)
    place.files.makedirs(posixpath.dirname(place.file), exist_ok=True)
    assert one.read(place.file) is None
    assert [one.write(place.file, b"one", None), other.write(place.file, b"other", None)] == [True, False]
    seen = one.read(place.file)
    assert [other.write(place.file, b"other", seen), one.write(place.file, b"one again", seen)] == [True, False]
    assert place.files.cat_file(place.file) == b"other"
    assert not one.write(posixpath.join(place.folder, FOLDER, "gone.json"), b"one", seen)


def test_s3_itself_refuses_what_came_too_late(s3: str, tmp_path: Path) -> None:
    from aws_server import bucket

    made = bucket(s3, tmp_path.name)
    files = fsspec.filesystem("s3", key="AKIAEXAMPLE", secret="example", endpoint_url=made["CREDENTIALS__ENDPOINT_URL"])
    path = f"{made['BUCKET_URL'].removeprefix('s3://')}/lease"
    slow = S3(files)
    assert slow._create(path, b"first")
    assert not slow._create(path, b"second")
    before = slow.read(path)
    assert before is not None
    files.pipe_file(path, b"meanwhile")
    assert not slow._replace(path, b"late", before)
    assert files.cat_file(path) == b"meanwhile"
    with pytest.raises(FileNotFoundError):
        slow._create("no-such-bucket-anywhere/lease", b"first")


@pytest.fixture(params=LAKES)
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where folders and lakes may be made."""
    monkeypatch.setenv("DESTINATION__FILESYSTEM__BUCKET_URL", f"file://{tmp_path}/lake")
    monkeypatch.setenv("DESTINATION__FILESYSTEM__TABLE_FORMAT", request.param)
    return tmp_path


class Meanwhile(Console):
    """Does something when a phase begins."""

    def __init__(self, phase: str, do: Any) -> None:
        super().__init__(quiet=True)
        self._at, self._do = phase, do

    def begin_phase(self, what: str) -> None:
        if what == self._at:
            self._at = ""
            self._do()


@pytest.mark.long
def test_a_run_beside_another_or_without_its_lease_loads_nothing(folder: Path) -> None:
    with Emulator(opportunities=12, seed=1, rps=None) as emulator:
        first = Warehouse(folder / "first", emulator.endpoint, "filesystem")
        second = Warehouse(folder / "second", emulator.endpoint, "filesystem")
        first.sync()
        shutil.copytree(folder / "first", folder / "second")
        (second.state_folder() / "partner_central.owner").unlink(missing_ok=True)
        lease = next((folder / "lake" / "partner_central" / FOLDER).glob("*.json"))
        assert "run_id" not in json.loads(lease.read_text())

        changed = emulator.truth()[0]["Id"]
        emulator.change(changed, {"LifeCycle": {"NextSteps": "x"}})
        held = json.dumps({"run_id": "other", "owner": "other", "host": "elsewhere", "renewals": 7})
        lease.write_text(held)
        before = first.rows()["opportunities"]
        with pytest.raises(AnotherRun, match="elsewhere, since"):
            second.sync()
        assert second.rows()["opportunities"] == before

        lease.write_text('{"renewals": 8}')
        take = LakeClient.take_lease

        def taken_over(self: LakeClient, mine: Lease) -> None:
            take(self, mine)
            lease.write_text(held)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(LakeClient, "take_lease", taken_over)
            with pytest.raises(AnotherRun, match="took over"):
                first.sync()
        assert second.rows()["opportunities"] == before

        lease.write_text('{"renewals": 9}')
        assert first.sync().changed == 1
        first.assert_equals(emulator.truth())
        assert isinstance(job.working_folder.attach(first.settings()).destination_client(), WithLease)
