"""The reference model: a world goes in, what every turn decided comes out, one candidate at a time."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial

from tests.reference.abandons import SILENT_FROM, for_discount, in_a_row
from tests.reference.crowd import NEXT_WAVE, SEND, Verdict, arbitrate, beyond, share_addresses
from tests.reference.facts import Facts
from tests.reference.gate import DEFERRALS, Asked, Touches, first_reason, items, past_and_wanted, stopped
from tests.reference.local_time import days_before, local_date
from tests.reference.occurrences import Episodes, Occurrence, home_of, occurrences
from tests.reference.restocks import places
from tests.reference.steps import Await
from tests.reference.walking import Journey, Key, Ways, event, from_step, stands, walk
from tests.reference.world import Decision, Edit, HeldBack, Run, Scenario, Turn, TurnReport, World

OF_THE_CONTACT = ("birthday", "win_back", "entered", "left")  # what may come again, and is the contact's own
ENTERS_APART = ("second_purchase", "win_back", "birthday", "sign_up", "order", "received")


def decide(world: World) -> list[Decision]:
    """Every decision of every turn, in order."""
    return list(run(world).decisions)


def run(world: World) -> Run:
    """Decisions, one report per turn and scenario that was on, and `already_past` of each scenario."""
    diary = _Diary(world)
    for _, live in sorted(diary.events(), key=lambda one: one[0]):
        live()
    return Run(tuple(diary.decisions), tuple(diary.reports), tuple(diary.past), tuple(diary.held_back))


class _Diary:
    """What was decided so far; it lives one turn after the other."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.facts = Facts(world)
        self.decisions: list[Decision] = []
        self.reports: list[TurnReport] = []
        self.final: set[Key] = set()
        self.episodes: dict[str, dict[str, Episodes]] = defaultdict(dict)
        self.sent: dict[str, Touches] = defaultdict(set)
        self.previous: dict[str, Turn] = {}
        self.left: dict[tuple[str, str, str, date], datetime] = {}
        self.held_back: list[HeldBack] = []
        self.version = {one.id: one for one in world.scenarios}
        self.under_way: dict[Key, Journey] = {}
        self.first: dict[tuple[str, str], dict[str, datetime]] = defaultdict(dict)
        self.ways = Ways()
        self.not_sent: set[Key] = set()
        self.left_carts: dict[tuple[str, str], dict[str, datetime]] = defaultdict(dict)
        self.reminded: dict[tuple[str, str], dict[str, datetime]] = defaultdict(dict)
        self.waves: dict[tuple[str, str], datetime] = {}
        self.past: list[tuple[str, int]] = []
        self.before: dict[str, tuple[Scenario, list[Journey]]] = {}

    def events(self) -> Iterator[tuple[tuple[datetime, int], Callable[[], None]]]:
        """Turns, and what is done to a scenario before a turn of the same instant."""
        for turn in self.world.turns:
            yield (turn.at, 1), partial(self.live, turn)
        for one in self.world.scenarios:
            for moment in (one.on_at, *(one.off[1:] if one.off else ())):
                yield (moment, 0), partial(self.switch_on, one, moment)
            for edit in one.edits:
                yield (edit.at, 0), partial(self.edit, one.id, edit)
                if edit.undone_at is not None:
                    yield (edit.undone_at, 0), partial(self.undo, one.id)

    def switch_on(self, scenario: Scenario, moment: datetime) -> None:
        """How many contacts have an undecided occurrence past due; a turn looks back no further than this.

        Of what comes round every year only the last time counts.
        """
        known = [one for one in self._known(scenario, moment) if one.due < moment]
        last = {one.contact: one for one in sorted(known, key=lambda one: one.due)}
        yearly = scenario.trigger == "birthday"
        past = {
            found.contact
            for found in (last.values() if yearly else known)
            if not self._decided(scenario, found)
            and "in_progress" not in self._marks(scenario, found, moment)
            and past_and_wanted(self._past(scenario, found, moment))
        }
        self.past.append((scenario.id, len(past)))
        self.previous.pop(scenario.id, None)

    def _past(self, scenario: Scenario, found: Occurrence, moment: datetime) -> Asked:
        marks = frozenset(self._habits(scenario, found, moment))
        return Asked(self.world, self.facts, scenario, found, moment, False, found.due, marks=marks)

    def edit(self, name: str, edit: Edit) -> None:
        """New occurrences take the new version; what is under way finishes in the old, moves at a step, or stops."""
        old = self.version[name]
        new = self.version[name] = edit.of(old)
        own = [one for one in self.under_way.values() if one.scenario.id == name]
        step = edit.live.partition(":")[2]
        touched = [one for one in own if edit.live == "stop" or (step and one.steps[0].name == step)]
        self.before[name] = old, touched
        for one in touched:
            ahead = from_step(new.steps, step)
            if edit.live == "stop":
                del self.under_way[one.key]
            elif ahead is not None:
                self.under_way[one.key] = replace(one, scenario=new, steps=ahead)

    def undo(self, name: str) -> None:
        """No message of the new version has left: everything is as before."""
        self.version[name], touched = self.before.pop(name)
        self.under_way |= {one.key: one for one in touched}

    def live(self, turn: Turn) -> None:
        """Find the candidates of all scenarios that are on, judge them together, write it down."""
        self.facts.look(turn.at)
        asked: list[Asked] = []
        too_old: dict[str, int] = {}
        on = [one for one in self.version.values() if one.since(turn.at) and turn.asks(one)]
        for scenario in on:
            candidates, too_old[scenario.id] = self._look(scenario, turn, self.previous.get(scenario.id))
            asked += _one_after_the_other(candidates)
            asked += self._resumed(scenario, turn)
            self.previous[scenario.id] = turn
        walked = [walk(one, self.ways) for one in asked]
        verdicts = self._judge([one for one, verdict in walked if verdict is None])
        decided = sorted(self._write(one, verdict or verdicts[one]) for one, verdict in walked)
        self.decisions += decided
        self.reports += [_report(turn, one.id, decided, too_old[one.id]) for one in on]

    def _look(self, scenario: Scenario, turn: Turn, previous: Turn | None) -> tuple[list[Asked], int]:
        """The candidates of a scenario, and how many undecided ones are too old to be candidates."""
        entered = dict(turn.enter_since).get(scenario.id)
        horizon = _horizon(scenario, self.world.zone, previous)

        def today(one: Occurrence) -> date:
            return local_date(home_of(scenario, self.facts, self.world.zone, one.contact, turn.at), turn.at)

        inside = _window(scenario, turn, horizon, entered, today)
        found = [one for one in self._known(scenario, turn.at) if not self._decided(scenario, one)]
        candidates = [one for one in found if inside(one)]
        phase_one = entered is not None
        since = scenario.since(turn.at) or turn.at
        old = [one for one in found if not phase_one and _too_old(one, since, horizon)]
        return [self._entering(scenario, one, turn, phase_one) for one in candidates], len(old)

    def _entering(self, scenario: Scenario, one: Occurrence, turn: Turn, phase_one: bool) -> Asked:
        marks = frozenset((*self._marks(scenario, one, turn.at), *self._habits(scenario, one, turn.at)))
        how = {"due": one.due, "steps": scenario.steps, "marks": marks}
        return Asked(self.world, self.facts, scenario, one, turn.at, phase_one, **how)  # type: ignore[arg-type]

    def _marks(self, scenario: Scenario, one: Occurrence, turn: datetime) -> Iterator[str]:
        """What speaks against entering again: too soon after the last first message, or still on the way."""
        if one.contact is None:
            return
        messages = self.first[scenario.id, one.contact].values()
        today = local_date(self.world.zone, turn)
        days = scenario.reentry
        if isinstance(days, int):
            if any(local_date(self.world.zone, last) + timedelta(days=days) > today for last in messages):
                yield "reentry"
        elif days == "never" and messages:
            yield "reentry"
        if scenario.trigger in OF_THE_CONTACT and any(
            (name, who) == (scenario.id, one.contact) for name, who, _ in self.under_way
        ):
            yield "in_progress"

    def _habits(self, scenario: Scenario, one: Occurrence, moment: datetime) -> Iterator[str]:
        """What speaks against reminding of a cart: too many in a row, or an order with a coupon after each."""
        if scenario.trigger != "stages" or one.contact is None:
            return
        orders = self.facts.valid_orders(one.contact, moment)
        left = dict(self.left_carts[scenario.id, one.contact])
        for found in self._known(scenario, moment):
            if found.contact == one.contact and found.cart is not None and found.cart.holds():
                left[found.key] = found.fact
        if in_a_row(left, one, orders) >= SILENT_FROM:
            yield "abandons_in_a_row"
        if for_discount(self.reminded[scenario.id, one.contact].values(), orders):
            yield "abandons_for_discount"

    def _resumed(self, scenario: Scenario, turn: Turn) -> Iterator[Asked]:
        """Journeys whose wait is over, or that something ends before its time."""
        for key, one in self.under_way.items():
            if key[0] != scenario.id:
                continue
            over = one.due <= turn.at
            asked = Asked(
                self.world, self.facts, one.scenario, one.occurrence, turn.at, False, min(one.due, turn.at),
                steps=one.steps, entering=False, over=over,
                marks=frozenset({"not_sent"} if key in self.not_sent else ()),
            )  # fmt: skip
            asked = replace(asked, marks=asked.marks | {*self._habits(one.scenario, one.occurrence, turn.at)})
            listens = isinstance(one.steps[0], Await) and (
                event(asked) is not None or (*key, one.steps[0].name) in self.ways.of_journey
            )
            if over or stopped(asked) or asked.marks or listens:
                yield asked

    def _known(self, scenario: Scenario, moment: datetime) -> Iterable[Occurrence]:
        return occurrences(scenario, self.facts, self.world.zone, moment, self.episodes[scenario.id])

    def _decided(self, scenario: Scenario, one: Occurrence) -> bool:
        return (scenario.id, one.contact or "", one.key) in self.final

    def _judge(self, asked: list[Asked]) -> dict[Asked, Verdict]:
        verdicts: dict[Asked, Verdict] = {}
        for one in asked:
            reason = first_reason(one)
            if reason is not None:
                verdicts[one] = ("deferred" if reason in DEFERRALS else "refused", reason)
        return verdicts | self._together([one for one in asked if one not in verdicts])

    def _together(self, passing: list[Asked]) -> dict[Asked, Verdict]:
        """Who stands back for another; who has no place in the wave competes with nobody, so all is asked again."""
        late: dict[Asked, Verdict] = {}
        while True:
            going = [one for one in passing if one not in late]
            verdicts = share_addresses(going)
            verdicts |= arbitrate((one for one in going if one not in verdicts), self.sent)
            left = beyond(sorted((one for one in going if verdicts[one] == SEND), key=_in_line), self._places)
            if not left:
                return verdicts | late
            late |= dict.fromkeys(left, NEXT_WAVE)

    def _places(self, one: Asked) -> int:
        """How many may now be told of what came back."""
        restock = one.occurrence.restock
        assert restock is not None
        last = self.waves.get((one.scenario.id, restock.key))
        return places(self.world, restock, one.scenario.a_unit, last, one.turn)

    def _write(self, one: Asked, verdict: Verdict) -> Decision:
        """Remember a decision: a final one ends the occurrence and, of a cart, the episode."""
        contact, key, scenario = one.occurrence.contact or "", one.occurrence.key, one.scenario
        outcome, reason = verdict
        step = one.steps[0].name if one.steps else one.behind
        if outcome != "deferred":
            self.final.add((scenario.id, contact, key))
            self._end_episode(one, reason)
            self._go_on(one, outcome, reason)
        if outcome == "send":
            self._hand_over(one, contact)
            self.waves[scenario.id, key] = one.turn
        shown = items(one) if verdict == SEND else ()
        day = local_date(self.world.zone, one.due)
        return Decision(one.turn, day, scenario.id, step, contact, key, outcome, reason, shown)

    def _go_on(self, one: Asked, outcome: str, reason: str) -> None:
        """A step follows a message that was sent or held out, and a wait; else the journey is over."""
        scenario, zone = one.scenario, self.world.zone
        contact, key = one.occurrence.contact or "", one.occurrence.key
        ahead, due = one.steps, one.due
        if outcome in ("send", "held_out"):
            self.first[scenario.id, contact].setdefault(key, one.turn)
            ahead, due = stands(scenario, zone, one.steps[1:], one.turn, one.turn)
        elif outcome == "waiting":
            ahead, due = stands(scenario, zone, one.steps, one.due, one.turn) if not one.over else (ahead, due)
        else:
            ahead = ()
        self.under_way.pop((scenario.id, contact, key), None)
        if ahead:
            self.under_way[scenario.id, contact, key] = Journey(scenario, one.occurrence, ahead, due)
        if reason.startswith("hand_over:"):
            handed = (one.occurrence.contact, f"{scenario.id}/{key}", one.turn)
            self.facts.handed[reason.partition(":")[2]].append(handed)

    def _hand_over(self, one: Asked, contact: str) -> None:
        """At most one message of a scenario and step leaves to an address on a local day; others are no touch.

        What is transactional always leaves, and neither it nor service is a touch.
        """
        address = (one.contact.email or "").lower() if one.contact else ""
        place = (one.scenario.id, one.steps[0].name, address, one.own_day)
        if one.scenario.purpose == "transactional":
            return
        if self.left.setdefault(place, one.turn) != one.turn:
            self.held_back.append(HeldBack(one.turn, one.scenario.id, contact, "same_address"))
            self.not_sent.add((one.scenario.id, contact, one.occurrence.key))
        elif one.scenario.purpose == "marketing":
            self.sent[contact].add((one.turn, one.own_day))
            self.reminded[one.scenario.id, contact].setdefault(one.occurrence.key, one.turn)

    def _end_episode(self, one: Asked, reason: str) -> None:
        """An episode is decided as it enters; what follows of it is another matter than what is added later."""
        if one.occurrence.cart is not None and one.entering:
            if reason != "emptied":
                self.left_carts[one.scenario.id, one.occurrence.contact or ""][one.occurrence.key] = one.occurrence.fact
            ended = self.episodes[one.scenario.id]
            before = ended.get(one.occurrence.cart.id)
            ended[one.occurrence.cart.id] = Episodes((before.ended if before else 0) + 1, one.turn)


