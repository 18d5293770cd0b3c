"""A trigger is a query over due times: it yields contact, occurrence, due time and the fact behind.

One small interface: `trigger_rows(scenario, view, rule)` joins the facts known at the turn with the rows of
`due_days` for the rule. The kinds are a dict; nothing here knows a scenario by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ibis
import ibis.expr.types as ir

from relance.base.errors import BadDocument
from relance.customers.relations import View, house_relation, scratch
from relance.scenarios.calendar import broadcast_arrivals
from relance.scenarios.calls import call_arrivals
from relance.scenarios.carts import cart_arrivals
from relance.scenarios.documents import Scenario
from relance.scenarios.due import DUE_DAYS, ELSE
from relance.scenarios.fields import Where
from relance.scenarios.lots import lot_arrivals
from relance.scenarios.moves import move_arrivals
from relance.scenarios.price_drops import in_own_money
from relance.scenarios.program import HANDED_TO
from relance.scenarios.rounds import SOON, round_rows
from relance.scenarios.wanting import EVENTS, wanting
from relance.scenarios.where import row_condition
from relance.scenarios.windows import ARRIVALS, CLOCKS, OLD, at_instants, clock_of, due_rows, near, on_dates
from relance.scenarios.zones import with_zone

__all__ = ["ARRIVALS", "CLOCKS", "MOMENTS", "OLD", "TRIGGERS", "clock_of", "trigger_rows"]

# A name for what a trigger may be a date of, besides table.column.
MOMENTS: Mapping[str, tuple[str, str]] = {
    "first_order": ("orders", "first"),
    "last_order": ("orders", "last"),
}


def trigger_rows(scenario: Scenario, view: View, rule: str, *more: str) -> ir.Table:
    """Every (contact, occurrence) due in the rule's window and known by the turn; columns of ARRIVALS, and `more`:
    `unseen`, whether it is due in the window that lies too far back to be seen."""
    return TRIGGERS[scenario.trigger.kind](scenario, view, rule).select(*ARRIVALS, *more)


def _date(scenario: Scenario, view: View, rule: str) -> ir.Table:
    trigger = scenario.trigger.date
    assert trigger is not None
    if trigger.of in MOMENTS:
        facts = _moment(trigger.of, trigger.where or "valid", view, rule)
        return at_instants(_zoned(facts, scenario, view), scenario, rule)
    table_name, _, column = trigger.of.partition(".")
    table = view.table(table_name)
    declared = table.column(column) if column else None
    if declared is None or declared.type not in ("date", "instant"):
        raise BadDocument(f"“{trigger.of}” is not a date: write table.column, first_order or last_order")
    facts = _zoned(_known_rows(table_name, column, trigger.where, view, rule), scenario, view)
    found = _dated(facts, column, declared.type, scenario, rule)
    if trigger.otherwise is None:
        return found
    other = trigger.otherwise.of.partition(".")[2]
    instead = table.column(other)
    if instead is None or instead.type not in ("date", "instant"):
        raise BadDocument(f"“{trigger.otherwise.of}” is not a date of the same rows")
    if declared.personal != instead.personal:
        raise BadDocument(f"{trigger.of} and {trigger.otherwise.of} must both be personal, or neither")
    lacking = _zoned(_known_rows(table_name, other, trigger.where, view, rule, lacking=column), scenario, view)
    late = _dated(lacking, other, instead.type, scenario, rule + ELSE)
    return found.select(*ARRIVALS, "unseen").union(late.select(*ARRIVALS, "unseen"))


def _zoned(facts: ir.Table, scenario: Scenario, view: View) -> ir.Table:
    return facts if scenario.zone == "brand" else with_zone(facts, view, scenario.scenario)


def _dated(facts: ir.Table, column: str, kind: str, scenario: Scenario, rule: str) -> ir.Table:
    if kind == "instant":
        return at_instants(facts.rename(fact_at=column), scenario, rule)
    assert scenario.trigger.date is not None
    return on_dates(facts.rename(fact_date=column), scenario, rule, scenario.trigger.date.yearly)


def _row(scenario: Scenario, view: View, rule: str) -> ir.Table:
    trigger = scenario.trigger.row
    assert trigger is not None
    table = view.table(trigger.table)
    happened = table.happened or "known_at"
    facts = _zoned(_known_rows(trigger.table, happened, trigger.where, view, rule), scenario, view)
    return at_instants(facts.rename(fact_at=happened), scenario, rule)


def _moment(name: str, where: Where, view: View, rule: str) -> ir.Table:
    """The first or last row of each contact that had happened and was known; ties by key."""
    table_name, which = MOMENTS[name]
    table = view.table(table_name)
    if table_name == "orders" and where == "valid" and not (view.history or view.merged):
        return _maintained_moment(which, rule)
    happened = str(table.happened)
    rows = _known_rows(table_name, happened, where, view, rule)
    rows = rows.filter(rows["contact"].notnull(), rows[happened] <= rows["turn"])
    # whose first or last row lies in the window has a row there: the others need no order
    rows = rows.semi_join(near(rows, due_rows(rule), happened), "contact")
    order = [rows[happened], rows["subject"]] if which == "first" else [rows[happened].desc(), rows["subject"].desc()]
    rows = rows.mutate(place=ibis.row_number().over(group_by=rows["contact"], order_by=order))
    return rows.filter(rows["place"] == 0).rename(fact_at=happened)


def _maintained_moment(which: str, rule: str) -> ir.Table:
    kept = house_relation("contact_orders").cross_join(clock_of(rule).select("turn"))
    return kept.select(
        contact=kept["contact"],
        subject=kept[f"{which}_order_id"],
        fact_at=kept[f"{which}_order"],
        visitor=ibis.literal(""),
        logged_in=ibis.null("boolean"),
    ).filter(ibis._["fact_at"].notnull())


def _known_rows(
    table_name: str, column: str, where: Where | None, view: View, rule: str, *, lacking: str | None = None
) -> ir.Table:
    """Rows known at the turn that meet the condition: contact, visitor, subject, logged_in, the column, turn.

    `lacking`: only rows that lack this other column.
    """
    table = view.table(table_name)
    if not table.contact:
        raise BadDocument(f"table “{table_name}” belongs to no contact, so it cannot trigger a scenario")
    rows = view.facts(table_name) if column == "known_at" else view.part_of(table_name, column)
    if lacking is not None:
        rows = rows.filter(rows[lacking].isnull())
    contact = _unmerged(_contact_of(rows, table_name, view), table_name, view)
    rows = contact.filter(row_condition(where, contact, table)) if where else contact
    clock = clock_of(rule, "turn", "known")
    rows = rows.join(clock, view.known(rows, clock["known"]), rname="clock_{name}")
    subject = ibis.literal("/").join([rows[key].cast("string") for key in table.key])
    return rows.select(
        contact=rows["contact"],
        subject=subject,
        visitor=ibis.ifelse(rows["contact"].isnull(), subject, ""),
        logged_in=ibis.null("boolean"),
        turn=rows["turn"],
        **{column: rows[column]},
    )


def _unmerged(rows: ir.Table, table_name: str, view: View) -> ir.Table:
    """A contact that was merged into another is no longer a candidate of its own."""
    if table_name != "contacts" or not view.merged:
        return rows
    return rows.anti_join(view.facts("aliases"), "contact")


def _contact_of(rows: ir.Table, table_name: str, view: View) -> ir.Table:
    """Vault rows of a table hold its key only; their contact is in the open part."""
    if "contact" in rows.columns:
        return rows
    open_rows = view.facts(table_name).select(*view.table(table_name).key, "contact")
    return rows.inner_join(open_rows.distinct(), list(view.table(table_name).key))


def _comes_round(scenario: Scenario, view: View, rule: str) -> ir.Table:
    """Purchases that are nearly used up: `again` says which were bought again since, `soon` which can still wait."""
    assert scenario.trigger.comes_round is not None
    days = scratch("due_days", DUE_DAYS)
    days = days.filter(days["rule"].isin([rule, rule + OLD, rule + SOON]), days["fact_from"] == days["fact_day"])
    named = {"unseen": days["rule"] == rule + OLD, "soon": days["rule"] == rule + SOON}
    days = days.select("date_from", "date_until", "due_at", "since", "until", **named)
    return round_rows(scenario.trigger.comes_round, view, clock_of(rule, "turn", "known"), days)


def _handed_over(scenario: Scenario, view: View, rule: str) -> ir.Table:
    """Journeys of other scenarios that ended in this one's hands; due at once, so at the next turn."""
    rows = house_relation("journeys")
    rows = rows.filter(rows["reason"] == HANDED_TO + scenario.scenario)
    clock = clock_of(rule, "decided_until")
    rows = rows.join(clock, rows["at"] < clock["decided_until"])
    named = ibis.literal("/").join([rows["scenario"], rows["occurrence"]])
    facts = rows.select(
        "contact", "visitor", subject=named, fact_at=rows["at"], logged_in=ibis.null("boolean"), turn=rows["at"]
    )
    return at_instants(view.follow(facts), scenario, rule)


def _of_product(scenario: Scenario, view: View, rule: str) -> ir.Table:
    """Who wants the products that changed; `products.lay_out_events` says which did."""
    assert scenario.trigger.wanted is not None
    clock = clock_of(rule, "turn", "known")
    rows = wanting(scenario.trigger.wanted, scratch("product_events", EVENTS), view, clock)
    return in_own_money(rows, view, clock) if scenario.trigger.price_drop else rows


TRIGGERS: dict[str, Callable[[Scenario, View, str], ir.Table]] = {
    "date": _date,
    "row": _row,
    "quiet": cart_arrivals,
    "comes_round": _comes_round,
    "handed_over": _handed_over,
    "segment": move_arrivals,
    "expiry": lot_arrivals,
    "calendar": broadcast_arrivals,
    "call": call_arrivals,
    **dict.fromkeys(("price_drop", "restock", "comes_back"), _of_product),
}
