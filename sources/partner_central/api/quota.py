"""The quota of an account, shared by all that this process reads from it: how fast, and how many calls a day."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar
from weakref import WeakValueDictionary

from .call_ledger import CALLS_PER_DAY, CallBudget, CallLedger
from .rate_limit import CALLS_PER_SECOND, RateLimiter

if TYPE_CHECKING:
    import botocore.session

LEDGER = "partner_central_calls.sqlite"


class Quota:
    """The pace and the daily budget of one account."""

    _in_use: ClassVar[WeakValueDictionary[str, Quota]] = WeakValueDictionary()
    _paces: ClassVar[dict[str, RateLimiter]] = {}
    _opening = threading.Lock()

    def __init__(self, pace: RateLimiter | None = None, budget: CallBudget | None = None) -> None:
        self.pace = pace or RateLimiter()
        self.budget = budget or CallBudget()

    @classmethod
    def shared(
        cls, account: str, folder: Path, calls_per_second: float = CALLS_PER_SECOND, calls_per_day: int = CALLS_PER_DAY
    ) -> Quota:
        """The quota that everyone in this process who reads from `account` shares; the last limits given hold.

        Args:
            account: what `account_of` gives.
            folder: where the calls of a day are remembered.
            calls_per_second: the rate never exceeded.
            calls_per_day: calls within 24 hours.
        """
        with cls._opening:
            quota = cls._in_use.get(account)
            if quota is None:
                pace = cls._paces[account] = RateLimiter(before=cls._paces.get(account))
                quota = cls._in_use[account] = cls(pace, CallBudget(CallLedger(folder / LEDGER, account)))
            quota.pace.limit(calls_per_second)
            quota.budget.calls_per_day = calls_per_day
            return quota


def account_of(session: botocore.session.Session, endpoint_url: str) -> str:
    """A digest that stands for the account that is asked: by its number where the credentials know it, else by key."""
    credentials = session.get_credentials()
    frozen = credentials and credentials.get_frozen_credentials()
    name = (frozen and (frozen.account_id or frozen.access_key)) or ""
    return hashlib.blake2b(f"{name} {endpoint_url}".encode(), digest_size=16).hexdigest()
