"""The instants of one turn, laid out as small scratch tables that every query of the turn joins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from relance.base.clock import naive_utc
from relance.base.zones import local_day, to_instant
from relance.customers.relations import house_relation
from relance.engines.texts import compiled
from relance.engines.warehouse import Engine
from relance.scenarios.assess import FEED_DAYS
from relance.scenarios.documents import Need, Scenario
from relance.scenarios.due import DUE_DAYS, ELSE, Window, due_days, instead_days
from relance.scenarios.local_days import ZONE_SPANS, zone_rows
from relance.scenarios.reentry import entry_since
from relance.scenarios.rounds import SOON
from relance.scenarios.steps import Wait
from relance.scenarios.triggers import CLOCKS, OLD
from relance.scenarios.versions import Version
from relance.scenarios.zones import ZONE_CLOCKS, zone_names

_TICK = timedelta(microseconds=1)
_EVER = datetime(1, 1, 1, tzinfo=UTC)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class Moment:
    """One turn: conditions are asked as of `turn`; decisions before `decided_until` count.

    `enter_since`: a one-off run over facts of these local dates, which replaces the window and freshness.
    `known`: with what was known by then, where that is not the turn itself (asked again later).
    `last_turns`: the last turn of each scenario, where some turns were asked for some scenarios alone.
    """

    turn: datetime
    decided_until: datetime
    last_turn: datetime | None
    zone: str
    enter_since: date | None = None
    known: datetime | None = None
    last_turns: Mapping[str, datetime] | None = None

    @property
    def known_by(self) -> datetime:
        """What became known later is not seen."""
        return self.known or self.turn

    def last_of(self, scenario: str) -> datetime | None:
        """The last turn before this one that asked for the scenario."""
        return self.last_turn if self.last_turns is None else self.last_turns.get(scenario)

    @property
    def today(self) -> date:
        return local_day(self.turn, self.zone)


@dataclass(frozen=True)
class Running:
    """A scenario that is on: its current version and since when."""

    version: Version
    since: datetime

    @property
    def before(self) -> datetime:
        """The last instant before it was on; windows are open at their beginning."""
        return self.since - _TICK


def lay_out(engine: Engine, moment: Moment, running: Sequence[Running]) -> None:
    """Fills scratch tables clocks, due_days and feed_days for all scenarios of the turn."""
    named = lay_out_clocks(engine, moment, running)
    days = [row for each in running for row in _windows(each, moment, named)]
    engine.load("due_days", DUE_DAYS, days)
    engine.load("zone_spans", ZONE_SPANS, zone_rows(moment.zone))


def lay_out_clocks(engine: Engine, moment: Moment, running: Sequence[Running]) -> Sequence[str]:
    """Fills scratch tables clocks, zone_clocks and feed_days: what these versions say of age, of clocks and of feeds.

    Answers the zones of contacts, where one of them keeps to those.
    """
    engine.load("clocks", CLOCKS, [clock for each in running for clock in _clocks(each, moment)])
    named = zone_names(engine) if any(each.version.scenario.zone == "contact" for each in running) else ()
    zones = [row for each in running for row in _zone_clocks(each, moment, named)]
    engine.load("zone_clocks", ZONE_CLOCKS, zones)
    feeds = _complete_until(engine, moment)
    rows = [row for each in running for row in _feed_days(each, moment, feeds)]
    engine.load("feed_days", FEED_DAYS, rows)
    return named


def window_of(running: Running, moment: Moment) -> Window:
    """Due times that the turn decides: behind the last turn by the look-back, never before the switch-on."""
    scenario = running.version.scenario
    if moment.enter_since:
        return Window(_EVER, moment.turn, moment.enter_since)
    since, last = running.before, moment.last_of(running.version.name)
    if last:
        since = max(since, scenario.looks_back.before(last, moment.zone))
    return Window(since, moment.turn)


def days_in(
    scenario: Scenario, window: Window, zone: str, rule: str, zones: Sequence[str] = (), behind: str = ""
) -> list[dict[str, Any]]:
    """Due days of a window: in the brand's zone or in each of the contacts', also of what stands in for the first."""
    named = zones if scenario.zone == "contact" else ("",)
    rows = [row for name in named for row in due_days(scenario, window, name or zone, rule + behind, named=name)]
    if (days := instead_days(scenario)) is not None:
        instead = rule + ELSE + behind
        rows += [
            row for name in named for row in due_days(scenario, window, name or zone, instead, days=days, named=name)
        ]
    return rows


def wait_ends(wait: Wait, scenario: Scenario, begun: datetime, zone: str) -> datetime:
    """When a wait that begins at this instant is over; one for an event, at the latest.

    Whole days end at the scenario's slot where it has one, else at the same clock time; hours are elapsed.
    """
    if wait.until is not None:
        return _next_clock(wait.until, wait.weekday, begun, zone)
    span = wait.span or wait.at_most
    assert span is not None
    if span.days and scenario.schedule:
        return to_instant(local_day(begun, zone) + timedelta(days=span.days), scenario.schedule.daily, zone)
    return span.after(begun, zone)


def _next_clock(at: time, weekday: str | None, turn: datetime, zone: str) -> datetime:
    day = local_day(turn, zone)
    for offset in range(15):
        candidate = day + timedelta(days=offset)
        instant = to_instant(candidate, at, zone)
        if instant > turn and (weekday is None or candidate.weekday() == _WEEKDAYS.index(weekday)):
            return instant
    raise AssertionError("every clock time comes within a fortnight")


def _clocks(running: Running, moment: Moment) -> list[dict[str, Any]]:
    scenario = running.version.scenario
    own = _zoned_clock(scenario, moment, moment.zone)
    clock = {
        "turn": naive_utc(moment.turn),
        "known": naive_utc(moment.known_by),
        "decided_until": naive_utc(moment.decided_until),
        "fresh_since": own["fresh_since"],
        "reentry_since": own["entry_since"],
    }
    return [clock | {"rule": running.version.name}]


def _zone_clocks(running: Running, moment: Moment, zones: Sequence[str]) -> Iterator[dict[str, Any]]:
    scenario = running.version.scenario
    if scenario.zone == "contact":
        for name in zones:
            clock = _zoned_clock(scenario, moment, name or moment.zone)
            yield {"rule": running.version.name, "zone": name} | clock


def _zoned_clock(scenario: Scenario, moment: Moment, zone: str) -> dict[str, Any]:
    fresh = _EVER if moment.enter_since else scenario.fresh_for.before(moment.turn, zone)
    entry = entry_since(scenario, moment.turn, zone)
    return {"fresh_since": naive_utc(fresh), "entry_since": naive_utc(entry)}


def _windows(running: Running, moment: Moment, zones: Sequence[str] = ()) -> list[dict[str, Any]]:
    scenario, rule = running.version.scenario, running.version.name
    window = window_of(running, moment)
    rows = days_in(scenario, window, moment.zone, rule, zones)
    if moment.enter_since is None and window.since > running.before and not scenario.trigger.calendar:
        rows += days_in(scenario, Window(running.before, window.since), moment.zone, rule, zones, OLD)
    if said := scenario.trigger.comes_round:
        soon = Window(moment.turn, said.together.after(moment.turn, moment.zone))
        rows += due_days(scenario, soon, moment.zone, running.version.name + SOON)
    return rows


def _complete_until(engine: Engine, moment: Moment) -> dict[str, datetime]:
    rows = engine.rows(compiled(engine, ("feeds",), lambda: house_relation("feed_completeness")))
    found = [row for row in rows if row["known_at"] <= naive_utc(moment.known_by)]
    latest: dict[str, datetime] = {}
    for row in found:
        until = row["until"].replace(tzinfo=UTC)
        latest[row["feed"]] = max(until, latest.get(row["feed"], until))
    return latest


def _feed_days(running: Running, moment: Moment, feeds: dict[str, datetime]) -> list[dict[str, Any]]:
    """One row for each recent due date whose candidates miss a needed feed: up to that date, or up to today."""
    scenario = running.version.scenario
    rows = []
    for offset in range(scenario.lookback.days + 400 if moment.enter_since else scenario.lookback.days + 9):
        day = moment.today - timedelta(days=offset)
        over = _over(scenario, (moment.today,) if moment.enter_since else (day, moment.today), moment, feeds)
        if over is not None:
            rows.append(_feed_row(running.version.name, day, over, moment.zone))
    return rows


def _over(scenario: Scenario, days: tuple[date, ...], moment: Moment, feeds: dict[str, datetime]) -> bool | None:
    """Whether the deadline has passed on the first of these days up to which a feed is missing; None if none is.

    Last night's file is waited for however long ago a cart was due: it may tell of what was bought meanwhile.
    """
    for day in days:
        missing = [need for need in scenario.needs if _missing(need, day, feeds, moment.zone)]
        if missing:
            return any(moment.turn >= to_instant(day, need.deadline, moment.zone) for need in missing)
    return None


def _missing(need: Need, day: date, feeds: dict[str, datetime], zone: str) -> bool:
    wanted = to_instant(day, time(0, 0), zone)
    return feeds.get(need.feed, _EVER) < wanted


def _feed_row(rule: str, day: date, over: bool, zone: str) -> dict[str, Any]:
    return {
        "rule": rule,
        "due_from": naive_utc(to_instant(day, time(0, 0), zone)),
        "due_until": naive_utc(to_instant(day + timedelta(days=1), time(0, 0), zone)),
        "waiting": not over,
        "stale": over,
    }
