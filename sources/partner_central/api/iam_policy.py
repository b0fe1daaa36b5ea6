"""The least IAM policy that allows some operations."""

from __future__ import annotations

import json
from collections.abc import Iterable


def least_policy(operations: Iterable[str], catalog: str) -> str:
    """Returns the policy as JSON to paste.

    Args:
        operations: names of operations.
        catalog: `AWS` or `Sandbox`.
    """
    actions = sorted(f"partnercentral:{operation}" for operation in operations)
    statement = {
        "Effect": "Allow",
        "Action": actions[0] if len(actions) == 1 else actions,
        "Resource": "*",
        "Condition": {"StringEquals": {"partnercentral:Catalog": catalog}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)
