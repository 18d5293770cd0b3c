"""A case goes in; where its message stands in the outbox and what happens next come out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import ibis.expr.types as ir

from relance.base.clock import aware_utc, naive_utc
from relance.base.zones import local_day, to_instant
from relance.customers.relations import scratch
from relance.engines.ledger import OutboxRow
from relance.explaining.case import Case
from relance.explaining.explanation import Evidence, Next, Sending
from relance.explaining.gates import zone_of
from relance.explaining.reading import evidence_row
from relance.explaining.said import NOTHING, Said, same
from relance.explaining.timing import awaited_day
from relance.policy.reasons import readable

_STATES: Mapping[str, Said] = {
    "queued": Said(
        "Dans la boîte d’envoi depuis le {at}, pas encore remis.", "In the outbox since {at}, not handed over yet."
    ),
    "leased": Said("Pris par un expéditeur, en file depuis le {at}.", "Taken up by a sender, queued since {at}."),
    "deferred": Said("Le serveur a demandé d’attendre le {at} ({why}).", "The server asked to wait on {at} ({why})."),
    "handing": Said("En cours de remise depuis le {at}.", "Being handed over since {at}."),
    "accepted": Said("Accepté par le serveur le {at}.", "Accepted by the server on {at}."),
    "refused": Said("Refusé le {at} ({why}).", "Refused on {at} ({why})."),
    "unknown": Said(
        "Interrompu le {at} : personne ne sait s’il est parti.", "Broken off on {at}: nobody knows whether it left."
    ),
    "cancelled": Said("Annulé le {at} avant de partir ({why}).", "Cancelled on {at} before it left ({why})."),
}
_NEXT: Mapping[str, Said] = {
    "once": Said(
        "Rien : cela n’arrive qu’une fois dans la vie d’un contact.",
        "Nothing: this happens once in the life of a contact.",
    ),
    "row": Said(
        "Rien pour cette fois ; le prochain fait de ce genre recommence.",
        "Nothing this time; the next fact of the kind begins again.",
    ),
    "year": Said("Rien cette année ; la prochaine fois l’an prochain.", "Nothing this year; the next time next year."),
    "episode": Said(
        "Rien pour ce panier tant que rien n’y est ajouté.", "Nothing for this cart until something is added to it."
    ),
    "coming": Said(
        "La prochaine fois : dû le {at}, si rien ne l’arrête.", "The next time: due {at}, if nothing stops it."
    ),
    "waiting": Said("L’étape « {step} » le {at}, si rien ne l’arrête.", "Step “{step}” on {at}, if nothing stops it."),
    "event": Said(
        "À l’étape « {step} », dès que ce qu’elle attend est su ; au plus tard le {at}.",
        "At step “{step}”, as soon as what it waits for is known; on {at} at the latest.",
    ),
    "turn": Said("Le prochain tour décide.", "The next turn decides."),
    "due": Said("Demandé le {at}, si tout tient encore.", "Asked on {at}, if all still holds."),
    "due_but": Said(
        "Demandé le {at} ; tel quel, ce serait non, parce que {why}.",
        "Asked on {at}; as things stand it would be no, because {why}.",
    ),
    "feed": Said(
        "Le prochain tour redemande ; après le {at}, ce sera non.",
        "The next turn asks again; after {at} it will be no.",
    ),
    "quiet": Said(
        "Redemandé à la fin de la plage de silence, le {at}.", "Asked again when the quiet hours end, on {at}."
    ),
    "fact": Said("Dès que ce fait sera connu, il sera dû.", "As soon as such a fact is known, it will fall due."),
    "on": Said("Rien tant que le scénario n’est pas en marche.", "Nothing until the scenario is switched on."),
    "past": Said(
        "Rien, sauf un tour demandé exprès pour ceux dont le moment est passé.",
        "Nothing, unless a turn is asked for on purpose for those whose moment has passed.",
    ),
    "outbox": Said(
        "Il part à la prochaine remise, si rien ne l’arrête d’ici là.",
        "It leaves at the next hand-over, if nothing stops it until then.",
    ),
}
_SPAN: Mapping[str, str] = {"after": "instant", "until": "instant"}
_OUTSIDE = {"no_fact": "fact", "not_on": "on", "already_past": "past", "too_old_to_see": "past", "undecided": "turn"}


def sending_of(case: Case) -> Sending | None:
    """The row of the outbox of a decision to send, as it stands today."""
    decision = case.decision
    if decision is None or decision["outcome"] != "send":
        return None
    for side in case.person.sides:
        for row in case.place.ledger.outbox(contact=side):
            key = row.outgoing.key
            own = decision["occurrence"] in (key.occurrence, *row.outgoing.keys)
            if own and (key.scenario, key.step) == (decision["scenario"], decision["step"]):
                return _sending(case, row)
    return None


def next_of(case: Case, outcome: str, why: Said | None, sending: Sending | None) -> Next:
    """What happens next, and when. `why`: what would refuse as things stand."""
    if outcome in _OUTSIDE:
        return Next(_NEXT[_OUTSIDE[outcome]])
    if outcome == "not_due":
        return _not_due(case, why)
    if outcome == "deferred":
        return _deferred(case)
    waiting = _waiting(case)
    if waiting:
        return waiting
    if sending and sending.state in ("queued", "leased", "deferred"):
        return Next(_NEXT["outbox"])
    if case.coming:
        return _at("coming", case, case.coming.due_at)
    return Next(_NEXT[case.version.scenario.occurs])


def _sending(case: Case, row: OutboxRow) -> Sending:
    at = row.retry_at if row.state == "deferred" and row.retry_at else row.updated_at
    said = _STATES[row.state].put(at=case.pen.at(at), why=_reason(row.reason or "?"))
    rows: tuple[Evidence, ...] = ()
    if row.state == "cancelled" and row.reason in (row.outgoing.stops or {}).values():
        rows = tuple(_orders_since(case, row))
    return Sending(row.state, row.reason, at, said, rows)


def _reason(code: str) -> Said:
    words = Said(readable(code, "fr"), readable(code, "en"))
    return Said(words.fr[:1].lower() + words.fr[1:], words.en[:1].lower() + words.en[1:])


def _orders_since(case: Case, row: OutboxRow) -> list[Evidence]:
    """Valid orders that became known after the decision and before the message was cancelled."""
    span = {"after": naive_utc(row.outgoing.created_at), "until": naive_utc(row.updated_at)}
    case.place.engine.load("explained_span", _SPAN, [span])

    def build() -> ir.Table:
        orders, asked = case.view.facts("orders"), scratch("explained_span", _SPAN)
        known = case.view.known(orders, asked["until"])
        fresh = orders.join(asked, [*known, orders["known_at"] > asked["after"]], rname="span_{name}")
        return fresh.filter(fresh["valid"]).order_by("placed_at", "order_id").limit(5)

    return [
        evidence_row(case, "orders", each["order_id"], each["placed_at"], each["known_at"], _money(case, each))
        for each in case.rows("orders-since", build)
    ]


def _money(case: Case, row: Mapping[str, Any]) -> Said:
    return case.pen.money(row["amount"], row["currency"]) if row["amount"] is not None else NOTHING


def _waiting(case: Case) -> Next | None:
    """Where the journey of the decision goes on."""
    own = case.arrival.occurrence if case.arrival else None
    rows = [row for row in case.journeys if row["occurrence"] == own]
    last = max(rows, key=lambda row: (row["at"], row["node"]), default=None)
    if last is None or last["state"] != "waiting":
        return None
    node = case.version.nodes[last["node"]] if last["node"] < len(case.version.nodes) else None
    words = _NEXT["event" if node and node.kind == "event" else "waiting"].put(
        step=same(node.name if node else "?"), at=case.pen.at(last["due_at"])
    )
    return Next(words, aware_utc(last["due_at"]))


def _deferred(case: Case) -> Next:
    reasons = case.decided_reasons
    if "waiting_feed" in reasons and case.arrival:
        day = awaited_day(case, case.turn)
        ends = [to_instant(day, need.deadline, case.place.zone) for need in case.version.scenario.needs]
        return _at("feed", case, min(ends)) if ends else Next(_NEXT["turn"])
    if "quiet_hours" in reasons:
        return _silence_ends(case)
    return Next(_NEXT["turn"])


def _silence_ends(case: Case) -> Next:
    channel = case.node.send.channel if case.node and case.node.send else "email"
    hours = case.place.settings.quiet_hours.get(channel)
    if hours is None:
        return Next(_NEXT["turn"])
    zone = zone_of(case) or case.place.zone
    day = local_day(case.turn, zone)
    ends = (to_instant(day + timedelta(days=later), hours.end, zone) for later in (0, 1))
    return _at("quiet", case, next(end for end in ends if end > case.turn))


def _not_due(case: Case, why: Said | None) -> Next:
    assert case.arrival is not None
    due = case.arrival.due_at
    if why is None:
        return _at("due", case, due)
    words = _NEXT["due_but"].put(at=case.pen.at(due), why=why)
    return Next(words, due)


def _at(name: str, case: Case, at: datetime) -> Next:
    return Next(_NEXT[name].put(at=case.pen.at(at)), at)
