"""Which facts fall due in a window: local days and slots become rows of instants that the engine joins.

A scenario with a schedule is due at its slot on (local date of the fact + N); one without is due at the same
clock time N local days later. All calendar arithmetic happens here, for the few days of a window; the
engine only compares instants.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from relance.base.clock import naive_utc
from relance.base.zones import local_day, local_spans, offset_spans, plus_days, to_instant, touching
from relance.scenarios.documents import Scenario
from relance.scenarios.starts import Calendar

DUE_DAYS: Mapping[str, str] = {
    "rule": "text",  # the scenario, and which of its windows
    "zone": "text",  # of the contacts it speaks of, where each has calendar and slot of their own
    "part": "text",  # which of its facts, where not all wait alike; null for all
    "fact_from": "instant",  # facts in [fact_from, fact_until) …
    "fact_until": "instant",
    "date_from": "date",  # … or dated in [date_from, date_until] …
    "date_until": "date",
    "month": "integer",  # … or falling on this day of any year
    "day": "integer",
    "year": "integer",
    "fact_day": "instant",  # the start of the fact's local day, where one row is one day
    "due_at": "instant",  # … are due at this instant, or where it is null
    "shift": "integer",  # so many seconds after the fact
    "since": "instant",  # and count where since < due ≤ until
    "until": "instant",
}
EVER_DUE = datetime(2000, 1, 1)
ELSE = ":else"  # behind a rule: its window for rows that lack what the trigger counts from
_ALWAYS = datetime(1, 1, 1, tzinfo=UTC)
_NEVER = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True)
class Window:
    """Due times (since, until]; with `enter_since`, facts of these local dates due by the date of `until`."""

    since: datetime
    until: datetime
    enter_since: date | None = None


def due_days(
    scenario: Scenario, window: Window, zone: str, rule: str, *, days: int | None = None, named: str = ""
) -> list[dict[str, Any]]:
    """The rows of scratch table `due_days` for one scenario and window, in a zone that contacts know as `named`.

    `days`: other than those of the trigger.
    """
    days = trigger_days(scenario) if days is None else days
    slot = scenario.schedule.daily if scenario.schedule else None
    calendar = scenario.trigger.calendar
    waits = scenario.trigger.quiet.waits if scenario.trigger.quiet else ()
    if calendar:
        rows = _calendar_rows(calendar, slot, window, zone)
    else:
        rows = _stage_rows(waits, slot, window, zone) if waits else _rows_of(days, slot, window, zone)
    return [row | {"rule": rule, "zone": named} for row in rows]


def _rows_of(days: int, slot: time | None, window: Window, zone: str) -> Iterator[dict[str, Any]]:
    for due_date in _due_dates(window, days, zone):
        if slot is not None:
            yield from _slot_rows(due_date, days, slot, zone, window)
        else:
            yield from _same_clock_rows(due_date, days, zone, window)


def _stage_rows(
    waits: tuple[tuple[str, int | None], ...], slot: time | None, window: Window, zone: str
) -> Iterator[dict[str, Any]]:
    """Each stage's own days, named by its `part`; what is due at once keeps no slot."""
    for stage, days in waits:
        rows = _rows_of(days or 0, None if days is None else slot, window, zone)
        yield from (row | {"part": stage} for row in rows)


def _calendar_rows(calendar: Calendar, slot: time | None, window: Window, zone: str) -> Iterator[dict[str, Any]]:
    """The dates of a broadcast, each named by its `part`."""
    at = calendar.once.time() if calendar.once else slot or time(0, 0)
    for day in _due_dates(window, 0, zone):
        if calendar.falls_on(day):
            named = {"part": calendar.name_of(day)}
            yield from (row | named for row in _slot_rows(day, 0, at, zone, window) if row["date_from"])


def past_row(
    scenario: Scenario, until: datetime, zone: str, rule: str, *, days: int | None = None, named: str = ""
) -> dict[str, Any]:
    """One row that takes every fact due at or before an instant, however old (not for yearly dates)."""
    days = trigger_days(scenario) if days is None else days
    slot = scenario.schedule.daily if scenario.schedule else time(0, 0)
    last = local_day(until, zone)
    if to_instant(last, slot, zone) > until:
        last -= timedelta(days=1)
    fact_date = last - timedelta(days=days)
    row = _row(fact_date, zone, Window(_ALWAYS, _NEVER))
    row |= {"rule": rule, "zone": named, "date_from": date(1, 1, 1), "due_at": naive_utc(until)}
    row |= {"fact_from": naive_utc(_ALWAYS), "fact_day": naive_utc(_ALWAYS)}
    if scenario.schedule is None:
        row["fact_until"] = naive_utc(plus_days(until, -days, zone) + timedelta(microseconds=1))
    return row


