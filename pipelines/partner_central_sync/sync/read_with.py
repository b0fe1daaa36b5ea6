"""Compares how an interrupted run read what it left with this run: the account, and what `pii` stores.

Rows are as they are stored from the moment they are read. So rows in clear must not be loaded by a run that masks, nor
rows of a wrong account by the run that corrects the credentials.
"""

from __future__ import annotations

from copy import deepcopy

import botocore.session
import dlt

from partner_central.public import (
    SPINE,
    STREAMS,
    ConfigurationError,
    check_account,
    check_catalog,
    connect,
    from_own_section,
    identity_of,
)

from ..destinations.pipeline_state import state_of_source
from .own_session import arguments, pii_policy, session_of
from .settings import Settings

READ_WITH = "partner_central_read_with"


def note(pipeline: dlt.Pipeline, settings: Settings) -> None:
    """Notes in the working folder what is stored of personal data in the rows that are read now."""
    identity = pii_policy(settings, SPINE).identity
    if pipeline.state["_local"].get(READ_WITH) != identity:
        pipeline.set_local_state_val(READ_WITH, identity)


def difference(pipeline: dlt.Pipeline, settings: Settings, *, is_first: bool) -> str | None:
    """Returns what was otherwise when the rows on their way were read, so that they cannot be loaded; None if nothing.

    Args:
        pipeline: with rows on their way.
        settings: of this run.
        is_first: whether nothing was ever loaded, so that no dataset says which account is the right one.

    Raises:
        ConfigurationError: there are no credentials, or not those of the account that the dataset is of.
        PartnerCentralError: the credentials cannot be fetched.
    """
    noted = pipeline.state["_local"].get(READ_WITH) or SPINE.pii_policy("keep", None).identity  # as the first release
    if noted != pii_policy(settings, SPINE).identity:
        return "pii"
    account = _account(session_of(settings), **arguments(settings, "catalog", "endpoint_url"))
    try:
        for stream in STREAMS:
            if state := deepcopy(state_of_source(pipeline.state, stream)):
                check_catalog(state, settings.catalog)
                check_account(state, account, stream.table, accept=False)
    except ConfigurationError:
        if is_first:
            return "account or catalog"
        if not _accepts_another(**arguments(settings, "accept_account")):
            raise
    return None


@from_own_section
def _account(session: botocore.session.Session, catalog: str, endpoint_url: str | None = None) -> str | None:
    return identity_of(session, connect(session, endpoint_url=endpoint_url), catalog)


@from_own_section
def _accepts_another(*, accept_account: bool = False) -> bool:
    return accept_account
