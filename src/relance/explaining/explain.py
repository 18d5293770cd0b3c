"""A contact, a scenario and an instant go in; why the message went or did not comes out, and nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from relance.customers.installation import Installation
from relance.explaining.afterwards import next_of, sending_of
from relance.explaining.case import Case, open_case
from relance.explaining.changing import changes
from relance.explaining.conditions import conditions_of, refusals
from relance.explaining.explanation import Explanation
from relance.explaining.headline import because, headline
from relance.explaining.passing import exit_told, ways_told
from relance.explaining.person import find_person
from relance.explaining.said import NOTHING, Said, same
from relance.explaining.sides import sides_of
from relance.policy.reasons import readable

_TITLE = Said("{who} · {what}, version {number} · au {at}", "{who} · {what}, version {number} · as of {at}")
_MERGED = Said("Ce contact a été réuni à {who}.", "This contact was merged into {who}.")
_LATER = Said(
    "Les conditions sont demandées au {turn}, avec ce qui était su alors.",
    "The conditions are asked as of {turn}, with what was known then.",
)
_EARLIER = Said("{at} : {outcome}{why}", "{at}: {outcome}{why}")
_WORDS: Mapping[str, Said] = {
    "send": Said("message décidé", "message decided"),
    "held_out": Said("groupe témoin", "control group"),
    "refused": Said("pas de message", "no message"),
    "deferred": Said("remis à plus tard", "put off"),
    "waiting": Said("en attente", "waiting"),
    "ended": Said("terminé", "ended"),
}
_FEW = 10


def explain(place: Installation, own_id: str, scenario: str, at: datetime) -> Explanation:
    """Why the contact with the shop's own id got the scenario's message, or did not, by an instant (aware).

    Speaks of the last occurrence decided or fallen due by then, else of the next one. Asks the very queries of a
    turn, inside a transaction that is rolled back. Raises NotFound for a contact or scenario that does not exist,
    Refused for the cart of an anonymous visitor, Busy while a turn is under way.
    """
    with place.turn_lock(), place.engine.rolled_back():
        return _explained(open_case(place, find_person(place, own_id), scenario, at))


def _explained(case: Case) -> Explanation:
    conditions = (*conditions_of(case), *ways_told(case))
    decision: Mapping[str, Any] = case.decision or {}
    outcome = decision.get("outcome") or case.standing or "undecided"
    refused = refusals(conditions)
    reasons = (
        case.decided_reasons if case.decision else tuple(code for code in refused if code not in ("trigger", "on"))
    )
    first = reasons[0] if reasons and outcome in ("undecided", "not_due") else None
    reason = decision.get("reason") if case.decision else first
    sending, sides = sending_of(case), sides_of(case)
    arrival = case.arrival
    return Explanation(
        contact=case.person.own_id,
        scenario=case.version.name,
        version=case.version.number,
        at=case.at,
        asked_at=case.turn,
        known_now=case.now,
        outcome=outcome,
        reason=reason or None,
        reasons=reasons,
        title=_title(case),
        headline=headline(case, outcome, reason, conditions, sending),
        conditions=conditions,
        next=next_of(case, outcome, because(case, reason, conditions) if reason else None, sending),
        decided_at=decision.get("at"),
        step=decision.get("step"),
        occurrence=arrival.occurrence if arrival else None,
        due_at=arrival.due_at if arrival else None,
        sending=sending,
        notes=tuple(_notes(case)),
        earlier=tuple(_earlier(case)),
        sides=sides,
        changes=changes(case, outcome, reasons, conditions, sides),
    )


def _title(case: Case) -> Said:
    title = case.version.scenario.title
    name = Said(title.get("fr") or case.version.name, title.get("en") or case.version.name)
    number = same(case.version.number)
    return _TITLE.put(who=same(case.person.own_id), what=name, number=number, at=case.pen.at(case.at))


def _notes(case: Case) -> Iterator[Said]:
    if case.person.merged_into:
        yield _MERGED.put(who=same(case.person.merged_into))
    if left := exit_told(case):
        yield left
    if case.decision and case.turn != case.at:
        yield _LATER.put(turn=case.pen.at(case.turn))


def _earlier(case: Case) -> Iterator[Said]:
    """Other decisions of the scenario about the contact, the newest first."""
    others = [row for row in case.decisions if row is not case.decision]
    for row in others[::-1][:_FEW]:
        why = NOTHING
        if row["reason"]:
            why = Said(f", {readable(row['reason'], 'fr').lower()}", f", {readable(row['reason'], 'en').lower()}")
        yield _EARLIER.put(at=case.pen.at(row["at"]), outcome=_WORDS[row["outcome"]], why=why)


__all__ = ["Explanation", "explain"]
