"""A reading goes in; what each gate between the conditions and the outbox found comes out, with its rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import ibis.expr.types as ir

from relance.base.clock import aware_utc, naive_utc
from relance.base.ids import draw
from relance.base.zones import to_local
from relance.customers.relations import View, house_relation, scratch
from relance.explaining.case import Case
from relance.explaining.explanation import Evidence, Seen
from relance.explaining.found import Found
from relance.explaining.reading import Reading, evidence_row
from relance.explaining.said import Said, listed, same
from relance.policy.consent import acts_on
from relance.policy.gate import ADDRESSED, GATE_CLOCK, house_touches

_NO_MESSAGE = Found(None, Seen(Said("aucun message à cette étape", "no message at this step")), fixed=True)
_IN_ITS_TURN = Found(None, Seen(Said("demandé au tour qui décide", "asked by the turn that decides")), fixed=True)
_ASKS_NOTHING = Said("ce genre de message ne le demande pas", "this kind of message does not ask")
_LAST_ACTS = 3


def address(reading: Reading) -> Found:
    """The address, with when it became known."""
    if "no_address" not in reading.flags:
        return _NO_MESSAGE
    case = reading.case
    found = case.rows("address", lambda: _as_known(case.view, case.view.vault("contacts")).select("email", "known_at"))
    rows = [
        evidence_row(case, "contacts", case.person.own_id, None, row["known_at"], same(row["email"]))
        for row in found
        if row["email"]
    ]
    shown = same(reading.address) if reading.address else Said("aucune", "none")
    return Found(bool(reading.flags["no_address"]), Seen(shown, reading.address, tuple(rows)))


def consent(reading: Reading, flag: str) -> Found:
    """`consent_refused` or `no_basis`, with the last acts that speak of this message."""
    if flag not in reading.flags:
        return _NO_MESSAGE
    purpose = reading.case.version.scenario.purpose
    if purpose == "transactional" or (purpose == "service" and flag == "no_basis"):
        return Found(None, Seen(_ASKS_NOTHING), fixed=True)
    acts = _acts(reading)
    last = _spoken(reading.case, acts[0]) if acts else Said("aucun acte connu", "no act known")
    return Found(bool(reading.flags[flag]), Seen(last, acts[0].value if acts else None, tuple(acts)))


def suppression(reading: Reading) -> Found:
    """Whether the address is set aside, and why."""
    if "suppressed" not in reading.flags:
        return _NO_MESSAGE
    if not reading.flags["suppressed"]:
        return Found(False, Seen(Said("ne l’est pas", "it is not"), False))
    case = reading.case
    rows = case.rows("suppressions", lambda: _as_known(case.view, case.view.facts("suppressions")))
    shown = tuple(
        evidence_row(case, "suppressions", row["channel"], row["happened_at"], row["known_at"], same(row["reason"]))
        for row in rows
    )
    return Found(True, Seen(listed([same(row["reason"]) for row in rows]), True, shown))


def coupon(reading: Reading) -> Found | None:
    """The pool of which the message prints a code, and what it still had; None where it prints none."""
    case, node = reading.case, reading.case.node
    if node is None or node.send is None or node.send.coupon is None:
        return None
    pool, gone = node.send.coupon, "no_coupon" in case.decided_reasons
    words = (
        Said("réserve « {pool} » : plus aucun, d’autres étaient là avant", "pool “{pool}”: none, others came before")
        if gone
        else Said("réserve « {pool} »", "pool “{pool}”")
    )
    return Found(gone if case.decision else None, Seen(words.put(pool=same(pool)), pool), fixed=True)


def quiet_hours(reading: Reading) -> Found | None:
    """The contact's clock beside the hours of silence; None where the channel has none."""
    case, node = reading.case, reading.case.node
    channel = node.send.channel if node and node.send else "email"
    hours = case.place.settings.quiet_hours.get(channel)
    if hours is None or "quiet_hours" not in reading.flags:
        return None
    zone = zone_of(case) or case.place.zone
    clock = to_local(case.turn, zone).time()
    words = Said(
        f"{clock:%H:%M} chez ce contact ({zone}), silence de {hours.start:%H:%M} à {hours.end:%H:%M}",
        f"{clock:%H:%M} where they live ({zone}), silence from {hours.start:%H:%M} to {hours.end:%H:%M}",
    )
    return Found(bool(reading.flags["quiet_hours"]), Seen(words, f"{clock:%H:%M}"))


