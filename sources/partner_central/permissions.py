"""Permissions of operations: the least IAM policy, and the reasons for which AWS refuses a permitted user."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

WITHOUT_CATALOG = re.compile("Engagement|ResourceSnapshot")  # actions that a condition on the catalog denies
CATALOG = "partnercentral:Catalog"
REASONS = MappingProxyType(
    {
        "INCOMPATIBLE_BENEFIT_AWS_PARTNER_STATE": (
            "This AWS account may not use Partner Central. It is not linked to a registered AWS partner: use "
            "credentials of the account that is linked in Partner Central, or link this one there."
        ),
        "SEARCH_OPPORTUNITIES_NOT_ENABLED": (
            "AWS has not enabled the search of opportunities for this account. No policy changes that: ask AWS "
            "Partner support to enable it."
        ),
        "SEARCH_OPPORTUNITIES_DATA_NOT_ROUTED_TO_DDB": (
            "AWS has not moved the opportunities of this account to the store that it searches. No policy changes "
            "that: wait until AWS has moved them, or ask AWS Partner support."
        ),
    }
)


def least_policy(operations: Iterable[str], catalog: str, more: Iterable[Mapping[str, Any]] = ()) -> str:
    """Returns the policy that allows some operations, as JSON to paste.

    Actions that do not evaluate the condition on the catalog are in a statement of their own, without it.

    Args:
        operations: names of operations, at least one.
        catalog: `AWS` or `Sandbox`.
        more: statements for other services.
    """
    names = sorted(set(operations))
    conditional = [name for name in names if not WITHOUT_CATALOG.search(name)]
    others = [name for name in names if WITHOUT_CATALOG.search(name)]
    condition = {"Condition": {"StringEquals": {CATALOG: catalog}}}
    statements = [_allow(conditional) | condition] if conditional else []
    if others:
        statements.append(_allow(others))
    return json.dumps({"Version": "2012-10-17", "Statement": [*statements, *more]}, indent=2)


def policy_to_attach(operations: Iterable[str], catalog: str) -> str:
    """Returns what to do where a policy does not allow some operations; parameters as of `least_policy`."""
    return f"Attach this policy to the user or role you run as:\n{least_policy(operations, catalog)}"


def _allow(names: list[str]) -> dict[str, Any]:
    actions = [f"partnercentral:{name}" for name in names]
    return {"Effect": "Allow", "Action": actions[0] if len(actions) == 1 else actions, "Resource": "*"}
