"""The command builds the subcommand that is asked for alone; it is the same one that the whole has."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from typer.testing import CliRunner

from partner_central_sync.cli import app as module
from partner_central_sync.cli.app import COMMANDS, app, main, make_app


@pytest.mark.parametrize("name", COMMANDS)
def test_a_subcommand_built_alone_is_the_one_of_the_whole(name: str) -> None:
    alone, whole = (CliRunner().invoke(made, [name, "--help"]) for made in (make_app(name), app))
    assert alone.exit_code == whole.exit_code == 0
    assert alone.output == whole.output


@pytest.mark.parametrize(
    ("arguments", "built"),
    [
        (["sync", "--full"], ("sync",)),
        (["rates", "--help"], ()),
        (["--version"], ()),
        (["snyc"], ()),
        ([], ()),
    ],
)
def test_what_is_built_is_what_is_asked_for(
    arguments: list[str], built: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[tuple[str, ...]] = []

    def make(*names: str) -> Any:
        made.append(names)
        return lambda: None

    monkeypatch.setattr(sys, "argv", ["partner-central", *arguments])
    monkeypatch.setattr(module, "make_app", make)
    monkeypatch.setattr(module, "app", lambda: made.append(()))
    monkeypatch.setattr(module, "end_at_once", lambda: None)
    monkeypatch.setattr("gc.set_threshold", lambda *_: None)
    main()
    assert made == [built]


def test_a_name_that_is_mistyped_is_told_the_near_one() -> None:
    assert "sync" in CliRunner().invoke(app, ["snyc"]).output