def same_address(reading: Reading) -> Found:
    """Who kept the address, where another contact of the same turn did."""
    case = reading.case
    if case.decision is None or "no_address" not in reading.flags:
        return _IN_ITS_TURN if "no_address" in reading.flags else _NO_MESSAGE
    if "same_address" not in case.decided_reasons:
        return Found(False, Seen(Said("personne d’autre ce tour-là", "nobody else in that turn")), fixed=True)
    keeper = _keeper(reading)
    shown = same(keeper["own_id"]) if keeper else Said("un autre contact", "another contact")
    words = Said("gardée par le contact {who}", "kept by contact {who}").put(who=shown)
    return Found(True, Seen(words, keeper["own_id"] if keeper else None), fixed=True)


def lost(reading: Reading) -> Found:
    """To which scenario the contact's message of that turn went."""
    case = reading.case
    if case.decision is None or "cap" not in reading.flags:
        return _IN_ITS_TURN if "cap" in reading.flags else _NO_MESSAGE
    winner = case.decision["lost_to"]
    if not winner:
        return Found(False, Seen(Said("aucun autre ce tour-là", "no other in that turn")), fixed=True)
    turn = case.decision["at"]
    row = evidence_row(case, "decisions", winner, turn, None)
    words = Said("« {who} » est parti à sa place", "“{who}” went instead").put(who=same(winner))
    return Found(True, Seen(words, winner, (row,)), fixed=True)


def cap(reading: Reading) -> Found:
    """The messages that count, with their dates."""
    most = reading.case.place.settings.pressure.messages
    if "cap" not in reading.flags:
        return _NO_MESSAGE
    if reading.case.version.scenario.purpose != "marketing":
        return Found(None, Seen(_ASKS_NOTHING), fixed=True)
    if most is None:
        return Found(False, Seen(Said("aucune limite", "no limit")), fixed=True)
    rows = tuple(_touches(reading))
    number = reading.case.pen.number(len(rows))
    return Found(bool(reading.flags["cap"]), Seen(number, len(rows), rows), fixed=True)


def holdout(reading: Reading) -> Found:
    """The draw beside the share; said only of those who passed all else (the caller sees to that)."""
    case = reading.case
    if "held" not in reading.flags:
        return _NO_MESSAGE
    if case.version.scenario.purpose == "transactional":
        return Found(None, Seen(_ASKS_NOTHING), fixed=True)
    u, share = float(reading.flags["u"]), float(case.version.scenario.holdout)
    parts = [_draw(case, u, share)]
    marketing = case.version.scenario.purpose == "marketing"
    everywhere = case.place.settings.global_holdout if marketing else 0.0
    if not share and not everywhere:
        return Found(False, Seen(Said("il n’y en a pas", "there is none")), fixed=True)
    if everywhere:
        own = draw(case.place.settings.seed, "", "holdout", str(reading.flags["own_id"] or ""))
        parts.append(
            Said("pour tous les scénarios, {draw}", "for all scenarios, {draw}").put(draw=_draw(case, own, everywhere))
        )
    value = {"u": u, "share": share, "global_share": everywhere}
    return Found(bool(reading.flags["held"]), Seen(listed(parts, " ; "), value), fixed=True)


def _draw(case: Case, u: float, share: float) -> Said:
    words = Said("tirage {u}, témoin au-dessous de {share}", "draw {u}, held out below {share}")
    return words.put(u=case.pen.number(u, 4), share=case.pen.number(share, 4))


