"""The format of a lake's tables, as it is configured."""

from __future__ import annotations

from typing import Literal, get_args

import dlt

from partner_central.public import ConfigurationError

TableFormat = Literal["delta", "iceberg"]
FORMATS: tuple[TableFormat, ...] = get_args(TableFormat)


def configured_format() -> TableFormat:
    """Returns the configured format, by default Delta.

    Raises:
        ConfigurationError: tables of that format cannot be merged.
    """
    name = dlt.config.get("destination.filesystem.table_format", str)
    for known in FORMATS:
        if name in {known, None}:
            return known
    raise ConfigurationError(
        f"destination.filesystem.table_format is {name!r}. Opportunities change, and plain files cannot be merged: "
        f"choose one of {', '.join(FORMATS)}."
    )
