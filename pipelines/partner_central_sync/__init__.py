"""Runs the Partner Central source: the sync job, and the command line `partner-central`.

`cli.py` commands · `settings.py` what a run is told, and defaults under dlt's own configuration · `job.py` one sync ·
`workdir.py` dlt's working folder: lock, trust, pending packages · `kept_schemas.py` its schemas · `destination.py`
where rows go · `typed_duckdb.py`, `postgresql.py`, `bigquery.py`, `clickhouse.py`, `lake.py` what single ones need,
`comments.py` what several do ·
`complaints.py` what errors of a destination mean · `report.py` what a run says · `outcome.py` failures and exit codes ·
`check.py`, `status.py` two looks around · `demo.py` the guided tour · `accounts.py` the list of accounts, `many.py`
runs of all of them, `sharing.py` one dataset for several.
"""