def _as_known(view: View, rows: ir.Table) -> ir.Table:
    """The versions that the gate knew."""
    clock = scratch("gate_clock", GATE_CLOCK).select(gate_known="known")
    return rows.join(clock, view.known(rows, clock["gate_known"])).drop("gate_known")


def _acts(reading: Reading) -> list[Evidence]:
    case = reading.case
    one_sender = len(case.place.settings.senders) <= 1

    def build() -> ir.Table:
        acts = acts_on(scratch("addressed", ADDRESSED), scratch("gate_clock", GATE_CLOCK), case.view, one_sender)
        return acts.order_by([acts["happened_at"].desc(), acts["act_id"]]).limit(_LAST_ACTS)

    return [_act(case, row) for row in case.rows("acts", build, str(one_sender))]


_ACTS: Mapping[str, Said] = {
    "granted": Said("accord", "agreed"),
    "denied": Said("refus", "refused"),
    "opt_out": Said("refus de tout", "opted out of everything"),
}


def _spoken(case: Case, act: Evidence) -> Said:
    words = _ACTS.get(str(act.value), same(act.value))
    at = case.pen.at(act.happened_at) if act.happened_at else same("?")
    return Said("{act} du {at}", "{act} {at}").put(act=words, at=at)


def _act(case: Case, row: Mapping[str, Any]) -> Evidence:
    words = _ACTS.get(row["act"], same(row["act"]))
    scope = "/".join(str(row[name]) for name in ("channel", "purpose", "sender"))
    said = Said(f"{words.fr}, {scope}", f"{words.en}, {scope}")
    if row["expires_at"]:
        until = Said("jusqu’au {day}", "until {day}").put(day=case.pen.at(row["expires_at"]))
        said = listed([said, until])
    return evidence_row(case, "consent_acts", row["act_id"], row["happened_at"], row["known_at"], said, row["act"])


def zone_of(case: Case) -> str | None:
    """The contact's own zone, as the gate knew it."""
    found = case.rows("zone", lambda: _as_known(case.view, case.view.facts("contacts")).select("zone"))
    return found[0]["zone"] if found else None


def _touches(reading: Reading) -> Iterable[Evidence]:
    """Messages of earlier turns that count: their scenario and local date."""
    pen = reading.case.pen
    for row in reading.case.rows("touches", lambda: _touch_rows(reading.case.view)):
        said = Said("le {day} ({what})", "{day} ({what})").put(day=pen.day(row["day"]), what=same(row["scenario"]))
        yield Evidence("touches", row["message_key"], aware_utc(row["at"]), aware_utc(row["at"]), row["day"], said)


def _touch_rows(view: View) -> ir.Table:
    asked = scratch("addressed", ADDRESSED).select("contact", "sender", "cap_after")
    touches = house_touches(scratch("gate_clock", GATE_CLOCK), view)
    made = house_relation("decisions").select("message_key", "scenario", "at").distinct()
    rows = touches.inner_join(asked, ["contact", "sender"], rname="a_{name}")
    rows = rows.filter(rows["day"] > rows["cap_after"]).inner_join(made, "message_key", rname="m_{name}")
    return rows.order_by("at", "scenario")


def _keeper(reading: Reading) -> Mapping[str, Any] | None:
    """The first contact by id, of those decided with this one, that had the same address."""
    case = reading.case
    assert case.decision is not None
    rows = house_relation("decisions")
    rows = rows.filter(rows["at"] == naive_utc(case.turn), rows["scenario"] == case.version.name)
    rows = rows.filter(rows["step"] == case.decision["step"], rows["contact"] != case.person.contact)
    rows = rows.filter(rows["outcome"].isin(["send", "held_out"]) | rows["reason"].isin(["lost", "cap", "holdout"]))
    vault = _as_known(case.view, View(case.view.tables, history=True).vault("contacts"))
    vault = vault.filter(vault["email"].strip().lower() == reading.address)
    people = vault.semi_join(rows, "contact").select("own_id", "contact").order_by("own_id")
    found = case.place.engine.rows(people)
    return found[0] if found else None
