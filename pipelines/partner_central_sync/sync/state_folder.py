"""Finds the folder in which the runs of one destination keep their state on this machine.

It holds dlt's working folder of each pipeline, its lock, its notes, and what the last report knew. Every destination
has one of its own. Two projects of one user load datasets of the same name into two files. Neither waits for the other,
nor shows the other's runs. The folder is the owner's alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from dlt.common.pipeline import get_dlt_pipelines_dir
from dlt.common.runtime.run_context import global_dir
from filelock import FileLock

from partner_central.public import ConfigurationError

from .. import destinations
from .bare_names import is_shared
from .private_folder import make_private, require_private
from .settings import Settings

OURS = "partner_central_sync"
LOCATION = "partner_central_location"
SHARED = (
    "There is no folder for the state of runs: the home folder cannot be written, and {folder} is in a place that all "
    "users share. Set DLT_DATA_DIR to a folder of your own."
)


def base_of(settings: Settings) -> Path:
    """Returns the folder in which all folders of dlt are; the calls of the day are counted there, for all destinations.

    Raises:
        ConfigurationError: it would be in the temporary folder that all users share.
    """
    if settings.pipelines_dir is not None:
        return settings.pipelines_dir.absolute()
    folder = Path(get_dlt_pipelines_dir()).absolute()
    if "DLT_DATA_DIR" not in os.environ and is_shared(Path(global_dir())):
        raise ConfigurationError(SHARED.format(folder=folder))
    return folder


def folder_of(settings: Settings) -> Path:
    """Returns the folder of the destination; it may not be there yet.

    Raises:
        ConfigurationError: it would be in the temporary folder that all users share.
    """
    place = settings.location
    if place and destinations.get(settings.destination).is_one_file:
        place = os.path.realpath(place)
    digest = hashlib.blake2b(place.encode(), digest_size=6).hexdigest()
    return base_of(settings) / OURS / f"{settings.destination}_{digest}"


def prepare(settings: Settings) -> Path:
    """Makes the folder of the destination for its owner alone, and returns it.

    Raises:
        ConfigurationError: it, or a folder above it, belongs to another user or can be written by others.
    """
    folder = folder_of(settings)
    make_private(folder.parent)
    make_private(folder)
    if (folder / settings.pipeline_name).exists():
        require_private(folder / settings.pipeline_name)
    return folder


def sibling(settings: Settings, kind: str) -> Path:
    """Returns a file beside the working folder, which may be emptied."""
    return folder_of(settings) / f"{settings.pipeline_name}.{kind}"


def take_over(settings: Settings) -> None:
    """Moves a working folder of an earlier release here, which kept it by the name of the dataset alone.

    It is moved only if it is of this destination. Another one's stays where it is, for that one.

    Raises:
        filelock.Timeout: an earlier release is running there.
    """
    base, folder, name = base_of(settings), folder_of(settings), settings.pipeline_name
    if _stored_location(folder / name) is not None or _stored_location(base / name) != settings.location:
        return
    require_private(base / name)
    prepare(settings)
    with FileLock(base / f"{name}.lock", timeout=0):
        shutil.rmtree(folder / name, ignore_errors=True)
        (base / name).rename(folder / name)
        for kind in ("owner", "run"):
            with suppress(FileNotFoundError):
                (base / f"{name}.{kind}").rename(folder / f"{name}.{kind}")
        report = f"{settings.dataset_name}.report"
        with suppress(FileNotFoundError):
            shutil.copyfile(base / report, folder / report)  # of every destination, each under its name


def _stored_location(folder: Path) -> str | None:
    """Returns the destination that a working folder was last built on, if it says so."""
    try:
        stored: Any = json.loads((folder / "state.json").read_text())["_local"][LOCATION]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return str(stored)
