"""The operations that are added to a service model which lacks them."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.loaders import Loader, create_loader
from botocore.session import get_session

from partner_central.api.model_extras import FOLDER, SERVICE, service_model, with_extras

VERSION = "2022-07-26"
(FILE,) = FOLDER.rglob("*.json")
EXTRAS: dict[str, Any] = json.loads(FILE.read_bytes())["merge"]


def installed() -> dict[str, Any]:
    """The service model as botocore has it."""
    model: dict[str, Any] = create_loader().load_data(f"{SERVICE}/{VERSION}/service-2")
    return copy.deepcopy(model)


def loader_of(folder: Path, model: dict[str, Any]) -> Loader:
    """A loader with another service model than botocore's."""
    place = folder / SERVICE / VERSION
    place.mkdir(parents=True)
    (place / "service-2.json").write_text(json.dumps(model))
    return Loader(extra_search_paths=[str(folder)], include_default_search_paths=False)


def test_the_file_is_for_the_version_that_botocore_has() -> None:
    assert FILE.parts[-3:] == (SERVICE, create_loader().determine_latest_version(SERVICE, "service-2"), FILE.name)
    assert EXTRAS["operations"].keys() == {"SearchOpportunities", "SearchEngagements"}


def test_an_older_model_gains_the_operations_with_every_shape(tmp_path: Path) -> None:
    older = installed()
    for name in EXTRAS["operations"]:
        older["operations"].pop(name, None)
    found = with_extras(loader_of(tmp_path, older)).load_service_model(SERVICE, "service-2")
    assert found["operations"].keys() == older["operations"].keys() | EXTRAS["operations"].keys()
    wanted = [f"{name}{end}" for name in EXTRAS["operations"] for end in ("Request", "Response")]
    seen: set[str] = set()
    while wanted:
        shape = found["shapes"][wanted.pop()]
        below = [
            *shape.get("members", {}).values(),
            *(shape[name] for name in ("member", "key", "value") if name in shape),
        ]
        wanted += [one["shape"] for one in below if one["shape"] not in seen]
        seen |= {one["shape"] for one in below}


def test_a_model_that_has_the_operations_stays_as_it_is(tmp_path: Path) -> None:
    newer = installed()
    newer["operations"] |= {name: {"name": name} for name in EXTRAS["operations"]}
    loader = with_extras(loader_of(tmp_path, newer))
    assert loader.load_service_model(SERVICE, "service-2") == newer


@pytest.mark.skipif(
    not EXTRAS["operations"].keys() <= installed()["operations"].keys(), reason="the installed botocore lacks them"
)
@pytest.mark.parametrize("kind", ["operations", "shapes"])
def test_the_extras_equal_the_model_of_a_botocore_that_has_them(kind: str) -> None:
    model = installed()
    assert {name: model[kind].get(name) for name in EXTRAS[kind]} == EXTRAS[kind]


def test_a_client_calls_an_operation_that_botocore_lacks() -> None:
    session = get_session()
    loader = session.get_component("data_loader")
    assert with_extras(with_extras(loader)) is loader
    keys = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "example"}
    client = boto3.Session(botocore_session=session, region_name="us-east-1", **keys).client(SERVICE)
    assert client.meta.method_to_api_mapping["search_opportunities"] == "SearchOpportunities"
    assert client.meta.service_model.operation_names == service_model().operation_names
