"""Makes and checks folders that no other user of the machine may write to.

dlt runs what it finds in its working folder: a package that waits there holds statements for the database. So nobody
else may put anything there, nor replace a folder above it. Every folder from the root on is looked at, and every link
on the way.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from partner_central.public import ConfigurationError

ONLY_OWNER = 0o700
OTHERS = 0o077
MAX_LINKS = 40
REMEDY = (
    "dlt runs what it finds there. Set DLT_DATA_DIR to a folder that is yours, and below folders that only you or "
    "root can write to."
)


@contextmanager
def private_files() -> Iterator[None]:
    """Lets files and folders that are made within be the owner's alone, whatever the umask is."""
    before = os.umask(OTHERS)
    try:
        yield
    finally:
        os.umask(before)


def make_private(folder: Path) -> None:
    """Makes a folder for its owner alone, with those above it that are missing; one that is there becomes so.

    Raises:
        ConfigurationError: it, or a folder above it, belongs to another user or can be written by others.
    """
    if not hasattr(os, "geteuid"):  # Windows has other rights
        folder.mkdir(parents=True, exist_ok=True)
        return
    _make(folder)
    require_private(folder)
    if stat.S_IMODE(folder.stat().st_mode) & OTHERS:
        folder.chmod(ONLY_OWNER)


def require_private(folder: Path) -> None:
    """Checks that nobody else can put anything into a folder, or replace it; not even root made it.

    Raises:
        ConfigurationError: it, or a folder above it, belongs to another user or can be written by others.
    """
    require_trusted(folder)
    if folder.stat().st_uid != os.geteuid():
        raise ConfigurationError(f"{folder} belongs to another user (id {folder.stat().st_uid}). {REMEDY}")


def require_trusted(file: Path, remedy: str = REMEDY) -> None:
    """Checks that only this user and root can have written a file or folder, and can replace it.

    Args:
        file: the file or folder.
        remedy: what the user can do.

    Raises:
        ConfigurationError: it, or a folder above it, belongs to another user or can be written by others.
    """
    own = os.geteuid()
    out_of_reach = False  # below a folder that others cannot enter
    for path, found in _way_to(file.absolute()):
        if found.st_uid not in {0, own}:
            raise ConfigurationError(f"{path} belongs to another user (id {found.st_uid}). {remedy}")
        if stat.S_ISLNK(found.st_mode):
            out_of_reach = False
            continue
        if _others_can_write(found) and not out_of_reach:
            raise ConfigurationError(f"{path} can be written by other users. {remedy} {_way_out(path, found)}")
        out_of_reach |= found.st_uid == own and not found.st_mode & 0o011


def _way_out(path: Path, found: os.stat_result) -> str:
    """Returns what to do about a folder that others can write to; its owner alone may change its mode."""
    if found.st_uid == os.geteuid():
        return f"Or take their right: chmod go-w {path}"
    return "For a volume of Kubernetes, such as an emptyDir, docs/how-to/cron.md has a pod."


def _make(folder: Path) -> None:
    """Makes missing folders one after another: only the last of `mkdir` has its mode."""
    for missing in reversed([one for one in (folder, *folder.parents) if not os.path.lexists(one)]):
        missing.mkdir(mode=ONLY_OWNER, exist_ok=True)


def _others_can_write(found: os.stat_result) -> bool:
    """Returns whether others may replace what is in a folder. In a sticky one, only the owner of an entry may."""
    if found.st_mode & stat.S_ISVTX:
        return False
    return bool(found.st_mode & stat.S_IWOTH) or (
        bool(found.st_mode & stat.S_IWGRP) and not _is_private_group(found.st_gid)
    )


def _is_private_group(number: int) -> bool:
    """Returns whether a group is root's, or the user's own one, which has the user's name and no other member."""
    import grp
    import pwd

    if number == 0:
        return True
    try:
        user, group = pwd.getpwuid(os.geteuid()), grp.getgrgid(number)
    except KeyError:
        return False
    return group.gr_name == user.pw_name and user.pw_gid == number and set(group.gr_mem) <= {user.pw_name}


def _way_to(path: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Yields every folder and link that is passed from the root to a path, as links lead.

    Raises:
        ConfigurationError: links lead in a circle.
    """
    here, parts, links = Path(path.anchor), list(path.parts[1:]), 0
    yield here, here.lstat()
    while parts:
        part = parts.pop(0)
        if part == "..":
            here = here.parent
            continue
        found = (here / part).lstat()
        yield here / part, found
        if not stat.S_ISLNK(found.st_mode):
            here /= part
            continue
        links += 1
        if links > MAX_LINKS:
            raise ConfigurationError(f"The links of {path} lead in a circle. {REMEDY}")
        target = (here / part).readlink()
        if target.is_absolute():
            here = Path(target.anchor)
            parts[:0] = target.parts[1:]
        else:
            parts[:0] = target.parts
