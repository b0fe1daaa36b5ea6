"""The state of a list that is read whole: what it held when it was handed on last. Only this file knows its layout.

- `list`: `records`, `digest` of all of them, `version` of this program, and `pii`, the treatment of personal data.
- `at` in it: when it was handed on, by the service's clock. `operation`: which listed it, where there are two.
- `versions` in it: digests of the versions. `details`: digests of the entries whose records were read.
- `refused` in it: digests of the entries whose records AWS refused, as `entries`, and `at`: when that was.
- `listed_at`: when the newest listing was handed on, also if it was not read to its end. It never goes back.
- `versions`: digests of the versions that were loaded, while a user leaves their table out.
- `order`: read_order of the newest version.
- `refused_at`: when AWS refused the first of two operations.
- `catalog`, `account`, `members`, `left_out`: as in `state.py`.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, MutableMapping
from datetime import datetime, timedelta
from typing import Any

LIST, RECORDS, AT, VERSIONS, DETAILS = "list", "records", "at", "versions", "details"
LISTED_AT, LEFT_OUT = "listed_at", "left_out"
ORDER, REFUSED_AT = "order", "refused_at"
REFUSED, ENTRIES = "refused", "entries"
MILLISECOND = timedelta(milliseconds=1)  # the finest that every database can hold
REFUSED_FOR = timedelta(days=1)  # how long a refusal is remembered
DIGEST_BYTES = 6  # so two of a million entries are taken for one in one list of 500


def stored_list(state: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns what the list held; empty before it was read, and when its tables were lost."""
    found: Mapping[str, Any] = state.get(LIST, {})
    return found


def handed_on_at(state: Mapping[str, Any]) -> datetime | None:
    """Returns when the list was handed on last; None before it was, and when its tables were lost."""
    text = stored_list(state).get(AT)
    return datetime.fromisoformat(text) if text else None


def next_listed_at(state: Mapping[str, Any], at: datetime) -> datetime:
    """Returns when a listing is handed on, in milliseconds. It is later than each one before, which tells them apart.

    Args:
        state: the whole state that earlier readings left.
        at: the service's present time.
    """
    before = handed_on_at(state)
    if text := state.get(LISTED_AT):
        before = max(filter(None, (before, datetime.fromisoformat(text))))
    at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    return at if before is None else max(at, before + MILLISECOND)


def list_of(digests: Mapping[str, str], version: str, pii: str) -> dict[str, Any]:
    """Returns what a list is compared by, JSON-ready.

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
    state.pop(VERSIONS, None)


def hand_on_again(state: MutableMapping[str, Any]) -> None:
    """Lets the list count as changed when it is read next, for tables that were left out; its versions are known."""
    versions = state.get(VERSIONS, stored_list(state).get(VERSIONS))
    forget_list(state)
    if versions is not None:
        state[VERSIONS] = versions


def keep_versions(state: MutableMapping[str, Any], table: str, *, were_left_out: bool) -> None:
    """Keeps apart from the list which versions their table holds, if a user does not load that.

    Args:
        state: the whole state.
        table: of versions.
        were_left_out: whether earlier runs did not load it. An earlier release noted versions that it did not load.
    """
    if were_left_out:
        state.setdefault(VERSIONS, "")
    elif table in state.get(LEFT_OUT, ()):
        state.setdefault(VERSIONS, stored_list(state).get(VERSIONS, ""))


def is_refused(state: Mapping[str, Any], at: datetime) -> bool:
    """Returns whether AWS refused the first operation less than a day before; a clock that was set back forgets it."""
    return _is_of_last_day(state.get(REFUSED_AT), at)


def refused_entries(found: Mapping[str, Any]) -> frozenset[bytes]:
    """Returns the entries of a list whose records AWS refused."""
    return unpack(found.get(REFUSED, {}).get(ENTRIES, ""))


def are_asked_for_again(found: Mapping[str, Any], at: datetime) -> bool:
    """Returns whether AWS refused records of a list a day before, or longer; a clock that was set back counts too."""
    return REFUSED in found and not _is_of_last_day(found[REFUSED].get(AT), at)


def _is_of_last_day(text: str | None, at: datetime) -> bool:
    return text is not None and timedelta() <= at - datetime.fromisoformat(text) < REFUSED_FOR


def digest_of(*texts: str) -> bytes:
    """Returns a short digest of texts, for a set that is kept in the state."""
    return hashlib.blake2b(json.dumps(texts).encode(), digest_size=DIGEST_BYTES).digest()


def pack(digests: Iterable[bytes]) -> str:
    """Returns a set of digests as text; equal sets give equal texts."""
    return b64encode(b"".join(sorted(digests))).decode()


def unpack(text: str) -> frozenset[bytes]:
    """Returns the digests that `pack` made a text of."""
    together = b64decode(text)
    return frozenset(together[at : at + DIGEST_BYTES] for at in range(0, len(together), DIGEST_BYTES))
