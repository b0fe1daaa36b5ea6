"""Runs the Partner Central source: the sync job, and the command line `partner-central`.

- `cli/`: the commands, one file each.
- `console/`: messages, exit codes, and the sentence for each failure.
- `destinations/`: an adapter for each destination, the lease, the merge, and Delta and Iceberg tables.
- `sync/`: one sync; settings, dlt's working folder, `check` and `status`.
- `views/`: the views, which a sync keeps as their files are.
- `query/`, `report/`, `forget/`: the commands of these names.
"""