def _in_line(one: Asked) -> tuple[datetime, str]:
    """The earliest wish first."""
    wish = one.occurrence.wish
    return (wish.at if wish else one.due), one.occurrence.contact or ""


def _one_after_the_other(entering: list[Asked]) -> list[Asked]:
    """Where re-entry has a limit, of one contact's journeys of one turn only the first that nothing stops goes.

    It goes before the others also where its message is put off: by quiet hours, or because it lost and waits.
    """
    gone: set[str] = set()
    made: list[Asked] = []
    for one in sorted(entering, key=lambda each: (each.due, each.occurrence.fact, each.occurrence.key)):
        contact = one.occurrence.contact
        apart = one.scenario.reentry != "each" and one.scenario.trigger in ENTERS_APART and contact is not None
        if apart and contact in gone:
            one = replace(one, marks=one.marks | {"reentry"})
        elif apart and contact is not None and first_reason(one) in (None, "quiet_hours"):
            gone.add(contact)
        made.append(one)
    return made


def _horizon(scenario: Scenario, zone: str, previous: Turn | None) -> datetime | None:
    """The instant up to which due times are too old: `lookback` local days before the last turn."""
    return days_before(zone, previous.at, scenario.lookback_days) if previous else None


def _window(
    scenario: Scenario,
    turn: Turn,
    horizon: datetime | None,
    entered: date | None,
    today: Callable[[Occurrence], date],
) -> Callable[[Occurrence], bool]:
    """Whether an occurrence is a candidate of this turn; today is that of the clocks the scenario keeps to."""
    if entered is not None:
        return lambda one: one.fact_date >= entered and one.due_date <= today(one)
    since = scenario.since(turn.at) or turn.at
    return lambda one: since <= one.due <= turn.at and not (horizon is not None and one.due <= horizon)


def _too_old(one: Occurrence, since: datetime, horizon: datetime | None) -> bool:
    return horizon is not None and since <= one.due <= horizon


def _report(turn: Turn, scenario: str, decided: list[Decision], too_old: int) -> TurnReport:
    """The equation; every candidate is exactly one of its parts."""
    mine = [one for one in decided if one.scenario == scenario]
    parts = Counter(one.outcome for one in mine)
    refused = Counter(one.reason for one in mine if one.outcome == "refused")
    return TurnReport(
        turn.at,
        scenario,
        len(mine),
        parts["send"],
        parts["held_out"],
        parts["deferred"],
        tuple(sorted(refused.items())),
        too_old,
        parts["waiting"],
        parts["ended"],
    )
