"""Runs the Partner Central source: the sync job, and the command line `partner-central`.

`cli/` one command a file · `sync/` one run and what surrounds it · `destinations/` where rows go · `console/` messages
and exit codes · `query/` and `report/` read the data · `forget/` removes personal data.
"""
