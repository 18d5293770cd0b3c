"""The way of a journey goes in; each step that it passed comes out as a condition, and what was learnt too late."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from relance.audiences.probes import PROBES
from relance.base.clock import aware_utc, naive_utc
from relance.explaining.case import Case
from relance.explaining.explanation import Condition, Evidence, Seen
from relance.explaining.reading import evidence_row
from relance.explaining.said import Said, same
from relance.scenarios.answers import ANSWER, waits_for_answer
from relance.scenarios.arrivals import WORK
from relance.scenarios.awaiting import events_known
from relance.scenarios.program import HAPPENED, HELD_OUT, OTHERWISE, Node

_QUESTIONS: Mapping[str, Said] = {
    "branch": Said("Embranchement {name}, passé le {at}", "Branch {name}, passed on {at}"),
    "split": Said("Tirage {name}, passé le {at}", "Split {name}, passed on {at}"),
    "set": Said("Valeur {name}, le {at}", "Value {name}, on {at}"),
    "event": Said("Attente {name}, finie le {at}", "Wait {name}, over on {at}"),
    "wait": Said("Attente {name}, finie le {at}", "Wait {name}, over on {at}"),
    "webhook": Said("Appel {name} ({host}), demandé le {at}", "Call {name} ({host}), asked for on {at}"),
    "answer": Said(
        "Réponse à l’appel {name}, attendue jusqu’au {at}", "Answer to the call {name}, waited for until {at}"
    ),
}
_WAY = Said("pris le chemin « {way} »", "took the way “{way}”")
_DRAWN = Said("tiré {u} : pris le chemin « {way} »", "drew {u}: took the way “{way}”")
_WAYS: Mapping[str, Said] = {
    HAPPENED: Said("ce qu’on attendait était su", "what was waited for was known"),
    OTHERWISE: Said("à l’échéance, rien de tel n’était su", "at the deadline nothing of the kind was known"),
    "on": Said("le parcours a continué", "the journey went on"),
    HELD_OUT: Said("groupe témoin : rien n’a été envoyé", "control group: nothing was sent"),
    "else": Said("aucune condition ne tenait", "no condition held"),
}
_ANSWERED: Mapping[str, Said] = {
    HAPPENED: Said("l’autre système a répondu, ou l’appel a échoué pour de bon", "it answered, or failed for good"),
    OTHERWISE: Said(
        "pas de réponse à temps : le parcours continue sans", "no answer in time: the journey goes on without"
    ),
}
_CALLED = Said("l’appel est parti dans la file, le parcours continue", "the call was queued, the journey goes on")
_LATE = Said(
    "Su trop tard pour l’attente {name} : le parcours ne revient pas en arrière",
    "Known too late for the wait {name}: the journey does not go back",
)
_LEFT = Said(
    "Le parcours a été quitté le {at} par un fait : {fact}.", "The journey was left on {at} by a fact: {fact}."
)


def ways_told(case: Case) -> tuple[Condition, ...]:
    """One condition a step that the journey passed, in their order; `late_event` beside a wait that missed one."""
    return tuple(each for row in _own(case, case.passages) for each in _told(case, row))


def exit_told(case: Case) -> Said | None:
    """By which fact the journey was left before its time: what, when it happened, when it became known."""
    rows = [row for row in _own(case, case.journeys) if row.get("left_by")]
    if not rows:
        return None
    fact = _fact(case, rows[-1]["left_by"], rows[-1]["left_happened_at"], rows[-1]["left_known_at"])
    return _LEFT.put(at=case.pen.at(rows[-1]["at"]), fact=fact.said)


def _own(case: Case, rows: tuple[Mapping[str, Any], ...]) -> list[Mapping[str, Any]]:
    occurrence = case.arrival.occurrence if case.arrival else None
    return [row for row in rows if row["occurrence"] == occurrence]


def _told(case: Case, row: Mapping[str, Any]) -> Iterator[Condition]:
    node = next((each for each in case.version.nodes if each.name == row["step"]), None)
    kind = _kind(node)
    named = {"name": same(_called(row["step"])), "at": case.pen.at(row["at"]), "host": same(_host(node))}
    question = _QUESTIONS.get(kind, _QUESTIONS["branch"]).put(**named)
    rows = (_fact(case, row["fact"], row["happened_at"], row["known_at"]),) if row["fact"] else ()
    yield Condition(f"passed:{row['step']}", "held", question, Seen(_way(case, kind, row), row["way"], rows))
    if node and kind == "event" and row["way"] == OTHERWISE and (late := _late(case, node, row["at"])):
        yield Condition("late_event", "not_asked", _LATE.put(name=same(node.name)), Seen(late.said, late.key, (late,)))


def _kind(node: Node | None) -> str:
    """Its kind; the wait that the house puts behind a call is its answer."""
    if node is None:
        return "branch"
    return "answer" if waits_for_answer(node.wait) else node.kind


def _called(step: str) -> str:
    return step.removesuffix(ANSWER)


def _host(node: Node | None) -> str:
    return urlsplit(node.webhook.url).hostname or "" if node and node.webhook else ""


def _way(case: Case, kind: str, row: Mapping[str, Any]) -> Said:
    if kind == "split" and row["u"] is not None:
        return _DRAWN.put(u=case.pen.number(row["u"], 6), way=same(row["way"]))
    if kind == "answer" and row["way"] in _ANSWERED:
        return _ANSWERED[row["way"]]
    if kind == "webhook" and row["way"] == "on":
        return _CALLED
    return _WAYS[row["way"]] if kind != "split" and row["way"] in _WAYS else _WAY.put(way=same(row["way"]))


def _late(case: Case, node: Node, passed: datetime) -> Evidence | None:
    """A row that had happened when the wait was over, and became known only after it."""
    arrival, engine = case.arrival, case.place.engine
    if arrival is None or node.wait is None or node.wait.event is None:
        return None
    fact: dict[str, Any] = {name: naive_utc(getattr(arrival, name)) for name in ("fact_at", "fact_day")}
    own: dict[str, Any] = {"probe": 0, "contact": case.person.contact}
    engine.load("probes", PROBES, [own | fact | {"as_of": naive_utc(passed), "known": naive_utc(case.now)}])
    named: dict[str, Any] = {"node": node.number, "entering": False, "gone": None, "visitor": "", "logged_in": None}
    named |= {"occurrence": arrival.occurrence, "subject": arrival.subject, "due_at": naive_utc(passed)}
    engine.load("work", WORK, [own | fact | named])
    event = node.wait.event
    found = case.rows("late", lambda: events_known(case.version.scenario, event, case.view, case.place.zone), node.name)
    if not found or aware_utc(found[0]["known_at"]) <= passed:
        return None
    return _fact(case, found[0]["fact"], found[0]["happened_at"], found[0]["known_at"])


def _fact(case: Case, named: str, happened: datetime, known: datetime) -> Evidence:
    table, _, key = named.partition(" ")
    return evidence_row(case, table, key, happened, known)
