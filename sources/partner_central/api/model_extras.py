"""Operations that the installed botocore does not know, added to its service model by botocore's own mechanism.

The folder `extras` holds what the newest model has and older ones lack, in the form of a model.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.session import get_session

SERVICE: Final = "partnercentral-selling"
FOLDER: Final = Path(__file__).parent / "extras"

_MODEL: Final = "service-2"
_EXTRAS: Final = "service-2.sdk-extras.json"


def with_extras(loader: Loader) -> Loader:
    """Returns the loader, with the operations that its service model lacks; it is changed if it lacks one.

    Call it before the loader has read the service model, because a loader keeps what it has read.
    """
    version: str = loader.determine_latest_version(SERVICE, _MODEL)
    extras = _extras(FOLDER / SERVICE / version / _EXTRAS)
    known = loader.load_data(f"{SERVICE}/{version}/{_MODEL}")["operations"]
    if not extras.keys() <= known.keys() and str(FOLDER) not in loader.search_paths:
        loader.search_paths.insert(0, str(FOLDER))
    return loader


@cache
def service_model() -> ServiceModel:
    """Returns the model of the service, as installed with botocore and with the extras that it lacks; read once."""
    session = get_session()
    with_extras(session.get_component("data_loader"))
    return session.get_service_model(SERVICE)


@cache
def _extras(file: Path) -> dict[str, Any]:
    """Returns the operations of a file of extras; none for a version of the service that has no such file."""
    if not file.exists():
        return {}
    operations: dict[str, Any] = json.loads(file.read_bytes())["merge"]["operations"]
    return operations
