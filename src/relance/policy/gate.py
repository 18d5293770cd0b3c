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
from relance.engines.functions import draw
from relance.policy.consent import consent_of
from relance.scenarios.candidates import CANDIDATES

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


def screened(view: View, settings: Settings) -> ir.Table:
    """Addressed candidates with consent, suppression, cap and draw."""
    rows = scratch("addressed", ADDRESSED)
    clock = scratch("gate_clock", GATE_CLOCK)
    rows = _with_consent(rows, clock, view, len(settings.senders) <= 1)
    rows = _with_suppression(rows, clock, view)
    rows = _with_cap(rows, clock, view, settings)
    return _with_draw(rows, settings)


def addressed(view: View) -> ir.Table:
    """Candidates with the address and the calendar of their contact; columns of ADDRESSED."""
    rows = scratch("candidates", CANDIDATES)
    clock = scratch("gate_clock", GATE_CLOCK)
    return _with_day(_with_address(rows, clock, view), clock, view).select(*ADDRESSED)


def _with_address(rows: ir.Table, clock: ir.Table, view: View) -> ir.Table:
    vault = view.vault("contacts")
    vault = vault.join(clock, view.known(vault, clock["known"]), rname="c_{name}")
    vault = vault.select("contact", "own_id", address=vault["email"].strip().lower())
    joined = rows.left_join(vault, "contact", rname="v_{name}").drop("v_contact")
    empty = joined["address"].isnull() | (joined["address"] == "")
    return joined.mutate(no_address=joined["contact"].notnull() & empty)


def _with_consent(rows: ir.Table, clock: ir.Table, view: View, one_sender: bool) -> ir.Table:
    asked = _asked().filter(ibis._["contact"].notnull())
    return _beside(rows, consent_of(asked, clock, view, one_sender), ("consent_refused", "no_basis"))


def _with_suppression(rows: ir.Table, clock: ir.Table, view: View) -> ir.Table:
    stops = view.facts("suppressions")
    stops = stops.join(
        clock, [*view.known(stops, clock["known"]), stops["happened_at"] <= clock["turn"]], rname="c_{name}"
    )
    stops = stops.filter(stops["lifted_at"].isnull() | (stops["lifted_at"] > stops["turn"]))
    hit = _asked().semi_join(stops, ["contact", "channel"]).select(*_OWN, suppressed=ibis.literal(True))
    return _beside(rows, hit, ("suppressed",))


def _with_day(rows: ir.Table, clock: ir.Table, view: View) -> ir.Table:
    """The contact's own date, and whether its clocks say silence for this channel."""
    contacts = view.facts("contacts")
    contacts = contacts.join(clock, view.known(contacts, clock["known"]), rname="c_{name}")
    homes = contacts.select("contact", zone=contacts["zone"].fill_null(""))
    joined = rows.left_join(homes, "contact", rname="h_{name}").drop("h_contact")
    joined = joined.mutate(zone=joined["zone"].fill_null(""))
    joined = joined.left_join(scratch("zones", ZONES), "zone", rname="z_{name}")
    silent = joined["quiet"].fill_null("").contains("," + joined["channel"] + ",")
    return joined.mutate(quiet_hours=silent & (joined["purpose"] != "transactional"))


def _with_cap(rows: ir.Table, clock: ir.Table, view: View, settings: Settings) -> ir.Table:
    """Reservations and touches of earlier turns, by the contact's own dates."""
    most = settings.pressure.messages
    if most is None:
        return rows.mutate(cap=ibis.literal(False))
    touches = house_touches(clock, view)
    asked = _asked().filter(ibis._["purpose"] == "marketing")
    hits = asked.inner_join(touches, ["contact", "sender"], rname="t_{name}")
    hits = hits.filter(hits["day"] > hits["cap_after"]).group_by(*_OWN).agg(touches=ibis._.count())
    full = hits.filter(hits["touches"] >= most).select(*_OWN, cap=ibis.literal(True))
    return _beside(rows, full, ("cap",))


def house_touches(clock: ir.Table, view: View) -> ir.Table:
    """Marketing messages reserved before the turn and not finally refused; one row a message."""
    made = house_relation("decisions")
    made = made.filter(made["outcome"] == "send", made["purpose"] == "marketing")
    made = made.join(clock, made["at"] < clock["decided_until"], rname="c_{name}")
    made = view.follow(made.select("message_key", "contact", "sender", "day"))
    undone = house_relation("message_states")
    undone = undone.join(clock, undone["at"] <= clock["turn"], rname="c_{name}")
    gone = undone.filter(undone["state"].isin(["refused", "cancelled"]))
    return made.distinct().anti_join(gone, "message_key")


def _with_draw(rows: ir.Table, settings: Settings) -> ir.Table:
    """Held out by the stored draw where there is one, else by the hash; a global holdout is drawn first."""
    stored = house_relation("draws")
    stored = stored.filter(stored["step"] == "holdout").select("contact", rule="scenario", stored_u="u")
    joined = rows.left_join(stored, ["rule", "contact"], rname="d_{name}")
    own = joined["own_id"].fill_null("")
    joined = joined.mutate(
        u=ibis.coalesce(joined["stored_u"], draw(settings.seed, joined["rule"], ibis.literal("holdout"), own)),
        global_u=draw(settings.seed, ibis.literal(""), ibis.literal("holdout"), own),
    )
    held = (joined["u"] < joined["holdout"]) | (joined["global_u"] < settings.global_holdout)
    return joined.mutate(held=held & (joined["purpose"] != "transactional"))


def _asked() -> ir.Table:
    """What lookups need of a candidate; small, because every use of it is written out in the query."""
    rows = scratch("addressed", ADDRESSED)
    return rows.select(*_OWN, "contact", "channel", "purpose", "sender", "cap_after")


def _beside(rows: ir.Table, found: ir.Table, flags: tuple[str, ...]) -> ir.Table:
    joined = rows.left_join(found, list(_OWN), rname="f_{name}").drop("f_rule", "f_probe")
    return joined.mutate(**{flag: joined[flag].fill_null(False) for flag in flags})
