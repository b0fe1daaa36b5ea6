"""A folder that another user could write to is refused, wherever on the way to it."""

from __future__ import annotations

import grp
import os
import pwd
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from partner_central.errors import ConfigurationError
from partner_central_sync.sync.private_folder import make_private, private_files

OTHER = 12345
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder that others can enter: those of pytest are below one that they cannot."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def give(path: Path) -> None:
    os.chown(path, OTHER, OTHER, follow_symlinks=False)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def below(tmp_path: Path, spoil: Callable[[Path], object]) -> Path:
    """A folder below one that was spoilt."""
    (tmp_path / "upper").mkdir()
    spoil(tmp_path / "upper")
    return tmp_path / "upper" / "ours"


def test_a_new_folder_and_those_above_it_are_the_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        make_private(tmp_path / "a" / "b")
    finally:
        os.umask(before)
    assert mode(tmp_path / "a") == mode(tmp_path / "a" / "b") == 0o700


def test_a_folder_of_an_earlier_release_becomes_the_owners_alone(tmp_path: Path) -> None:
    (tmp_path / "ours").mkdir(mode=0o755)
    make_private(tmp_path / "ours")
    assert mode(tmp_path / "ours") == 0o700


@pytest.mark.parametrize("open_to", [0o757, 0o777])
def test_a_folder_above_that_others_can_write_to_is_refused(open_to: int, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"upper can be written by other users.*DLT_DATA_DIR"):
        make_private(below(tmp_path, lambda upper: upper.chmod(open_to)))


@as_root
def test_a_folder_above_that_a_group_can_write_to_is_refused(tmp_path: Path) -> None:

    def shared(upper: Path) -> None:
        os.chown(upper, 0, OTHER)
        upper.chmod(0o775)

    with pytest.raises(ConfigurationError, match="upper can be written by other users"):
        make_private(below(tmp_path, shared))


def test_in_a_sticky_folder_a_folder_of_ones_own_is_fine(tmp_path: Path) -> None:
    ours = below(tmp_path, lambda upper: upper.chmod(0o1777))
    make_private(ours)
    assert mode(ours) == 0o700


@as_root
@pytest.mark.parametrize("whose", ["ours", "upper"])
def test_a_folder_of_another_user_is_refused(whose: str, tmp_path: Path) -> None:
    ours = below(tmp_path, lambda upper: upper.chmod(0o1777))
    ours.mkdir()
    give(ours if whose == "ours" else ours.parent)
    with pytest.raises(ConfigurationError, match=rf"{whose} belongs to another user \(id {OTHER}\).*DLT_DATA_DIR"):
        make_private(ours)


@as_root
def test_a_link_that_another_user_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    ours = below(tmp_path, lambda upper: upper.chmod(0o1777))
    ours.symlink_to(tmp_path / "real")
    make_private(ours)
    give(ours)
    with pytest.raises(ConfigurationError, match="ours belongs to another user"):
        make_private(ours)


def test_what_lies_behind_a_link_is_looked_at_too(tmp_path: Path) -> None:
    target = below(tmp_path, lambda upper: upper.chmod(0o777))
    target.mkdir()
    (tmp_path / "first").symlink_to("second")
    (tmp_path / "second").symlink_to(target)
    with pytest.raises(ConfigurationError, match="upper can be written"):
        make_private(tmp_path / "first")
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(ConfigurationError, match="circle"):
        make_private(tmp_path / "circle")


def test_below_a_folder_that_others_cannot_enter_rights_do_not_matter(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    make_private(below(tmp_path, lambda upper: upper.chmod(0o775)))


def test_files_are_the_owners_alone_whatever_the_umask_is(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with private_files():
            (tmp_path / "file").touch()
        (tmp_path / "later").touch()
    finally:
        os.umask(before)
    assert (mode(tmp_path / "file"), mode(tmp_path / "later")) == (0o600, 0o666)


@pytest.fixture
def as_the_images_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process is the user of the image, whose group has its name and nobody else."""
    user = SimpleNamespace(pw_name="sync", pw_gid=OTHER)
    monkeypatch.setattr(os, "geteuid", lambda: OTHER)
    monkeypatch.setattr(pwd, "getpwuid", lambda _: user)
    monkeypatch.setattr(grp, "getgrgid", lambda _: SimpleNamespace(gr_name="sync", gr_mem=[]))


@as_root
@pytest.mark.usefixtures("as_the_images_user")
@pytest.mark.parametrize("open_to", [0o777, 0o2777])
def test_an_empty_dir_is_refused_though_the_folder_in_it_is_ours(open_to: int, tmp_path: Path) -> None:
    ours = below(tmp_path, lambda upper: upper.chmod(open_to))
    ours.mkdir(mode=0o700)
    give(ours)
    with pytest.raises(ConfigurationError, match=r"upper can be written by other users.*cron\.md has a pod") as refused:
        make_private(ours)
    assert "chmod" not in str(refused.value), "only root may change it"


@as_root
@pytest.mark.usefixtures("as_the_images_user")
def test_a_private_folder_that_is_mounted_alone_is_fine(tmp_path: Path) -> None:
    """As a subPath is: the folder of the volume above it is not on the way."""
    (tmp_path / "data").mkdir(mode=0o700)
    give(tmp_path / "data")
    make_private(tmp_path / "data")


@as_root
@pytest.mark.usefixtures("as_the_images_user")
def test_a_volume_of_root_with_the_own_group_is_fine(tmp_path: Path) -> None:
    """As a persistent volume is with fsGroup."""
    ours = below(tmp_path, lambda upper: (os.chown(upper, 0, OTHER), upper.chmod(0o2775)))
    ours.mkdir()
    give(ours)
    make_private(ours)
    assert mode(ours) & 0o777 == 0o700
