"""The demo's eighteen months: which days weigh how much, and local clock times as instants and back.

Instants are whole seconds since 1970 in UTC; local times are the same count on the wall clock of Toronto.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import numpy as np
from numpy.typing import NDArray

from relance.base.zones import local_spans, offset_spans, to_instant

Whole = NDArray[np.int64]
Real = NDArray[np.float64]
Flags = NDArray[np.bool_]

ZONE = "America/Toronto"
FIRST_DAY = date(2024, 10, 1)
HISTORY_ENDS = date(2026, 3, 1)  # at local midnight: the last day of history is the one before
LAST_TURN = date(2026, 3, 31)
TURNS = 30  # 2026-03-02 … 03-31, the change of clocks of 2026-03-08 among them
DAYS = (LAST_TURN - FIRST_DAY).days + 1
DAY = 86_400

_EPOCH = datetime(1970, 1, 1)
_WEEKDAYS = (0.86, 0.90, 0.96, 1.03, 1.12, 1.28, 0.85)
# Day of the year → weight, straight lines between: Christmas, the dull January, the return to school.
_SEASON = (
    (1, 0.80), (20, 0.78), (75, 0.90), (113, 1.15), (135, 0.92), (190, 0.88), (225, 1.00), (245, 1.22),
    (275, 0.98), (318, 1.05), (332, 1.45), (345, 1.75), (356, 2.05), (358, 1.10), (359, 0.25), (366, 0.75),
)  # fmt: skip
_AUGUST_12 = 2.6  # the day when readers buy a book from Québec


def day_number(day: date) -> int:
    """Days since the first day of the history; negative before it."""
    return (day - FIRST_DAY).days


def day_weights() -> Real:
    """How busy each day is, around 1."""
    days = [FIRST_DAY + timedelta(days=number) for number in range(DAYS)]
    of_year = np.array([day.timetuple().tm_yday for day in days])
    season = np.interp(of_year, [at for at, _ in _SEASON], [weight for _, weight in _SEASON])
    weekday = np.array([_WEEKDAYS[day.weekday()] for day in days])
    special = np.array([_AUGUST_12 if (day.month, day.day) == (8, 12) else 1.0 for day in days])
    return np.asarray(season * weekday * special, dtype=np.float64)


def midnight(day: Whole | int) -> Whole:
    """Local seconds at which a numbered day begins."""
    first = int((datetime.combine(FIRST_DAY, time()) - _EPOCH).total_seconds())
    return np.asarray(first + np.asarray(day, dtype=np.int64) * DAY)


def day_of(local: Whole) -> Whole:
    """The numbered day of local seconds."""
    return np.asarray((local - midnight(0)) // DAY)


def utc(local: Whole) -> Whole:
    """Local seconds to instants, by the rule of `base.zones`."""
    spans = local_spans(ZONE)
    starts = np.array([_seconds(span.since) for span in spans])
    offsets = np.array([span.offset for span in spans])
    jumps = np.array([_seconds(span.instant) if span.instant else 0 for span in spans])
    at = np.searchsorted(starts, local, side="right") - 1
    return np.asarray(np.where(jumps[at] > 0, jumps[at], local - offsets[at]))


def local(instant: Whole) -> Whole:
    """Instants to local seconds."""
    spans = offset_spans(ZONE)
    starts = np.array([_seconds(span.since) for span in spans])
    offsets = np.array([span.offset for span in spans])
    return np.asarray(instant + offsets[np.searchsorted(starts, instant, side="right") - 1])


def seconds_at(day: date, at: time) -> int:
    """The instant of a local date and clock time, in seconds."""
    return int(instant_at(day, at).timestamp())


def instant_at(day: date, at: time) -> datetime:
    """The instant of a local date and clock time, aware."""
    return to_instant(day, at, ZONE).astimezone(UTC)


def _seconds(moment: datetime) -> int:
    return int((moment - _EPOCH).total_seconds())
