"""Candidates of a turn become outcomes: one row each, whatever happens to it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir

from relance.base.clock import naive_utc
from relance.base.settings import QuietHours, Settings
from relance.base.zones import local_day, offset_spans, to_local
from relance.customers.relations import View, relation, scratch, view_mark
from relance.engines.texts import compiled
from relance.engines.warehouse import Engine
from relance.policy.arbitration import JUDGED, VERDICTS, judged, verdicts
from relance.policy.coupons import COUPONS, with_codes
from relance.policy.gate import ADDRESSED, GATE_CLOCK, ZONES, addressed, screened
from relance.policy.waves import cut_waves
from relance.scenarios.candidates import CANDIDATES
from relance.scenarios.desk import SETTLED
from relance.scenarios.journeys import OUTCOMES
from relance.scenarios.moment import Moment
from relance.scenarios.waves import WAVES

SCREENED = {
    **ADDRESSED,
    "consent_refused": "boolean",
    "no_basis": "boolean",
    "suppressed": "boolean",
    "cap": "boolean",
    "u": "number",
    "held": "boolean",
}
_OFFSETS = {"since": "instant", "until": "instant", "offset": "integer"}


def decide(engine: Engine, view: View, settings: Settings, moment: Moment) -> int:
    """Fills scratch table `outcomes` from `candidates` and `settled`; answers how many there are."""
    if not engine.value(compiled(engine, ("any-candidate",), _any)):
        engine.load("outcomes", OUTCOMES, [])
        return 0
    lay_out_gate(engine, view, settings, moment)
    marks = (view_mark(view), settings.model_dump_json(include={"seed", "pressure", "global_holdout", "senders"}))
    engine.keep("addressed", compiled(engine, ("addressed", *marks), lambda: addressed(view)))
    screen = compiled(engine, ("screened", *marks), lambda: screened(view, settings).select(*SCREENED))
    engine.keep("screened", screen)
    engine.keep("judged", compiled(engine, ("judged",), lambda: judged(scratch("screened", SCREENED))))
    if engine.value(compiled(engine, ("any-wave",), _any_wave)):
        cut_waves(engine)
    if engine.value(compiled(engine, ("any-coupon",), _any_coupon)):
        engine.keep("coded", compiled(engine, ("coded",), lambda: with_codes(scratch("judged", JUDGED))))
        engine.keep("judged", compiled(engine, ("judged-with-codes",), lambda: scratch("coded", JUDGED)))
    engine.keep("verdicts", compiled(engine, ("verdicts",), lambda: verdicts(scratch("judged", JUDGED))))
    return engine.keep("outcomes", compiled(engine, ("outcomes",), _outcomes))


def _outcomes() -> ir.Table:
    turn = scratch("gate_clock", GATE_CLOCK)
    rows = scratch("screened", SCREENED).inner_join(scratch("verdicts", VERDICTS), ["rule", "probe"])
    rows = rows.cross_join(turn.select("turn"))
    decided = rows.mutate(scenario=rows["rule"], at=rows["turn"], due_date=ibis.null("date"))
    settled = scratch("settled", SETTLED).mutate(u=ibis.null("float64"))
    rows = decided.select(*_columns()).union(settled.select(*_columns()))
    return _dated(rows).select(*OUTCOMES)


def _any() -> ir.Table:
    candidates = scratch("candidates", CANDIDATES).select("rule")
    settled = scratch("settled", SETTLED).select(rule="scenario")
    return candidates.union(settled).aggregate(number=ibis._.count())


def _any_wave() -> ir.Table:
    return scratch("waves", WAVES).aggregate(number=ibis._.count())


def _any_coupon() -> ir.Table:
    return scratch("coupon_pools", COUPONS).aggregate(number=ibis._.count())


def _columns() -> tuple[str, ...]:
    return tuple(OUTCOMES)


def _dated(rows: ir.Table) -> ir.Table:
    """The local date of the due time, on the brand's calendar: told once for each instant, and many share one."""
    offsets = scratch("offsets", _OFFSETS)
    decided, settled = scratch("screened", SCREENED), scratch("settled", SETTLED)
    due = decided.select(due="due_at").union(settled.select(due="due_at"), distinct=True)
    joined = due.inner_join(offsets, [due["due"] >= offsets["since"], due["due"] < offsets["until"]])
    local = joined["due"] + joined["offset"].as_interval("s")
    dates = joined.select("due", due_date=local.date())
    return rows.drop("due_date").left_join(dates, rows["due_at"] == dates["due"])


def lay_out_gate(engine: Engine, view: View, settings: Settings, moment: Moment) -> None:
    """Fills the scratch tables of instants and calendars that the gate joins."""
    clock = {
        "turn": naive_utc(moment.turn),
        "known": naive_utc(moment.known_by),
        "decided_until": naive_utc(moment.decided_until),
    }
    engine.load("gate_clock", GATE_CLOCK, [clock])
    spans = offset_spans(moment.zone)
    engine.load("offsets", _OFFSETS, [{"since": s.since, "until": s.until, "offset": s.offset} for s in spans])
    engine.load("zones", ZONES, _zones(engine, view, settings, moment))


def _zones(engine: Engine, view: View, settings: Settings, moment: Moment) -> Iterable[dict[str, Any]]:
    rows = engine.rows(compiled(engine, ("zones", view_mark(view)), lambda: _zone_names(view)))
    names = {row["zone"] or "" for row in rows} | {""}
    return [_zone(name, settings, moment) for name in sorted(names)]


def _zone_names(view: View) -> ir.Table:
    return relation("contacts", view.table("contacts").open_columns).select("zone").distinct()


def _zone(name: str, settings: Settings, moment: Moment) -> dict[str, Any]:
    zone = name or moment.zone
    today = local_day(moment.turn, zone)
    clock = to_local(moment.turn, zone)
    silent = [channel for channel, hours in settings.quiet_hours.items() if _silent(clock, hours)]
    return {
        "zone": name,
        "day": today,
        "cap_after": today - timedelta(days=settings.pressure.days),
        "quiet": "".join(f",{channel}," for channel in silent),
    }


def _silent(clock: datetime, hours: QuietHours) -> bool:
    now = clock.time()
    if hours.start <= hours.end:
        return hours.start <= now < hours.end
    return now >= hours.start or now < hours.end
