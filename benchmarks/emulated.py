"""An emulator that costs the machine little, and what is in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.loaders import Loader

from partner_central.public import with_extras
from partner_central_emulator import Emulator
from partner_central_emulator.service_model import use_loader

QUOTA = 10  # calls a second
MOST_COUNTED = 100_000
KEYS: Any = {"region_name": "us-east-1", "aws_access_key_id": "bench", "aws_secret_access_key": "bench"}


@contextmanager
def emulated(
    opportunities: int,
    *,
    latency_ms: float = 0,
    quota: bool = True,
    burst: float = 10,
    skew: Any = "skewed",
    search: bool = False,
) -> Iterator[Emulator]:
    """An emulator whose pages cost this machine little; without quota, it answers as fast as it can."""
    use_loader(with_extras(Loader()))  # of older versions of botocore, too
    with Emulator(
        opportunities=opportunities,
        latency_ms=latency_ms,
        rps=QUOTA if quota else None,
        burst=burst,
        skew=skew,
        token="position",
    ) as emulator:
        emulator.prepare(search=search)
        _sort(emulator)
        yield emulator


def _sort(emulator: Emulator) -> None:
    """Let the emulator sort its lists now; a service has them sorted."""
    client = boto3.client("partnercentral-selling", endpoint_url=emulator.endpoint, **KEYS)
    for by in ("LastModifiedDate", "CreatedDate", "CustomerCompanyName", "Identifier"):
        for order in ("ASCENDING", "DESCENDING"):
            client.list_opportunities(Catalog="AWS", Sort={"SortBy": by, "SortOrder": order})


def entries(emulator: Emulator) -> dict[str, int]:
    """How many entries the lists of all records have, by the name of their table; not counted where that takes GBs."""
    if emulator.describe()["opportunities"]["AWS"] > MOST_COUNTED:
        return {}
    projects = [record.get("Project") or {} for record in emulator.truth()]
    return {
        "project_delivery_models": sum(len(project.get("DeliveryModels") or ()) for project in projects),
        "project_expected_customer_spend": sum(len(project.get("ExpectedCustomerSpend") or ()) for project in projects),
    }
