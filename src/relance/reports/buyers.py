"""Orders as rows to be counted: how many, how much, who comes back, and after how long."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from relance.customers.relations import View
from relance.reports.asking import clock, on_local_day, within
from relance.reports.facts import money, ranked_orders, valid_orders


def orders(view: View) -> ir.Table:
    return valid_orders(view).select("at", value=ibis.literal(1))


def revenue(view: View) -> ir.Table:
    return money(view).select("at", "currency", value="amount")


def average_order(view: View) -> ir.Table:
    """What came and went, and an order counted once."""
    came = revenue(view).mutate(base=ibis.literal(0))
    nothing = ibis.literal(0).cast("decimal(18, 3)")
    placed = valid_orders(view).select("at", "currency", value=nothing, base=ibis.literal(1))
    return came.select("at", "currency", "value", "base").union(placed.select("at", "currency", "value", "base"))


def repeat(view: View) -> ir.Table:
    """One row a buyer of the period, at the first of its orders there."""
    ranked = ranked_orders(view)
    asked = clock().select("until")
    ever = ranked.join(asked, ranked["at"] < asked["until"]).group_by("contact").agg(ever=ibis._.count())
    buyers = within(ranked).group_by("contact").agg(at=ibis._["at"].min())
    rows = buyers.inner_join(ever, "contact", rname="e_{name}")
    return rows.select("at", value=(rows["ever"] >= 2).cast("int64"), base=ibis.literal(1))


def days_to_first(view: View) -> ir.Table:
    """Local dates from sign-up to the first valid order; an order before the sign-up is no answer."""
    ranked = ranked_orders(view)
    first = on_local_day(ranked.filter(ranked["number"] == 0).select("contact", "at"))
    people = view.facts("contacts")
    asked = clock().select("as_of")
    people = people.join(asked, view.known(people, asked["as_of"])).select("contact", "joined_on")
    rows = first.inner_join(people, "contact", rname="p_{name}")
    rows = rows.filter(rows["joined_on"].notnull(), rows["day"] >= rows["joined_on"])
    return rows.select("at", value=rows["day"].delta(rows["joined_on"], unit="day"))


def days_to_second(view: View) -> ir.Table:
    """Local dates from the first valid order to the second."""
    ranked = ranked_orders(view)
    first = on_local_day(ranked.filter(ranked["number"] == 0).select("contact", "at")).select("contact", began="day")
    second = on_local_day(ranked.filter(ranked["number"] == 1).select("contact", "at"))
    rows = second.inner_join(first, "contact", rname="f_{name}")
    return rows.select("at", value=rows["day"].delta(rows["began"], unit="day"))
