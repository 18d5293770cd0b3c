"""Lengths of time as people write them: `3d` is calendar days, `48h` and `PT2H` are elapsed time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from relance.base.errors import BadDocument
from relance.base.zones import local_day, plus_days, to_instant

SAME_DAY = "same_day"
_TICK = timedelta(microseconds=1)
_SHORT = re.compile(r"^(\d{1,5})\s*(min|h|d|w)$")
_ISO = re.compile(r"^P(?:(\d{1,5})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,5})M)?)?$")


@dataclass(frozen=True)
class Span:
    """So many local calendar days and so much elapsed time; one of the two is zero. Or the rest of the local date."""

    days: int = 0
    elapsed: timedelta = timedelta()
    same_day: bool = False

    def after(self, instant: datetime, zone: str) -> datetime:
        """The instant this much later; days are counted on the zone's calendar."""
        if self.same_day:
            return to_instant(local_day(instant, zone) + timedelta(days=1), time(0, 0), zone) - _TICK
        later = plus_days(instant, self.days, zone) if self.days else instant
        return later + self.elapsed

    def before(self, instant: datetime, zone: str) -> datetime:
        """The instant this much earlier."""
        if self.same_day:
            return to_instant(local_day(instant, zone), time(0, 0), zone)
        earlier = plus_days(instant, -self.days, zone) if self.days else instant
        return earlier - self.elapsed

    def longer_than(self, days: int) -> bool:
        """Whether it may be more than so many days."""
        return self.days + self.elapsed / timedelta(days=1) > days

    def __str__(self) -> str:
        if self.same_day:
            return SAME_DAY
        if self.days or not self.elapsed:
            return f"{self.days}d"
        minutes = int(self.elapsed.total_seconds()) // 60
        return f"{minutes // 60}h" if minutes % 60 == 0 else f"{minutes}min"


def parse_span(text: str) -> Span:
    """`7d`, `2w`, `48h`, `30min`, `P7D`, `PT2H`; anything else is a BadDocument."""
    short = _SHORT.match(text.strip())
    if short:
        return _short(int(short.group(1)), short.group(2))
    iso = _ISO.match(text.strip())
    if iso and any(iso.groups()):
        days, hours, minutes = (int(part or 0) for part in iso.groups())
        return Span(days, timedelta(hours=hours, minutes=minutes))
    raise BadDocument(f"“{text}” is not a length of time; write it like 7d, 48h or 30min")


def _short(number: int, unit: str) -> Span:
    if unit == "d":
        return Span(days=number)
    if unit == "w":
        return Span(days=7 * number)
    return Span(elapsed=timedelta(hours=number) if unit == "h" else timedelta(minutes=number))
