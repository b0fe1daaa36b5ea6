"""The dbt package in a project of its own, with DuckDB and PostgreSQL; dbt is in `.venv-test-dbt` (`make test-dbt`)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from databases import Database
from partner_central_emulator import Emulator
from partner_central_sync.views.files import view_texts
from postgres import own_name
from sandbox import TIMEOUT_S

ROOT = Path(__file__).parents[2]
DBT = ROOT / ".venv-test-dbt" / "bin" / "dbt"
PAGE = (ROOT / "docs" / "how-to" / "dbt.md").read_text(encoding="utf-8")
PACKAGES, PROFILES, SETTINGS, FRESHNESS, ATTACHED = (
    yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
)
GRANTS = re.findall(r"^((?:CREATE|GRANT|ALTER) .*);$", PAGE, re.MULTILINE)
RELEASE = "v1.2.3"
MODELS = "analytics_partner_central_models"
STALE = "UPDATE sync_runs SET finished_at = finished_at - INTERVAL '30' HOUR"
COLUMNS = (
    "SELECT table_name, column_name, data_type, numeric_precision, numeric_scale FROM information_schema.columns "
    "WHERE table_schema = '{}' AND table_name IN ({}) ORDER BY table_name, ordinal_position"
)
EITHER = pytest.mark.parametrize("database", ["duckdb", "postgres"], indirect=True)
pytestmark = [pytest.mark.slow, pytest.mark.views]


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """A small account: three tables cost a call for each record."""
    with Emulator(opportunities=60, seed=1, rps=None) as running:
        yield running


class Project:
    """A project that installs the package as the page says, from a repository that has it in its folder `dbt`."""

    def __init__(self, database: Database, profiles: dict[str, Any] = PROFILES, **more: Any) -> None:
        self.folder = database.folder / "project"
        self.folder.mkdir()
        (package,) = PACKAGES["packages"]
        ((profile, content),) = profiles.items()
        place = {"git": str(repository(database.folder / "repository")), "revision": RELEASE}
        self.write("packages.yml", {"packages": [package | place]})
        target = content["outputs"][database.destination]
        target = target | place_of(database, target)
        self.write("profiles.yml", {profile: {"target": "here", "outputs": {"here": target}}})
        self.settings = {"name": "own", "version": "1.0", "profile": profile} | more
        self.write("dbt_project.yml", self.settings)
        self.run("deps")

    def write(self, name: str, content: dict[str, Any]) -> None:
        (self.folder / name).write_text(yaml.safe_dump(content))

    def run(self, *command: str, fails: bool = False) -> str:
        """Run dbt to its end; give what it printed."""
        assert DBT.exists(), "dbt is not set up: make .venv-test-dbt/.set-up"
        done = subprocess.run(
            [DBT, "--no-use-colors", *command],
            cwd=self.folder,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        assert (done.returncode != 0) == fails, done.stdout[-5000:] + done.stderr[-5000:]
        return done.stdout

    def builds(self) -> None:
        """Every model is made, and every test holds."""
        assert f"PASS={len(view_texts()) + 2} WARN=0 ERROR=0 SKIP=0" in self.run("build")


def environment() -> dict[str, str]:
    own = {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DBT_PASSWORD": "secret", "GIT_CONFIG_GLOBAL": os.devnull}
    return {**os.environ, **own}


def repository(folder: Path) -> Path:
    shutil.copytree(ROOT / "dbt", folder / "dbt")
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
    for command in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-q", "-m", "test"], ["tag", RELEASE]):
        subprocess.run(["git", *command], cwd=folder, env=environment(), check=True)
    return folder


def place_of(database: Database, target: dict[str, Any]) -> dict[str, Any]:
    """What a profile has to say of the database; in PostgreSQL, the role of the page is made."""
    if database.server is None:
        attached = [one | {"path": str(database.folder / one["path"])} for one in target.get("attach", ())]
        return {"path": str(database.folder / target["path"]), "attach": attached}
    name = own_name(database.folder.name)
    words = {"transformer": f'"{name} transformer"', "analytics": f'"{name}"', "'...'": "'secret'"}
    assert len(GRANTS) == 5
    for statement in GRANTS:
        database.sql(re.sub("|".join(map(re.escape, words)), lambda found: words[found[0]], statement))
    return {"host": "127.0.0.1", "port": database.server.port, "dbname": name, "user": f"{name} transformer"}


def assert_models_equal_views(database: Database, models: str = MODELS) -> set[str]:
    """Every model has the columns, types and rows of the view; give the views without rows."""
    names = ", ".join(f"'{name}'" for name in view_texts())
    columns = database.sql(COLUMNS.format("partner_central", names))
    assert {row[0] for row in columns} == view_texts().keys()
    assert database.sql(COLUMNS.format(models, names)) == columns
    found = {view: counts(database, view, f"{models}.{view}") for view in view_texts()}
    assert {view: (of_view, 0) for view, (of_view, *_) in found.items()} == {
        view: (of_model, missing) for view, (_, of_model, missing) in found.items()
    }
    return {view for view, (rows, *_) in found.items() if not rows}


def counts(database: Database, view: str, model: str) -> tuple[Any, ...]:
    """How many rows a view has, how many a model has, and how many of the view are not in the model."""
    missing = f"(SELECT * FROM {view}) EXCEPT ALL (SELECT * FROM {model})"
    (found,) = database.sql(
        f"SELECT (SELECT COUNT(*) FROM {view}), (SELECT COUNT(*) FROM {model}), "
        f"(SELECT COUNT(*) FROM ({missing}) AS missing)"
    )
    return found


@EITHER
def test_every_model_equals_the_view_of_its_name(database: Database, emulator: Emulator) -> None:
    database.sync(tables=("all",))
    emulator.advance(days=5)
    database.sync(tables=("all",))
    database.sql("INSERT INTO currency_rates VALUES ('EUR', 'USD', 1.1, DATE '2020-01-01')")
    project = Project(database)
    project.builds()
    assert len(assert_models_equal_views(database)) < len(view_texts()) / 10


@EITHER
def test_models_read_the_tables_of_streams_that_are_off_as_empty(database: Database) -> None:
    database.sync()
    settings = {**SETTINGS, "vars": {}}
    project = Project(database, **settings)
    project.builds()
    assert "solutions" not in {name for (name,) in database.sql("SELECT table_name FROM information_schema.tables")}
    assert_models_equal_views(database, "analytics_co_sell")


@EITHER
def test_the_source_is_fresh_until_syncs_fail(database: Database) -> None:
    database.sync()
    project = Project(database)
    assert "1 of 1 PASS freshness of partner_central.sync_runs" in project.run("source", "freshness")
    database.sql(STALE)
    assert "1 of 1 ERROR STALE freshness of partner_central.sync_runs" in project.run("source", "freshness", fails=True)
    project.write("dbt_project.yml", project.settings | FRESHNESS)
    assert "1 of 1 PASS freshness of partner_central.sync_runs" in project.run("source", "freshness")


@pytest.mark.parametrize("database", ["duckdb"], indirect=True)
def test_dbt_reads_an_attached_file_that_it_does_not_change(database: Database) -> None:
    database.sync()
    before = database.database.read_bytes()
    project = Project(database, ATTACHED, vars={"partner_central_database": "loaded"})
    project.builds()
    assert database.database.read_bytes() == before
    with duckdb.connect(str(database.folder / "analytics.duckdb")) as connection:
        connection.execute(f"ATTACH '{database.database}' AS loaded (READ_ONLY)")
        for view in ("opportunity_current", "pipeline_by_week", "data_freshness"):
            of_view, of_model = f"SELECT * FROM loaded.partner_central.{view}", f"SELECT * FROM {MODELS}.{view}"
            assert connection.execute(of_model).fetchall()
            assert connection.execute(f"({of_view}) EXCEPT ALL ({of_model})").fetchall() == []
