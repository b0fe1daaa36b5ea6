"""`partner-central policy`: prints the IAM policy that a sync needs."""

from __future__ import annotations

from ..console.streams import print_line
from .options import CatalogOption, TablesOption, named_tables
from .run import run_command, settings_from


def policy(tables: TablesOption = None, catalog: CatalogOption = None) -> None:
    """Print the least IAM policy for the tables, to attach to the user or role that syncs. Makes no call to AWS.

    Actions on engagements and snapshots are in a statement of their own: AWS denies them under a condition on the
    catalog.
    """
    with run_command():
        from partner_central.public import chosen_streams, least_policy

        streams = chosen_streams(named_tables(tables))
        operations = {name for stream in streams for name in stream.operations}
        print_line(least_policy(operations, settings_from(catalog, None, None).catalog))
