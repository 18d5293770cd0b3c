"""A contact, a scenario and an instant become the case to explain: which occurrence, decided when, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import ibis.expr.types as ir

from relance.base.clock import aware_utc, naive_utc
from relance.customers.absorb import absorb_ledger
from relance.customers.absorb_calls import absorb_calls
from relance.customers.installation import Installation
from relance.customers.relations import house_relation, scratch, view_mark
from relance.engines.texts import compiled
from relance.explaining.arrivals import Arrival, arrivals, start_of_day
from relance.explaining.person import EXPLAINED, OneContact, Person
from relance.explaining.said import Pen, pen_of
from relance.scenarios.moment import Moment, Running
from relance.scenarios.program import Node
from relance.scenarios.running import last_turn, last_turns, running_scenarios, stored_version
from relance.scenarios.versions import Version
from relance.tracking.absorb import absorb_reactions

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Case:
    """What is explained.

    turn: the instant of the conditions, the decision's where there is one, else the instant asked (`at`).
    now: all that is known today. last_turn: the last one by then that asked for the scenario. `decision` is the
    stored row, with aware instants; `arrival` the occurrence it (or the next turn) is about, None where the trigger
    sees nothing; `coming` another one that falls due later. `standing`: why nobody has decided: no_fact, not_due,
    not_on, already_past, too_old_to_see, undecided.
    """

    place: Installation
    person: Person
    version: Version
    view: OneContact
    pen: Pen
    at: datetime
    now: datetime
    running: Running | None
    last_turn: datetime | None
    decisions: tuple[Mapping[str, Any], ...] = ()
    journeys: tuple[Mapping[str, Any], ...] = ()
    passages: tuple[Mapping[str, Any], ...] = ()
    decision: Mapping[str, Any] | None = None
    arrival: Arrival | None = None
    coming: Arrival | None = None
    standing: str | None = None

    @property
    def turn(self) -> datetime:
        """The instant at which the conditions are asked."""
        return self.decision["at"] if self.decision else self.at

    @property
    def node(self) -> Node | None:
        """The step the decision stands at; where nothing is decided, the first message of the scenario."""
        if self.decision:
            return next((node for node in self.version.nodes if node.name == self.decision["step"]), None)
        return next((node for node in self.version.nodes if node.kind == "send"), None)

    @property
    def decided_reasons(self) -> tuple[str, ...]:
        """Every reason that the decision stored, in the published order."""
        stored = (self.decision or {}).get("reasons") or ""
        return tuple(reason for reason in stored.split(",") if reason)

    def rows(self, name: str, build: Callable[[], ir.Table], *marks: str) -> list[dict[str, Any]]:
        """The rows of a query whose text depends on nothing but the version, the view and these marks."""
        return self.place.engine.rows(self.text(name, build, *marks))

    def text(self, name: str, build: Callable[[], ir.Table], *marks: str) -> str:
        """The text of such a query, made once."""
        return compiled(self.place.engine, ("explained", name, *self.mark, *marks), build)

    @cached_property
    def mark(self) -> tuple[str, ...]:
        """What tells the texts of this case apart from those of another version, view or zone."""
        return view_mark(self.view), self.version.name, self.version.mark, self.place.zone

    def moment(self, known: datetime) -> Moment:
        """The turn of the conditions, with what was known by an instant."""
        until = self.turn if self.decision else self.turn + _TICK
        return Moment(self.turn, until, self.last_turn, self.place.zone, known=known)


@dataclass
class _Found:
    """What the house has written about the contact and the scenario by the instant asked."""

    decisions: list[dict[str, Any]] = field(default_factory=list)
    journeys: list[dict[str, Any]] = field(default_factory=list)
    passages: list[dict[str, Any]] = field(default_factory=list)


def open_case(place: Installation, person: Person, scenario: str, at: datetime) -> Case:
    """The case, inside a transaction that is rolled back. NotFound where the scenario was never published."""
    latest = stored_version(place.ledger, scenario)
    if at >= (last_turn(place.engine, before=None) or at):
        absorb_calls(place.engine, place.ledger, at)
        absorb_ledger(place.engine, place.ledger, at)  # what has left since the last turn counts, as in a plan
        absorb_reactions(place, at)
    running = next((each for each in running_scenarios(place.ledger, at) if each.version.name == scenario), None)
    last = last_turns(place.engine, [running], at + _TICK).get(scenario) if running else None
    found = _written(place, person, scenario, at)
    place.engine.load("explained", EXPLAINED, [{"contact": person.contact}])
    view = OneContact(place.tables, True, place.view(at).merged, place.settings.brand.currency)
    pen = pen_of(place.zone, place.settings.brand.languages)
    now = max([at, *(aware_utc(each) for each in _last_import(place))])
    version = running.version if running else latest
    seen = arrivals(place, version, view, Moment(at, at + _TICK, last, place.zone), person.contact)
    case = Case(place, person, version, view, pen, at, now, running, last, tuple(found.decisions))
    return _chosen(case, seen, found)


def _chosen(case: Case, seen: Sequence[Arrival], found: _Found) -> Case:
    """The occurrence to speak of: the last decided or fallen due by then, else the next to come."""
    decision = max(found.decisions, key=lambda row: (row["at"], row["due_at"], row["occurrence"]), default=None)
    begun = {row["occurrence"] for row in (*found.journeys, *found.decisions)}
    open_ = [each for each in seen if each.occurrence not in begun]
    if case.version.scenario.trigger.calendar and case.last_turn:  # a broadcast that was decided is over for others
        open_ = [each for each in open_ if each.due_at > case.last_turn]
    due = [each for each in open_ if each.due_at <= case.at and not (decision and each.due_at <= decision["due_at"])]
    later = [each for each in open_ if each.due_at > case.at]
    if due and later and _standing(case, due[-1]) == "already_past":
        due = []  # last year's birthday is no answer where this year's is to come
    own = {each.name: getattr(case, each.name) for each in fields(case)}
    parts = {**own, "journeys": tuple(found.journeys), "passages": tuple(found.passages)}
    parts |= {"coming": later[0] if later else None}
    if due:
        parts |= {"arrival": due[-1], "standing": _standing(case, due[-1])}
    elif decision:
        version = stored_version(case.place.ledger, decision["scenario"], decision["version"])
        parts |= {"decision": decision, "version": version, "arrival": _of_decision(decision, seen, case.place.zone)}
    elif later:
        parts |= {"arrival": later[0], "coming": later[1] if later[1:] else None, "standing": "not_due"}
        parts |= {} if case.running else {"standing": "not_on"}
    else:
        parts |= {"standing": "no_fact"}
    return Case(**parts)


def _standing(case: Case, arrival: Arrival) -> str:
    if case.running is None:
        return "not_on"
    if arrival.due_at < case.running.since:
        return "already_past"
    lookback = case.version.scenario.looks_back
    if case.last_turn and arrival.due_at <= lookback.before(case.last_turn, case.place.zone):
        return "too_old_to_see"
    return "undecided"


def _of_decision(decision: Mapping[str, Any], seen: Sequence[Arrival], zone: str) -> Arrival:
    logged_in = next((each.logged_in for each in seen if each.subject == decision["subject"]), None)
    fact, due = decision["fact_at"], decision["due_at"]
    day = start_of_day(fact, zone)
    return Arrival(decision["occurrence"], decision["subject"], fact, day, due, logged_in)


def _written(place: Installation, person: Person, scenario: str, at: datetime) -> _Found:
    place.engine.load("explained_sides", EXPLAINED, [{"contact": side} for side in person.sides])

    def written(table: str) -> list[dict[str, Any]]:
        text = compiled(place.engine, ("explained-house", table), lambda: _own(table))
        rows = [row for row in place.engine.rows(text) if row["scenario"] == scenario and row["at"] <= naive_utc(at)]
        return [_aware(row) for row in sorted(rows, key=lambda row: row["at"])]

    return _Found(written("decisions"), written("journeys"), written("passages"))


def _own(table: str) -> ir.Table:
    return house_relation(table).semi_join(scratch("explained_sides", EXPLAINED), "contact")


def _aware(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.replace(tzinfo=UTC) if isinstance(value, datetime) else value for name, value in row.items()}


def _last_import(place: Installation) -> list[datetime]:
    found = place.engine.value(compiled(place.engine, ("last-import",), _latest_import))
    return [found] if found else []


def _latest_import() -> ir.Table:
    imports = house_relation("imports")
    return imports.aggregate(latest=imports["known_at"].max())