def ever_row(rule: str, named: str = "", due_at: datetime = EVER_DUE) -> dict[str, Any]:
    """One row that takes every fact that has an instant, whenever it falls due; `due_at` then says nothing."""
    ever, never = naive_utc(_ALWAYS), naive_utc(_NEVER)
    span = {"fact_from": ever, "fact_until": never, "fact_day": ever, "since": ever, "until": never}
    return span | {"rule": rule, "zone": named, "due_at": due_at}


def due_of(fact_at: datetime, scenario: Scenario, zone: str, days: int | None = None) -> datetime:
    """When a fact of this instant falls due: at the slot of its local date + N, or at the same clock time."""
    days = trigger_days(scenario) if days is None else days
    if scenario.schedule is None:
        return plus_days(fact_at, days, zone)
    day = local_day(fact_at, zone) + timedelta(days=days)
    return to_instant(day, scenario.schedule.daily, zone)


def trigger_days(scenario: Scenario) -> int:
    """N of (local date of the fact + N)."""
    trigger = scenario.trigger
    kind = trigger.date or trigger.row or trigger.quiet or trigger.expiry
    return kind.days if kind else 0


def instead_days(scenario: Scenario) -> int | None:
    """N where a row lacks what the trigger counts from; None where nothing stands in for it."""
    date = scenario.trigger.date
    return date.days + date.otherwise.days if date and date.otherwise else None


def _due_dates(window: Window, days: int, zone: str) -> Iterator[date]:
    last = local_day(window.until, zone)
    first = window.enter_since + timedelta(days=days) if window.enter_since else local_day(window.since, zone)
    while first <= last:
        yield first
        first += timedelta(days=1)


def _slot_rows(due: date, days: int, slot: time, zone: str, window: Window) -> Iterator[dict[str, Any]]:
    due_at = to_instant(due, slot, zone)
    if window.enter_since is None and not window.since < due_at <= window.until:
        return
    fact_date = due - timedelta(days=days)
    row = _row(fact_date, zone, window) | {"due_at": naive_utc(due_at)}
    yield row
    if (fact_date.month, fact_date.day) == (2, 28) and (fact_date + timedelta(days=1)).month == 3:
        # 29 February falls on the 28th in years that have none; this row meets birthdays only
        yield row | {"day": 29, "fact_until": row["fact_from"], "date_from": None}


def _row(fact_date: date, zone: str, window: Window) -> dict[str, Any]:
    start = to_instant(fact_date, time(0, 0), zone)
    wide = window.enter_since is not None
    return {
        "fact_from": naive_utc(start),
        "fact_until": naive_utc(to_instant(fact_date + timedelta(days=1), time(0, 0), zone)),
        "date_from": fact_date,
        "date_until": fact_date,
        "month": fact_date.month,
        "day": fact_date.day,
        "year": fact_date.year,
        "fact_day": naive_utc(start),
        "due_at": None,
        "shift": 0,
        "since": naive_utc(_ALWAYS if wide else window.since),
        "until": naive_utc(_NEVER if wide else window.until),
    }


def _same_clock_rows(due: date, days: int, zone: str, window: Window) -> Iterator[dict[str, Any]]:
    """The fact's local day cut into pieces on which the way to the due time is one number of seconds."""
    row = _row(due - timedelta(days=days), zone, window)
    for offset in touching(offset_spans(zone), row["fact_from"], row["fact_until"]):
        start = max(row["fact_from"], offset.since)
        end = min(row["fact_until"], offset.until)
        yield from _pieces(row, start, end, offset.offset, days, zone)


def _pieces(
    row: dict[str, Any], start: datetime, end: datetime, offset: int, days: int, zone: str
) -> Iterator[dict[str, Any]]:
    ahead = timedelta(seconds=offset, days=days)
    for span in touching(local_spans(zone), start + ahead, end + ahead):
        since, until = max(start + ahead, span.since), min(end + ahead, span.until)
        piece = row | {"fact_from": since - ahead, "fact_until": until - ahead, "due_at": span.instant}
        yield piece | {"shift": days * 86400 + offset - span.offset}
