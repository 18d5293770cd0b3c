"""The one gate: candidates of all scenarios become verdicts, each with every reason that holds.

Two queries over scratch tables: `screened` computes what each candidate fails by itself, `decided` walks
arbitration, caps and holdout per contact over those that pass. Nothing else may approve a message.
"""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from relance.base.settings import Settings
from relance.customers.relations import View, house_relation, scratch
from relance.policy.consent import consent_of
from relance.scenarios.candidates import CANDIDATES
from relance.scenarios.drawing import with_draw

# One row: the instants that the gate asks about.
GATE_CLOCK: Mapping[str, str] = {"turn": "instant", "known": "instant", "decided_until": "instant"}
# One row per zone of a contact ('' for none): its local date and the channels that keep silent now.
ZONES: Mapping[str, str] = {"zone": "text", "cap_after": "date", "day": "date", "quiet": "text"}

ADDRESSED: Mapping[str, str] = {
    **CANDIDATES,
    "address": "text",
    "own_id": "text",
    "no_address": "boolean",
    "day": "date",
    "cap_after": "date",
    "quiet_hours": "boolean",
}
_OWN = ("rule", "probe")
# Who complained is never written to for marketing or service; their address lives, so what they bought is confirmed.
STILL_ALIVE = ("complaint", "complained", "spam")


def screened(view: View, settings: Settings) -> ir.Table:
    """Addressed candidates with consent, suppression, cap and draw."""
    clock = scratch("gate_clock", GATE_CLOCK)
    asked = _asked().filter(ibis._["contact"].notnull())
    found = {
        ("consent_refused", "no_basis"): consent_of(asked, clock, view, len(settings.senders) <= 1),
        ("suppressed",): _suppressed(clock, view),
        ("cap",): _at_cap(clock, view, settings),
    }
    return with_draw(_beside(scratch("addressed", ADDRESSED), found), settings)


def addressed(view: View) -> ir.Table:
    """Candidates with the address and the calendar of their contact; columns of ADDRESSED."""
    rows = scratch("candidates", CANDIDATES)
    clock = scratch("gate_clock", GATE_CLOCK)
    return _with_day(_with_address(rows, clock, view), clock, view).select(*ADDRESSED)


def _with_address(rows: ir.Table, clock: ir.Table, view: View) -> ir.Table:
    vault, clock = view.vault("contacts"), clock.select("known")
    vault = vault.join(clock, view.known(vault, clock["known"]), rname="c_{name}")
    vault = vault.select("contact", "own_id", "email")
    joined = rows.left_join(vault, "contact", rname="v_{name}").drop("v_contact")
    joined = joined.mutate(address=joined["email"].strip().lower())  # of the few, not of the whole vault
    empty = joined["address"].isnull() | (joined["address"] == "")
    return joined.mutate(no_address=joined["contact"].notnull() & empty)


def _suppressed(clock: ir.Table, view: View) -> ir.Table:
    clock, stops = clock.select("turn", "known"), view.facts("suppressions")
    stops = stops.join(clock, [*view.known(stops, clock["known"]), stops["happened_at"] <= clock["turn"]])
    stops = stops.filter(stops["lifted_at"].isnull() | (stops["lifted_at"] > stops["turn"]))
    alive = stops["reason"].fill_null("").lower().isin(STILL_ALIVE)
    found = _asked().inner_join(stops.select("contact", "channel", alive=alive), ["contact", "channel"])
    found = found.filter(~found["alive"] | (found["purpose"] != "transactional"))
    return found.select(*_OWN, suppressed=ibis.literal(True)).distinct()


def _with_day(rows: ir.Table, clock: ir.Table, view: View) -> ir.Table:
    """The contact's own date, and whether its clocks say silence for this channel."""
    contacts, clock = view.facts("contacts"), clock.select("known")
    contacts = contacts.join(clock, view.known(contacts, clock["known"]), rname="c_{name}")
    homes = contacts.select("contact", zone=contacts["zone"].fill_null(""))
    joined = rows.left_join(homes, "contact", rname="h_{name}").drop("h_contact")
    joined = joined.mutate(zone=joined["zone"].fill_null(""))
    joined = joined.left_join(scratch("zones", ZONES), "zone", rname="z_{name}")
    silent = joined["quiet"].fill_null("").contains("," + joined["channel"] + ",")
    return joined.mutate(quiet_hours=silent & (joined["purpose"] != "transactional"))


def _at_cap(clock: ir.Table, view: View, settings: Settings) -> ir.Table | None:
    """Reservations and touches of earlier turns, by the contact's own dates."""
    most = settings.pressure.messages
    if most is None:
        return None
    touches = house_touches(clock, view)
    asked = _asked().filter(ibis._["purpose"] == "marketing")
    hits = asked.inner_join(touches, ["contact", "sender"], rname="t_{name}")
    hits = hits.filter(hits["day"] > hits["cap_after"]).group_by(*_OWN).agg(touches=ibis._.count())
    return hits.filter(hits["touches"] >= most).select(*_OWN, cap=ibis.literal(True))


def house_touches(clock: ir.Table, view: View) -> ir.Table:
    """Marketing messages reserved before the turn and not finally refused; one row a message."""
    made = house_relation("decisions")
    made = made.filter(made["outcome"] == "send", made["purpose"] == "marketing")
    until = clock.select("decided_until")
    made = made.select("message_key", "contact", "sender", "day", "at")
    made = made.join(until, made["at"] < until["decided_until"])
    made = view.follow(made.select("message_key", "contact", "sender", "day"))
    undone = house_relation("message_states")
    undone = undone.filter(undone["state"].isin(["refused", "cancelled"])).select("message_key", "at")
    turn = clock.select("turn")
    gone = undone.join(turn, undone["at"] <= turn["turn"])
    return made.distinct().anti_join(gone, "message_key")


def _asked() -> ir.Table:
    """What lookups need of a candidate; small, because every use of it is written out in the query."""
    rows = scratch("addressed", ADDRESSED)
    return rows.select(*_OWN, "contact", "channel", "purpose", "sender", "cap_after")


def _beside(rows: ir.Table, found: Mapping[tuple[str, ...], ir.Table | None]) -> ir.Table:
    """The rows with these flags, false where nothing was found; joined at once, so that each column is carried once."""
    joined = rows
    for nth, each in enumerate(found.values()):
        if each is not None:
            joined = joined.left_join(each, list(_OWN), rname=f"f{nth}_{{name}}")
    flags = {
        flag: ibis.literal(False) if each is None else joined[flag].fill_null(False)
        for names, each in found.items()
        for flag in names
    }
    return joined.select(*ADDRESSED, **flags)
