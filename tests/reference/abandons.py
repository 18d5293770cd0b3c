"""The carts that somebody has left, reminders and orders go in; whether it is time to be silent comes out.

Ninety days of carts and a hundred and eighty of reminders are more than these worlds last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from tests.reference.occurrences import Occurrence
from tests.reference.world import Order

SILENT_FROM = 4
REMINDED, DISCOUNTED = 3, 2


def in_a_row(left: Mapping[str, datetime], one: Occurrence, orders: Sequence[Order]) -> int:
    """How many episodes there were, up to this one's last touch, since the last order; this one included.

    `left`: when each of the contact's episodes was left, but for those that were emptied.
    """
    since = orders[-1].placed_at if orders else None
    return 1 + sum(key != one.key and at <= one.fact and (since is None or at > since) for key, at in left.items())


def for_discount(reminders: Iterable[datetime], orders: Sequence[Order]) -> bool:
    """Of three reminded episodes and more, two ended by an order with a coupon, the first after the reminder."""
    told = sorted(reminders)
    spans = [*pairwise(told), *((last, None) for last in told[-1:])]
    found = 0
    for at, until in spans:
        after = [one for one in orders if one.placed_at > at and (until is None or one.placed_at <= until)]
        found += bool(after and after[0].coupon)
    return len(told) >= REMINDED and found >= DISCOUNTED
