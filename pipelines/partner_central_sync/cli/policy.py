"""`partner-central policy`: prints the IAM policy that a sync needs."""

from __future__ import annotations

from ..console.streams import print_line
from .options import CatalogOption, TablesOption, named_tables
from .run import run_command, settings_from


def policy(tables: TablesOption = None, catalog: CatalogOption = None) -> None:
    """Print the least IAM policy for the tables, to attach to the user or role that syncs. Makes no call to AWS.

    Actions on engagements and snapshots are in a statement of their own: AWS denies them under a condition on the
    catalog. If a queue of events is configured, there are statements for it and for its dead-letter queue.
    """
    with run_command():
        from partner_central.public import chosen_streams, least_policy

        from ..events.address import parse_address

        streams = chosen_streams(named_tables(tables))
        operations = {name for stream in streams for name in stream.operations}
        settings = settings_from(catalog, None, None)
        queue = parse_address(settings.events_queue) if settings.events_queue else None
        print_line(least_policy(operations, settings.catalog, queue.statements() if queue else ()))
