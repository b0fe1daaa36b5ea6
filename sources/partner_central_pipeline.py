"""Loads opportunities of AWS Partner Central into DuckDB; run it again to load what changed since.

AWS credentials are found as any AWS program finds them (environment, profile, SSO, instance role), or in
.dlt/secrets.toml under [sources.partner_central.credentials].
"""

from __future__ import annotations

import dlt

from partner_central import partner_central


def load_opportunities() -> None:
    """Everything on the first run, then what is new or changed."""
    pipeline = dlt.pipeline("partner_central_example", destination="duckdb", dataset_name="partner_central_data")
    print(pipeline.run(partner_central()))


def load_launched() -> None:
    """Only launched opportunities of the test catalog, in a dataset of their own."""
    pipeline = dlt.pipeline("partner_central_sandbox_example", destination="duckdb", dataset_name="sandbox_data")
    print(pipeline.run(partner_central(catalog="Sandbox", life_cycle_stage=["Launched"])))


if __name__ == "__main__":
    load_opportunities()
