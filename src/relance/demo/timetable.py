"""When the shop exports what, and when each file arrives: orders and carts every morning, few others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np

from relance.demo.calendar import HISTORY_ENDS, Whole, instant_at, seconds_at
from relance.demo.plan import SwitchOn, turn_days
from relance.messages.publishing import library

EVENING, MORNING = time(18), time(8, 30)
HISTORY = (HISTORY_ENDS, time(0))
HISTORY_ARRIVES = instant_at(HISTORY_ENDS, time(7))
FIRST = ("forgotten-cart", "second-purchase", "win-back")
LATER = tuple(
    name
    for name in (
        "order-confirmation", "first-purchase", "review", "birthday", "replenishment", "segment-move",
        "price-down", "back-in-stock", "points", "consent-lapse",
    )
    if name in library()
)  # fmt: skip
# The cooperative begins with three scenarios, sees how they do, and switches the others on a few days before the end.
SWITCH_ONS = (
    SwitchOn(instant_at(HISTORY_ENDS + timedelta(days=1), time(8)), FIRST),
    SwitchOn(instant_at(date(2026, 3, 30), time(7)), LATER),
)

Stamp = tuple[date, time]  # the local moment of an export

LATE = {
    (date(2026, 3, 19), MORNING): instant_at(date(2026, 3, 19), time(11, 30)),  # after the turn
    (date(2026, 3, 24), EVENING): instant_at(date(2026, 3, 26), time(8, 40)),  # two days later
}
CORRECTED = (date(2026, 3, 17), EVENING)
CORRECTION_ARRIVES = instant_at(date(2026, 3, 18), time(18, 10))
MEMBERS = tuple((day, MORNING) for day in (date(2026, 3, 10), date(2026, 3, 18), date(2026, 3, 28)))
WISHES = tuple((day, MORNING) for day in (date(2026, 3, 20), date(2026, 3, 30)))
COUNTS = tuple((day, MORNING) for day in (date(2026, 3, 9), date(2026, 3, 28), date(2026, 3, 30)))
PRICES = tuple((day, MORNING) for day in (date(2026, 3, 28), date(2026, 3, 30)))
REFUNDS = ((date(2026, 3, 17), MORNING),)


@dataclass(frozen=True)
class Series:
    """The exports of one feed: the history first, then one by one."""

    feed: str
    stamps: tuple[Stamp, ...]

    @property
    def seconds(self) -> Whole:
        """The instants of the exports."""
        return np.array([seconds_at(day, at) for day, at in self.stamps])

    def name(self, slot: int, suffix: str = "") -> str:
        """The file's name, which tells the moment of its export."""
        day, at = self.stamps[slot]
        return f"{self.feed}-{day:%Y-%m-%d}T{at:%H%M}{suffix}.csv"

    def arrives(self, slot: int) -> datetime:
        """Ten minutes after the export, unless something went wrong; carts come with the morning's orders."""
        if slot == 0:
            return HISTORY_ARRIVES
        day, at = stamp = self.stamps[slot]
        if at == time(0):
            return instant_at(day, time(8, 40))
        return LATE.get(stamp) or instant_at(day, time(at.hour, at.minute + 10))


def order_series() -> Series:
    """Half past eight; and two evenings on which a shop emptied its tills once more, where something goes wrong."""
    evenings = {CORRECTED, *(stamp for stamp in LATE if stamp[1] == EVENING)}
    return Series("commandes", (HISTORY, *sorted(evenings.union((day, MORNING) for day in turn_days()))))


def cart_series() -> Series:
    """Midnight: yesterday's carts."""
    return Series("paniers", (HISTORY, *((day, time(0)) for day in turn_days())))


def series(feed: str, *stamps: Stamp) -> Series:
    return Series(feed, (HISTORY, *stamps))
