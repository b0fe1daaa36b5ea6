"""Proves that the destination can be written: creates and drops what a run would create."""

from __future__ import annotations

import secrets
from contextlib import ExitStack

import dlt
from dlt.destinations.job_client_impl import SqlJobClientBase

from . import of
from .errors import translate_open_errors

NAME = "partner_central_check"


def prove_write(pipeline: dlt.Pipeline) -> bool:
    """Creates and drops a table in the dataset, and a staging dataset; in one transaction where it can be.

    Returns:
        Whether that was tried: a destination without SQL is not.

    Raises:
        Exception: of the destination; it does not let this user write.
    """
    client = pipeline.destination_client()
    if not isinstance(client, SqlJobClientBase):
        return False
    with translate_open_errors(), client, ExitStack() as opened:
        if client.capabilities.supports_ddl_transactions:  # some end it at a CREATE all the same, so all is dropped too
            opened.enter_context(client.sql_client.begin_transaction())
        _create_and_drop(client, secrets.token_hex(4))
    return True


def _create_and_drop(client: SqlJobClientBase, token: str) -> None:
    sql = client.sql_client
    table = sql.make_qualified_table_name(f"{NAME}_{token}")
    sql.execute_sql(f"CREATE TABLE {table} {of(client).proof_columns}")
    sql.execute_sql(f"DROP TABLE {table}")
    staging = f"{sql.dataset_name}_{token}_staging"
    with sql.with_alternative_dataset_name(staging):
        sql.create_dataset()
    of(client).drop_dataset(client, staging)
