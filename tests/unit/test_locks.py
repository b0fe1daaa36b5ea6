"""The locks: one for each extra, with hashes, in step with the common one and with the image."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
DESTINATIONS = sorted(EXTRAS.keys() - {"dev", "build", "report"})
LOCKS = [ROOT / "requirements.lock", *(ROOT / "locks" / f"{extra}.lock" for extra in DESTINATIONS)]
PINNED = re.compile(
    r"^([a-z0-9][^ =\[]*)(?:\[[^]]*\])?==([^ ]+)([^\n]*)\n((?:    --hash=sha256:[0-9a-f]{64}[ \\]*\n)+)", re.MULTILINE
)


def pins(lock: Path) -> dict[str, set[str]]:
    """The versions of each package; there may be one for each version of Python."""
    found: dict[str, set[str]] = {}
    for name, version, _, hashes in PINNED.findall(lock.read_text()):
        assert hashes
        found.setdefault(name, set()).add(version)
    return found


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_pinned_package_has_hashes_and_no_index_is_named(lock: Path) -> None:
    text = lock.read_text()
    assert len(re.findall(r"^[a-z0-9].*==", text, re.MULTILINE)) == len(PINNED.findall(text)) > 0
    assert "://" not in text


@pytest.mark.parametrize("lock", LOCKS[1:], ids=lambda lock: lock.name)
def test_the_lock_of_an_extra_holds_the_common_one(lock: Path) -> None:
    own = pins(lock)
    assert {name: own.get(name) for name in pins(LOCKS[0])} == pins(LOCKS[0])


def test_the_makefile_makes_a_lock_of_every_extra() -> None:
    (named,) = re.findall(r"^EXTRAS_LOCKED := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert sorted(named.split()) == DESTINATIONS


def test_the_image_and_the_examples_install_by_hashes_only() -> None:
    for page in ("Dockerfile", "docs/how-to/cron.md"):
        text = (ROOT / page).read_text()
        installs = re.findall(r"pip install(?:[^\n]|(?<=\\)\n)*", text)
        assert installs
        assert all("--require-hashes" in one or "--no-build-isolation" in one for one in installs), page
        assert all("--no-deps" in one for one in installs), page


def test_actions_of_the_example_are_named_by_commit_and_keep_no_token() -> None:
    text = (ROOT / "docs" / "how-to" / "cron.md").read_text()
    uses = re.findall(r"uses: (\S+)", text)
    assert uses
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", one) for one in uses)
    for file in (text, (ROOT / ".github" / "workflows" / "ci.yml").read_text()):
        assert file.count("actions/checkout@") == file.count("persist-credentials: false")
