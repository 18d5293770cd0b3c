"""A journey before a step goes in; the message, wait, reason or end it comes to in this turn comes out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tests.reference.crowd import Verdict
from tests.reference.gate import DEFERRALS, Asked, drawn, first_reason, held_out
from tests.reference.local_time import days_after, instant, local_date, next_time
from tests.reference.occurrences import Occurrence
from tests.reference.steps import Await, Branch, Exit, HandOver, Send, SetValue, Split, Step, Steps, Wait
from tests.reference.world import Order, Scenario

WAITS: Verdict = ("waiting", "")
Key = tuple[str, str, str]


@dataclass(frozen=True)
class Journey:
    """One under way: the version it keeps to, what lies ahead of it, and when that is due."""

    scenario: Scenario
    occurrence: Occurrence
    steps: Steps
    due: datetime

    @property
    def key(self) -> Key:
        return self.scenario.id, self.occurrence.contact or "", self.occurrence.key


@dataclass
class Ways:
    """Ways that were taken once and stand: of a journey at its steps, of a contact at a split."""

    of_journey: dict[tuple[str, str, str, str], str] = field(default_factory=dict)
    of_contact: dict[tuple[str, str, str], str] = field(default_factory=dict)
    since: dict[tuple[str, str, str, str], datetime] = field(default_factory=dict)


def stands(scenario: Scenario, zone: str, steps: Steps, begun: datetime, turn: datetime) -> tuple[Steps, datetime]:
    """Where a journey that goes on from here stands, and until when.

    Waits one behind another follow one another; before the wait for an event it listens to nothing.
    """
    due = begun
    while steps and isinstance(steps[0], Wait):
        due = _wait_ends(scenario, zone, steps[0], due, turn)
        if len(steps) > 1 and isinstance(steps[1], Await):
            return steps, due
        steps = steps[1:]
    if steps and isinstance(steps[0], Await):
        due = _days_later(scenario, zone, due, steps[0].days)
    return steps, due


def _wait_ends(scenario: Scenario, zone: str, wait: Wait, begun: datetime, turn: datetime) -> datetime:
    if wait.until is not None:
        return next_time(zone, max(begun, turn), wait.until, wait.weekday)
    if wait.hours:
        return begun + timedelta(hours=wait.hours)
    return _days_later(scenario, zone, begun, wait.days)


def _days_later(scenario: Scenario, zone: str, begun: datetime, days: int) -> datetime:
    """Whole days end at the slot, or at the same clock time where there is none."""
    later = days_after(zone, begun, days)
    return later if scenario.slot is None else instant(zone, local_date(zone, later), scenario.slot)


def walk(asked: Asked, ways: Ways) -> tuple[Asked, Verdict | None]:
    """Goes from step to step; without a verdict it has come to a message, for the gate to judge."""
    while asked.steps and not isinstance(asked.steps[0], Send):
        met = _met(asked, ways)
        reason = first_reason(met)
        if reason is not None:
            return met, ("deferred" if reason in DEFERRALS else "refused", reason)
        step = asked.steps[0]
        if isinstance(step, Exit):
            return asked, ("ended", step.reason)
        if isinstance(step, HandOver):
            return asked, ("ended", f"hand_over:{step.to}")
        gone_on = _goes_on(asked, step, ways)
        if gone_on is None:
            return asked, WAITS
        asked = gone_on
    return asked, None if asked.steps else ("ended", "end")


def _met(asked: Asked, ways: Ways) -> Asked:
    """Whose event is known is at its step from the turn that learnt of it, however long ago it was to be given up."""
    if asked.entering or asked.behind or not isinstance(asked.steps[0], Await):
        return asked
    taken = ways.of_journey.get(_key(asked))
    if taken == "happened":
        return replace(asked, due=ways.since[_key(asked)])
    return replace(asked, due=asked.turn) if taken is None and event(asked) is not None else asked


def _goes_on(asked: Asked, step: Step, ways: Ways) -> Asked | None:
    """Behind the step, or None where it waits."""
    rest = asked.steps[1:]
    if isinstance(step, Wait):
        return _behind_wait(asked, step)
    if isinstance(step, Await):
        return _behind_event(asked, step, ways)
    if isinstance(step, Branch):
        return _moved(asked, _once(asked, ways, _chosen(asked, step)), {"then": step.then, "else": step.otherwise})
    if isinstance(step, Split):
        own = (asked.scenario.id, step.name, asked.occurrence.contact or "")
        way = ways.of_contact.setdefault(own, _drawn(asked, step))
        return _moved(asked, _once(asked, ways, way), {name: steps for _, name, steps in step.ways})
    assert isinstance(step, SetValue)
    contact = asked.occurrence.contact or ""
    if _key(asked) not in ways.of_journey and not held_out(asked.world, asked.scenario, contact):
        asked.facts.note(contact, step.attribute, step.value, asked.turn)
    _once(asked, ways, "on")
    return replace(asked, steps=rest, over=False, behind=step.name)


def _key(asked: Asked) -> tuple[str, str, str, str]:
    return asked.scenario.id, asked.occurrence.contact or "", asked.occurrence.key, asked.steps[0].name


def _once(asked: Asked, ways: Ways, way: str) -> str:
    ways.since.setdefault(_key(asked), asked.turn)
    return ways.of_journey.setdefault(_key(asked), way)


def _moved(asked: Asked, way: str, ways: dict[str, Steps]) -> Asked:
    return replace(asked, steps=ways[way] + asked.steps[1:], over=False, behind=asked.steps[0].name)


def _behind_wait(asked: Asked, step: Wait) -> Asked | None:
    """A wait that was over, or whose end lies behind as it is reached."""
    if asked.over:
        return replace(asked, steps=asked.steps[1:], over=False, behind=step.name)
    end = _wait_ends(asked.scenario, asked.world.zone, step, asked.due, asked.turn)
    if end > asked.turn:
        return None
    return replace(asked, steps=asked.steps[1:], due=end, behind=step.name)


def _behind_event(asked: Asked, step: Await, ways: Ways) -> Asked | None:
    """Both known in the same turn, the event wins."""
    known = event(asked) is not None
    end = asked.due if asked.over else _days_later(asked.scenario, asked.world.zone, asked.due, step.days)
    taken = ways.of_journey.get(_key(asked))
    if taken is None and not known and end > asked.turn:
        return None
    way = _once(asked, ways, "happened" if known else "otherwise")
    gone = _moved(asked, way, {"happened": step.happened, "otherwise": step.otherwise})
    return replace(gone, due=ways.since[_key(asked)] if way == "happened" else min(end, asked.turn))


def event(asked: Asked) -> Order | None:
    """Another order than the fact, that happened at or after it and is known."""
    orders = asked.facts.valid_orders(asked.occurrence.contact or "", asked.turn)
    later = (one for one in orders if one.placed_at >= asked.occurrence.fact and one.id != asked.occurrence.order)
    return next(later, None)


def _chosen(asked: Asked, step: Branch) -> str:
    contact = asked.occurrence.contact or ""
    if step.value is not None:
        return "then" if asked.facts.value(contact, step.value[0], asked.turn) == step.value[1] else "else"
    return "then" if len(asked.facts.valid_orders(contact, asked.turn)) >= step.orders else "else"


def _drawn(asked: Asked, step: Split) -> str:
    """The first way whose cumulative weight exceeds the draw."""
    u = drawn(asked.world.seed, asked.scenario.id, step.name, asked.occurrence.contact or "")
    whole, upper = sum(weight for weight, _, _ in step.ways), 0
    for weight, name, _ in step.ways:
        upper += weight
        if u < upper / whole:
            return name
    raise AssertionError("the weights make a whole")


def from_step(steps: Steps, name: str) -> Steps | None:
    """All that lies ahead of who stands before the step of this name."""
    for place, step in enumerate(steps):
        if step.name == name:
            return steps[place:]
        for inner in _inside(step):
            found = from_step(inner, name)
            if found is not None:
                return found + steps[place + 1 :]
    return None


def _inside(step: Step) -> tuple[Steps, ...]:
    if isinstance(step, Await):
        return step.happened, step.otherwise
    if isinstance(step, Branch):
        return step.then, step.otherwise
    return tuple(steps for _, _, steps in step.ways) if isinstance(step, Split) else ()
