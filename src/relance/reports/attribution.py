"""Orders and clicks come in; each order's message, the last one clicked by a person within five days, goes out."""

# An order has one message or none. Store orders count too: a click and an order meet in the person.

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from relance.customers.relations import View
from relance.reports.asking import on_local_day
from relance.reports.facts import made_decisions, money, reactions, valid_orders

DAYS = 5  # local days that a click looks ahead


def attributed(view: View) -> ir.Table:
    """order_id, scenario, step, of valid orders that a click led to."""
    orders = on_local_day(valid_orders(view).filter(ibis._["contact"].notnull()))
    orders = orders.select("order_id", "contact", "at", placed="local")
    rows = orders.inner_join(_clicks(view), "contact", rname="c_{name}")
    limit = rows["placed"] - ibis.interval(days=DAYS)
    rows = rows.filter(rows["clicked_at"] <= rows["at"], rows["clicked"] >= limit)
    last = ibis.window(group_by=rows["order_id"], order_by=[rows["clicked_at"].desc(), rows["reaction"].desc()])
    rows = rows.mutate(number=ibis.row_number().over(last)).filter(ibis._["number"] == 0)
    return rows.select("order_id", "scenario", "step", "at")


def orders(view: View) -> ir.Table:
    return attributed(view).select("scenario", "step", "at", value=ibis.literal(1))


def revenue(view: View) -> ir.Table:
    """Net of refunds and cancellations known."""
    rows = attributed(view).inner_join(money(view), "order_id", rname="m_{name}")
    return rows.select("scenario", "step", "at", "currency", value="amount")


def _clicks(view: View) -> ir.Table:
    """Clicks of people in messages that a decision sent; tests have none."""
    rows = reactions(view).filter(ibis._["kind"] == "click", ibis._["verdict"] == "human")
    rows = rows.semi_join(made_decisions(view).filter(ibis._["outcome"] == "send"), "message_key")
    rows = on_local_day(rows.mutate(at=rows["happened_at"]))
    return rows.select("contact", "reaction", "scenario", "step", clicked_at="at", clicked="local")
