"""The ledger's port for coupon codes: a code is reserved for one message, and never for two people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from relance.engines.webhooks import StepKey


@dataclass(frozen=True, slots=True)
class CouponCode:
    """One code, good until the end of a local date where it expires."""

    code: str
    expires_on: date | None = None


class CouponCodes(Protocol):
    """The part of the ledger that holds pools of codes. Instants are aware."""

    def add_codes(self, pool: str, codes: Iterable[CouponCode], at: datetime) -> int:
        """Put codes into a pool; those that are there stay as they are. How many are new."""

    def free_codes(self, today: date) -> Mapping[str, int]:
        """How many codes of each pool may still be given."""

    def reserve_codes(self, pool: str, keys: Iterable[StepKey], today: date, at: datetime) -> dict[StepKey, CouponCode]:
        """A code for each key, the one it has where it has one; no entry where the pool is empty."""

    def mark_codes(self, pool: str, codes: Iterable[str], state: str, at: datetime) -> int:
        """Call codes `redeemed`, or `withdrawn` where nobody has them yet. How many changed."""

    def code_counts(self, today: date) -> list[tuple[str, str, int]]:
        """(pool, state, how many); a free code whose day is over counts as `expired`."""
