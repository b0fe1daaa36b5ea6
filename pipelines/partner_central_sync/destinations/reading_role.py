"""Finds the credentials of the role that queries are run as: `[partner_central.query] credentials`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from partner_central.public import ConfigurationError

if TYPE_CHECKING:
    from .base import Adapter

KEY = "partner_central.query.credentials"
OF_THE_ENVIRONMENT = "PARTNER_CENTRAL__QUERY__CREDENTIALS__"
DOCUMENTED = f"Give queries a role of their own: {KEY} (see docs/how-to/destinations.md)."


def credentials(adapter: Adapter) -> dict[str, Any] | str | None:
    """Returns the configured credentials: some of their fields, or a URL; None where there are none or need be none.

    What they leave out is that of the destination.

    Raises:
        ConfigurationError: they are neither fields nor a URL.
    """
    if not adapter.has_sql or adapter.is_one_file:
        return None
    import dlt
    from dlt.common.configuration.exceptions import ConfigValueCannotBeCoercedException

    fields = {
        name.removeprefix(OF_THE_ENVIRONMENT).lower(): value
        for name, value in os.environ.items()
        if name.startswith(OF_THE_ENVIRONMENT)
    }
    found: Any = dlt.secrets.get(KEY)
    if isinstance(found, str) and found.lstrip().startswith("{"):
        try:
            found = dlt.secrets.get(KEY, dict)
        except ConfigValueCannotBeCoercedException:
            raise ConfigurationError(f"{KEY} begins as JSON, but is not JSON.") from None
    if isinstance(found, Mapping):
        return {**found, **fields}
    if found is not None and not isinstance(found, str):
        raise ConfigurationError(f"{KEY} must be a table of the fields of credentials, or a URL.")
    return found or fields or None


def warning(adapter: Adapter) -> str | None:
    """Returns what the destination does not guarantee of a query without a role of its own; None if nothing.

    Raises:
        ConfigurationError: that role's credentials are wrong.
    """
    if adapter.not_guaranteed is None or credentials(adapter) is not None:
        return None
    return f"{adapter.not_guaranteed} {DOCUMENTED}"
