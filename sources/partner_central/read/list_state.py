"""The state of a list that is read whole: what it held when it was handed on last. Only this file knows its layout.

{"list": {"records", "digest": of all of them, "version": of this program, "pii": the treatment of personal data},
"catalog", "account", "members", "left_out": as in `state.py`}
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, MutableMapping
from typing import Any

LIST, RECORDS = "list", "records"


def stored_list(state: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns what the list held; empty before it was read, and when its tables were lost."""
    found: Mapping[str, Any] = state.get(LIST, {})
    return found


def list_of(digests: Mapping[str, str], version: str, pii: str) -> dict[str, Any]:
    """Returns what is kept of a list, JSON-ready.

    Args:
        digests: a digest of each record, by its key, in whatever order.
        version: of what makes rows.
        pii: what becomes of personal data, and by which key.
    """
    digest = hashlib.blake2b(json.dumps(sorted(digests.items())).encode(), digest_size=16).hexdigest()
    return {RECORDS: len(digests), "digest": digest, "version": version, "pii": pii}


def forget_list(state: MutableMapping[str, Any]) -> None:
    """Lets the list count as changed when it is read next, because its tables were lost."""
    state.pop(LIST, None)
