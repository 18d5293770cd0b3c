"""The reference model: a world goes in, what every turn decided comes out, one candidate at a time."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import date, datetime

from tests.reference.crowd import SEND, Verdict, arbitrate, share_addresses
from tests.reference.facts import Facts
from tests.reference.gate import WAITING, Asked, first_reason, items, past_and_wanted
from tests.reference.local_time import days_before, local_date
from tests.reference.occurrences import Episodes, Occurrence, occurrences
from tests.reference.world import Decision, HeldBack, Run, Scenario, Turn, TurnReport, World

Key = tuple[str, str, str]


def decide(world: World) -> list[Decision]:
    """Every decision of every turn, in order."""
    return list(run(world).decisions)


def run(world: World) -> Run:
    """Decisions, one report per turn and scenario that was on, and `already_past` of each scenario."""
    diary = _Diary(world)
    already_past = tuple((one.id, _already_past(diary, one)) for one in world.scenarios)
    for turn in sorted(world.turns, key=lambda one: one.at):
        diary.live(turn)
    return Run(tuple(diary.decisions), tuple(diary.reports), already_past, tuple(diary.held_back))


def _already_past(diary: _Diary, scenario: Scenario) -> int:
    """Contacts whose occurrence was past due at the instant of switching on, asked at that instant."""
    past = {
        found.contact
        for found in occurrences(scenario, diary.facts, diary.world.zone, scenario.on_at, {})
        if past_and_wanted(Asked(diary.world, diary.facts, scenario, found, scenario.on_at, False))
    }
    return len(past)


class _Diary:
    """What was decided so far; it lives one turn after the other."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.facts = Facts(world)
        self.decisions: list[Decision] = []
        self.reports: list[TurnReport] = []
        self.final: set[Key] = set()
        self.episodes: dict[str, dict[str, Episodes]] = defaultdict(dict)
        self.sent: dict[str, set[datetime]] = defaultdict(set)
        self.previous: dict[str, Turn] = {}
        self.left: dict[tuple[str, str, str, date], datetime] = {}
        self.held_back: list[HeldBack] = []

    def live(self, turn: Turn) -> None:
        """Find the candidates of all scenarios that are on, judge them together, write it down."""
        asked: list[Asked] = []
        too_old: dict[str, int] = {}
        on = [one for one in self.world.scenarios if one.on_at <= turn.at and turn.asks(one)]
        for scenario in on:
            candidates, too_old[scenario.id] = self._look(scenario, turn, self.previous.get(scenario.id))
            asked += candidates
            self.previous[scenario.id] = turn
        verdicts = self._judge(asked)
        decided = sorted(self._write(one, verdicts[one]) for one in asked)
        self.decisions += decided
        self.reports += [_report(turn, one.id, decided, too_old[one.id]) for one in on]

    def _look(self, scenario: Scenario, turn: Turn, previous: Turn | None) -> tuple[list[Asked], int]:
        """The candidates of a scenario, and how many undecided ones are too old to be candidates."""
        entered = dict(turn.enter_since).get(scenario.id)
        horizon = _horizon(scenario, self.world.zone, previous)
        inside = _window(scenario, self.world.zone, turn, horizon, entered)
        found = [one for one in self._known(scenario, turn.at) if not self._decided(scenario, one)]
        candidates = [one for one in found if inside(one)]
        phase_one = entered is not None
        old = [one for one in found if not phase_one and _too_old(one, scenario, horizon)]
        asked = [Asked(self.world, self.facts, scenario, one, turn.at, phase_one) for one in candidates]
        return asked, len(old)

    def _known(self, scenario: Scenario, moment: datetime) -> Iterable[Occurrence]:
        return occurrences(scenario, self.facts, self.world.zone, moment, self.episodes[scenario.id])

    def _decided(self, scenario: Scenario, one: Occurrence) -> bool:
        return (scenario.id, one.contact or "", one.key) in self.final

    def _judge(self, asked: list[Asked]) -> dict[Asked, Verdict]:
        verdicts: dict[Asked, Verdict] = {}
        for one in asked:
            reason = first_reason(one)
            if reason is not None:
                verdicts[one] = ("deferred" if reason == WAITING else "refused", reason)
        verdicts |= share_addresses(one for one in asked if one not in verdicts)
        return verdicts | arbitrate((one for one in asked if one not in verdicts), self.sent)

    def _write(self, one: Asked, verdict: Verdict) -> Decision:
        """Remember a decision: a final one ends the occurrence and, of a cart, the episode."""
        contact, key, scenario = one.occurrence.contact or "", one.occurrence.key, one.scenario
        outcome, reason = verdict
        if outcome != "deferred":
            self.final.add((scenario.id, contact, key))
            self._end_episode(one)
        if outcome == "send":
            self._hand_over(one, contact)
        shown = items(one) if verdict == SEND else ()
        return Decision(
            one.turn,
            one.occurrence.due_date,
            scenario.id,
            scenario.step,
            contact,
            key,
            outcome,
            reason,
            shown,
        )

    def _hand_over(self, one: Asked, contact: str) -> None:
        """At most one message of a scenario and step leaves to an address on a local day; others are no touch."""
        address = (one.contact.email or "").lower() if one.contact else ""
        place = (one.scenario.id, one.scenario.step, address, local_date(self.world.zone, one.turn))
        if self.left.setdefault(place, one.turn) == one.turn:
            self.sent[contact].add(one.turn)
        else:
            self.held_back.append(HeldBack(one.turn, one.scenario.id, contact, "same_address"))

    def _end_episode(self, one: Asked) -> None:
        if one.occurrence.cart is not None:
            ended = self.episodes[one.scenario.id]
            before = ended.get(one.occurrence.cart.id)
            ended[one.occurrence.cart.id] = Episodes((before.ended if before else 0) + 1, one.turn)


def _horizon(scenario: Scenario, zone: str, previous: Turn | None) -> datetime | None:
    """The instant up to which due times are too old: `lookback` local days before the last turn."""
    return days_before(zone, previous.at, scenario.lookback_days) if previous else None


def _window(
    scenario: Scenario, zone: str, turn: Turn, horizon: datetime | None, entered: date | None
) -> Callable[[Occurrence], bool]:
    """Whether an occurrence is a candidate of this turn."""
    if entered is not None:
        today = local_date(zone, turn.at)
        return lambda one: one.fact_date >= entered and one.due_date <= today
    return lambda one: scenario.on_at <= one.due <= turn.at and not (horizon is not None and one.due <= horizon)


def _too_old(one: Occurrence, scenario: Scenario, horizon: datetime | None) -> bool:
    return horizon is not None and scenario.on_at <= one.due <= horizon


def _report(turn: Turn, scenario: str, decided: list[Decision], too_old: int) -> TurnReport:
    """The equation; every candidate is exactly one of its parts."""
    mine = [one for one in decided if one.scenario == scenario]
    parts = Counter(one.outcome for one in mine)
    refused = Counter(one.reason for one in mine if one.outcome == "refused")
    counts = tuple(sorted(refused.items()))
    return TurnReport(
        turn.at, scenario, len(mine), parts["send"], parts["held_out"], parts["deferred"], counts, too_old
    )
