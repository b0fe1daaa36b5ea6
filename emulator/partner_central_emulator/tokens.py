"""NextTokens: opaque to the client, sealed, and bound to the request that they continue."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from typing import Literal

from .errors import ServiceError, invalid_field

TokenKind = Literal["offset", "position", "snapshot"]
Mark = list[int | float | str]

_SEAL = 16


class Tokens:
    """Makes and reads NextTokens. Emulators of one seed read each other's, as servers of one service do."""

    def __init__(self, seed: int) -> None:
        self._key = f"partner central emulator {seed}".encode()

    def make(self, mark: Mark, fingerprint: str) -> str:
        """Returns the token that carries a mark for the request with this fingerprint."""
        content = json.dumps([fingerprint, mark]).encode()
        return base64.urlsafe_b64encode(self._seal(content) + content).decode()

    def read(self, token: str, fingerprint: str) -> Mark:
        """Returns the mark in a token.

        Raises:
            ServiceError: `ValidationException`; the token is not one of ours, or continues another request.
        """
        try:
            raw = base64.b64decode(token, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise unreadable() from None
        seal, content = raw[:_SEAL], raw[_SEAL:]
        if not hmac.compare_digest(seal, self._seal(content)):
            raise unreadable()
        bound_to, mark = json.loads(content)
        if bound_to != fingerprint:
            raise invalid_field("NextToken", "the token belongs to a request with other parameters")
        return list(mark)

    def _seal(self, content: bytes) -> bytes:
        return hmac.digest(self._key, content, hashlib.sha256)[:_SEAL]


def unreadable() -> ServiceError:
    """Returns the `ValidationException` for a token that leads nowhere."""
    return invalid_field("NextToken", "the token is not valid")
