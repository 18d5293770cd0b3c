"""Purchases that come round: each with the local date, how long it lasts, and whether it was bought again since.

A product is recurring by a row of `recurring_products`, or by its category where `recurring_types` has it. What
is bought of one type on one local date is one purchase and lasts interval × quantity days; the reminder is due
some days before it is used up, more for what lasts longer.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from relance.customers.relations import View, house_relation
from relance.scenarios.local_days import with_local_date, with_start_of_day
from relance.scenarios.starts import ComesRound
from relance.scenarios.windows import instant_of

SOON = ":soon"  # the rule of what falls due within the days in which reminders are told together
_THREE_WEEKS, _A_WEEK, _CURVE = 21, 7.0, 0.481


def lead_days(interval: ir.Value) -> ir.Value:
    """Whole days before the end: 7 × (interval / 21) ^ 0.481, halves up, at most half the interval."""
    curve = ibis.literal(_A_WEEK) * (interval.cast("float64") / _THREE_WEEKS).pow(_CURVE)
    rounded = (curve + 0.5).floor().cast("int64")
    return ibis.least(rounded, (interval / 2).floor().cast("int64"))


def recurring(view: View, clock: ir.Table) -> ir.Table:
    """product, type, interval_days as known at the turn; a product's own interval before that of its type."""
    own = _known(view, "recurring_products", clock).select("product", "type", own_days="interval_days")
    types = _known(view, "recurring_types", clock).select("type", type_days="interval_days")
    named = own.left_join(types, "type", rname="t_{name}")
    named = named.select(
        product=named["product"],
        type=ibis.coalesce(named["type"], named["product"]),
        interval_days=ibis.coalesce(named["own_days"], named["type_days"]),
    )
    products = _known(view, "products", clock).select("product", type="category")
    by_category = products.inner_join(types, "type").anti_join(own, "product")
    by_category = by_category.select("product", "type", interval_days="type_days")
    both = named.union(by_category)
    return both.filter(both["interval_days"] > 0)


def purchases(said: ComesRound, view: View, clock: ir.Table, who: ir.Table | None = None) -> ir.Table:
    """contact, type, subject, bought_on, fact_at, fact_day, interval, lead, again, at every local date of a purchase.

    `again`: the type was bought on a later local date. All as happened and known by the clock of one row.
    who: the contacts that are asked about; None for everyone.
    """
    rows = bought_lines(view, clock, who)
    lasts = rows["interval_days"]
    if said.quantity == "counts":
        rows = rows.mutate(lasts=lasts * ibis.greatest(rows["quantity"].fill_null(1).cast("float64"), 1.0))
    else:
        rows = rows.mutate(lasts=lasts.cast("float64"))
    total = rows["lasts"].sum() if said.quantity == "counts" else rows["lasts"].max()
    made = rows.group_by("contact", "type", "bought_on").agg(fact_at=rows["placed_at"].min(), lasts=total)
    made = made.mutate(interval=(made["lasts"] + 0.5).floor().cast("int64"))
    made = made.mutate(
        lead=lead_days(made["interval"]),
        subject=subject_of(made),
        last_on=made["bought_on"].max().over(group_by=[made["contact"], made["type"]]),
    )
    return with_start_of_day(made.mutate(again=made["last_on"] > made["bought_on"]), "bought_on")


def bought_lines(view: View, clock: ir.Table, who: ir.Table | None = None) -> ir.Table:
    """Lines of recurring products: contact, product, type, interval_days, placed_at, bought_on, quantity.

    who: the contacts that are asked about; None for everyone.
    """
    kinds = recurring(view, clock)
    lines = _lines(view, clock, kinds, who)
    lines = lines.filter(lines["contact"].notnull())
    return with_local_date(lines.inner_join(kinds, "product"), "placed_at", "bought_on")


def subject_of(rows: ir.Table) -> ir.Value:
    """What names a purchase among those of one contact: the type and the local date."""
    return rows["type"] + "/" + rows["bought_on"].cast("string")


def round_rows(said: ComesRound, view: View, clock: ir.Table, days: ir.Table) -> ir.Table:
    """Purchases whose reminder falls due on one of these due dates, and whether they were bought again.

    `days`: rows of `due_days`, one a local date, with `unseen` and `soon`.
    """
    rows = purchases(said, view, clock)
    due_date = rows["bought_on"] + (rows["interval"] - rows["lead"]).as_interval("D")
    rows = rows.mutate(due_date=due_date.cast("date"))
    due = rows.inner_join(days, [rows["due_date"] >= days["date_from"], rows["due_date"] <= days["date_until"]])
    due = due.filter(due["due_at"] > due["since"], due["due_at"] <= due["until"])
    return due.mutate(visitor=ibis.literal(""), occurrence=due["subject"], logged_in=ibis.null("boolean"))


def told_together(rows: ir.Table) -> ir.Table:
    """What is due, and what falls due soon for a contact whom something unbought is due for; due with it."""
    due = rows.filter(~rows["soon"])
    leading = due.filter(~due["again"], ~due["unseen"]).group_by("contact").agg(leader=ibis._["due_at"].max())
    company = rows.filter(rows["soon"], ~rows["again"]).inner_join(leading, "contact")
    company = company.drop("due_at").rename(due_at="leader")
    return due.union(company.select(*due.columns))


def _known(view: View, table: str, clock: ir.Table) -> ir.Table:
    rows = view.facts(table)
    return rows.join(clock, view.known(rows, clock["known"]), rname="clock_{name}")


def _lines(view: View, clock: ir.Table, kinds: ir.Table, who: ir.Table | None) -> ir.Table:
    """Valid lines of these products in valid orders, shop and online alike, that had happened and were known."""
    if not (view.history or view.merged):
        kept = _theirs(house_relation("recurring_lines"), who).cross_join(clock.select("turn"))
        return kept.filter(kept["placed_at"] <= kept["turn"]).select("contact", "product", "placed_at", "quantity")
    known = instant_of(clock, "known")
    lines = _theirs(view.facts("order_lines"), who).semi_join(kinds, "product")  # the few of them first
    lines = lines.filter(*view.known(lines, known), lines["placed_at"] <= instant_of(clock, "turn"), lines["valid"])
    orders = view.facts("orders").semi_join(lines, "order_id")
    orders = orders.filter(*view.known(orders, known), orders["valid"])
    return lines.semi_join(orders, "order_id").select("contact", "product", "placed_at", "quantity")


def _theirs(rows: ir.Table, who: ir.Table | None) -> ir.Table:
    return rows if who is None else rows.semi_join(who, "contact")
