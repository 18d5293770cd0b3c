"""Rows at work learn whether their contact may enter again: not too soon after the last time, nor while on the way."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import ibis
import ibis.expr.types as ir

from relance.base.zones import local_day, to_instant
from relance.customers.relations import View, house_relation
from relance.scenarios.arrivals import latest_journeys
from relance.scenarios.documents import Reentry, Scenario
from relance.scenarios.triggers import clock_of

_EVER = datetime(1, 1, 1, tzinfo=UTC)


def entry_since(scenario: Scenario, turn: datetime, zone: str) -> datetime:
    """A first message at or after this instant forbids another entry: N local dates later exactly one may enter."""
    if not isinstance(scenario.reentry, Reentry):
        return _EVER
    first = local_day(turn, zone) - timedelta(days=scenario.reentry.after.days - 1)
    return to_instant(first, time(0, 0), zone)


def with_reentry(rows: ir.Table, scenario: Scenario, view: View, rule: str) -> ir.Table:
    """The rows with `reentry`: written to, or held out, too few local dates before. Needs `entry_since` of each row."""
    if not scenario.limits_reentry:
        return rows.mutate(reentry=ibis.literal(False))
    first = _first_messages(scenario.scenario, view, rule)
    last = first.group_by("contact").agg(last_entry=first["entered_at"].max())
    joined = rows.left_join(last, "contact", rname="entry_{name}")
    again = joined["last_entry"].notnull() & (joined["last_entry"] >= joined["entry_since"])
    return joined.mutate(reentry=joined["entering"] & again)


def with_in_progress(rows: ir.Table, scenario: Scenario, view: View, rule: str) -> ir.Table:
    """The rows with `in_progress`: an earlier occurrence of the contact's own is still on its way."""
    if not scenario.one_at_a_time:
        return rows.mutate(in_progress=ibis.literal(False))
    open_ = latest_journeys(scenario.scenario, rule).filter(ibis._["state"] == "waiting", ibis._["contact"].notnull())
    under_way = view.follow(open_.select("contact")).distinct().mutate(under_way=ibis.literal(True))
    joined = rows.left_join(under_way, "contact", rname="way_{name}")
    return joined.mutate(in_progress=joined["entering"] & joined["under_way"].fill_null(False))


def with_turn_mates(rows: ir.Table, scenario: Scenario) -> ir.Table:
    """Of one contact's journeys that enter in one turn only the first that nothing stops goes; the others re-enter.

    First by due time, fact, and subject. Needs `passing`: nothing but re-entry stands in the way.
    """
    if not (scenario.limits_reentry and scenario.apart_in_a_turn):
        return rows
    goes = rows["entering"] & rows["passing"] & rows["contact"].notnull()
    order = [rows["due_at"], rows["fact_at"], rows["subject"], rows["occurrence"]]
    before = ibis.window(group_by=[rows["contact"]], order_by=order, preceding=(None, 1))
    earlier = goes.cast("int64").sum().over(before).fill_null(0) > 0
    return rows.mutate(reentry=rows["reentry"] | (rows["entering"] & rows["contact"].notnull() & earlier))


def _first_messages(scenario: str, view: View, rule: str) -> ir.Table:
    """contact, entered_at: the first message of each journey, sent or held out, as the turn's own decisions begin."""
    past = house_relation("decisions")
    past = past.filter(past["scenario"] == scenario, past["outcome"].isin(["send", "held_out"]))
    past, clock = past.select("contact", "occurrence", "at"), clock_of(rule, "decided_until")
    past = past.join(clock, past["at"] < clock["decided_until"])
    first = past.group_by("contact", "occurrence").agg(entered_at=past["at"].min())
    return view.follow(first.select("contact", "entered_at"))
