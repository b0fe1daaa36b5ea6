"""One dataset for several accounts: each has a pipeline of its own, and they stay out of each other's way."""

from __future__ import annotations

import dlt
from dlt.destinations.job_client_impl import SqlJobClientBase

from partner_central.public import ACCOUNT, ConfigurationError

from .settings import Settings


def check_key(pipeline: dlt.Pipeline, settings: Settings) -> None:
    """Returns whether a dataset that this pipeline never loaded has the key that its rows will have.

    Raises:
        ConfigurationError: it has tables with the column `account` and this run has none to put there, or the reverse.
    """
    client = pipeline.destination_client()
    if not isinstance(client, SqlJobClientBase):
        return
    with client:
        exists, columns = client.get_storage_table("opportunities")
    if not exists or (ACCOUNT in columns) == (settings.account is not None):
        return
    name = settings.dataset_name
    if settings.account is None:
        raise ConfigurationError(
            f"Several accounts share the dataset {name}: its tables have a column account. Run it with --account or "
            "--all-accounts, or choose another --dataset."
        )
    raise ConfigurationError(
        f"The dataset {name} was loaded without a column account, so it cannot be shared. Give the accounts another "
        "one (dataset): they load everything into it. This one keeps its history, which AWS cannot give again."
    )
