"""The newest version of each id, kept in the state where nobody asks the destination for it.

Twelve bytes an id, and as many ids as were read last: so the state stays small. If an id is read again after so many
others, its version is stored once more.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from itertools import islice

from .list_state import DIGEST_BYTES, digest_of

MOST_IDS = 20_000  # 320 KB of text


class KnownVersions:
    """The newest versions that earlier readings stored.

    Args:
        packed: as a reading before left them.
    """

    def __init__(self, packed: str) -> None:
        together, size = b64decode(packed), 2 * DIGEST_BYTES
        pairs = (together[at : at + size] for at in range(0, len(together), size))
        self._newest = {pair[:DIGEST_BYTES]: pair[DIGEST_BYTES:] for pair in pairs}

    def is_new(self, key: str, content_hash: str) -> bool:
        """Returns whether a version is another than the newest one of its id, and notes that it is the newest."""
        of_id, digest = digest_of(key), digest_of(key, content_hash)
        before = self._newest.pop(of_id, None)
        self._newest[of_id] = digest  # behind all others
        return before != digest

    @property
    def packed(self) -> str:
        """The versions of the ids that were read last, in their order."""
        too_many = max(0, len(self._newest) - MOST_IDS)
        return b64encode(b"".join(key + value for key, value in islice(self._newest.items(), too_many, None))).decode()
