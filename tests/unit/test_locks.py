"""The locks: one for each extra, with hashes, in step with the common one and with the image."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
DESTINATIONS = sorted(EXTRAS.keys() - {"dev", "build"})
LOCKS = [ROOT / "requirements.lock", *(ROOT / "locks" / f"{extra}.lock" for extra in DESTINATIONS)]
ALL_LOCKS = [
    file
    for folder in (".", "locks", "tests/locks", "benchmarks/peers")
    for file in sorted((ROOT / folder).glob("*.lock"))
]
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


@pytest.mark.parametrize("lock", ALL_LOCKS, ids=lambda lock: str(lock.relative_to(ROOT)))
def test_a_lock_has_nothing_that_pip_refuses_beside_hashes(lock: Path) -> None:
    text = re.sub(r"^ *#.*\n", "", lock.read_text(), flags=re.MULTILINE)
    assert PINNED.sub("", text) == ""


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


WORKFLOWS = [*(ROOT / ".github").rglob("*.yml"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")]
ACTION = re.compile(r"^\s*(?:- )?uses: (.*)$", re.MULTILINE)
BY_COMMIT = re.compile(r"[\w-]+/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def test_every_action_is_named_by_commit_with_its_version_and_keeps_no_token() -> None:
    used = {file: ACTION.findall(file.read_text()) for file in WORKFLOWS}
    assert {file.name for file in used if used[file]} == {"ci.yml", "cron.md"}
    assert [use for uses in used.values() for use in uses if not BY_COMMIT.fullmatch(use)] == []
    for file in used:
        text = file.read_text()
        assert text.count("actions/checkout@") == text.count("persist-credentials: false")


def test_an_action_has_one_commit_everywhere() -> None:
    uses = {use for file in WORKFLOWS for use in ACTION.findall(file.read_text())}
    assert len({use.partition("@")[0] for use in uses}) == len(uses)


def test_every_image_is_named_by_digest_or_is_a_stage() -> None:
    blocks = [
        block for file in WORKFLOWS for block in re.findall(r"```dockerfile\n(.*?)```", file.read_text(), re.DOTALL)
    ]
    for text in ((ROOT / "Dockerfile").read_text(), *blocks):
        found = re.findall(r"^FROM (\S+)(?: AS (\S+))?$", text, re.MULTILINE)
        stages = {stage for _, stage in found}
        assert found
        assert [
            image
            for image, _ in found
            if image not in stages and not re.fullmatch(r"\S+:\S+@sha256:[0-9a-f]{64}", image)
        ] == []


def test_dependabot_proposes_newer_images_and_actions() -> None:
    proposed = re.findall(r"package-ecosystem: (\S+)", (ROOT / ".github" / "dependabot.yml").read_text())
    assert {"docker", "github-actions"} <= set(proposed)
