"""Prices that come into force go in; those well below what the product cost in the thirty days before come out.

One currency is one price of a product: a price in another is another price. The reference is the lowest price that
was in force at any instant of the thirty local days before the new row, the one at their start included.
"""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from relance.customers.relations import View
from relance.scenarios.local_days import with_instant, with_wall
from relance.scenarios.product_starts import PriceDrop
from relance.scenarios.windows import instant_of

DAYS = 30
_WHOLE = 10_000  # shares are compared in hundredths of a per cent, so that decimals stay exact


# Prices of a product in a currency, one after another; in_until is null for the last.
PAST: Mapping[str, str] = {
    "product": "text",
    "currency": "text",
    "amount": "decimal",
    "in_from": "instant",
    "in_until": "instant",
}


def price_rows(view: View, clock: ir.Table) -> ir.Table:
    """product, currency (the brand's if not said), amount, fact_at, anchor, subject, known_at of every price known."""
    rows = view.facts("product_prices")
    rows = rows.filter(*view.known(rows, instant_of(clock, "known")), rows["amount"].notnull())
    parts = [rows[name].cast("string") for name in view.table("product_prices").key]
    return rows.select(
        product=rows["product"],
        currency=ibis.coalesce(rows["currency"], ibis.literal(view.currency)),
        amount=rows["amount"],
        fact_at=rows["valid_from"],
        anchor=rows["valid_from"],
        subject=ibis.literal("/").join(parts),
        known_at=rows["known_at"],
    )


def dropped(said: PriceDrop, fresh: ir.Table, past: ir.Table) -> ir.Table:
    """Of fresh prices those that are so far below the lowest; with `lowest` and `short`. past: see `in_force`."""
    rows = with_lowest(fallen(fresh, past), past)
    kept = _WHOLE - round(said.by * _WHOLE)
    exact = {name: rows[name].cast("decimal(38, 3)") for name in ("amount", "lowest")}
    return rows.filter(exact["amount"] * _WHOLE <= exact["lowest"] * kept)


def fallen(fresh: ir.Table, past: ir.Table) -> ir.Table:
    """Of fresh prices those below the one before: nothing else can be a drop, and they are few."""
    before = past.filter(past["in_until"].notnull())
    on = [fresh["product"] == before["product"], fresh["currency"] == before["currency"]]
    return fresh.semi_join(before, [*on, fresh["fact_at"] == before["in_until"], fresh["amount"] < before["amount"]])


def with_lowest(fresh: ir.Table, past: ir.Table) -> ir.Table:
    """Adds `lowest`, the reference, and `short`: the history known is shorter than the thirty days.

    The first price there ever was has no reference, and is left out.
    """
    walls = with_wall(fresh, "fact_at", "wall")
    walls = walls.mutate(wall=walls["wall"] - ibis.interval(days=DAYS))
    begun = with_instant(walls, "wall", "begun_at").drop("wall")
    asked = begun.select("subject", "product", "currency", "fact_at", "begun_at")
    on = [asked["product"] == past["product"], asked["currency"] == past["currency"]]
    pairs = asked.join(past, [*on, past["in_from"] < asked["fact_at"]], rname="past_{name}")
    counts = pairs["in_until"].isnull() | (pairs["in_until"] > pairs["begun_at"])
    found = pairs.group_by("subject").agg(
        lowest=pairs["amount"].min(where=counts),
        short=pairs["in_from"].min() > pairs["begun_at"].max(),
    )
    return begun.inner_join(found, "subject").drop("begun_at")


def in_force(view: View, clock: ir.Table, wanted: ir.Table) -> ir.Table:
    """Columns of PAST for these products."""
    rows = price_rows(view, clock).semi_join(wanted, "product")
    next_one = rows["fact_at"].lead().over(group_by=[rows["product"], rows["currency"]], order_by=rows["fact_at"])
    return rows.select("product", "currency", "amount", in_from=rows["fact_at"], in_until=next_one)


def in_own_money(rows: ir.Table, view: View, clock: ir.Table) -> ir.Table:
    """Of candidates with a currency those whose contact pays in it: that of the last valid order, else the brand's."""
    orders = view.facts("orders").semi_join(rows, "contact")
    orders = orders.join(clock, view.known(orders, clock["known"]), rname="clock_{name}")
    orders = orders.filter(orders["valid"], orders["currency"].notnull(), orders["placed_at"] <= orders["turn"])
    paid = orders.group_by("contact").agg(pays_in=orders["currency"].argmax(orders["placed_at"]))
    joined = rows.left_join(paid, "contact", rname="paid_{name}")
    return joined.filter(joined["currency"] == ibis.coalesce(joined["pays_in"], ibis.literal(view.currency)))


def prices_of(subjects: ir.Table, view: View, clock: ir.Table) -> ir.Table:
    """subject, product, currency, amount, lowest, short, price_now, price_until of the price rows that these subjects
    name, as of the turn. price_until: when a price above `amount` is known to come into force."""
    rows = price_rows(view, clock)
    rows = rows.semi_join(subjects, "subject")
    past = in_force(view, clock, rows)
    told = with_lowest(rows, past)
    now = past.cross_join(clock.select("turn"))
    here = now.filter(now["in_from"] <= now["turn"], now["in_until"].isnull() | (now["in_until"] > now["turn"]))
    here = here.select("product", "currency", price_now="amount")
    told = told.left_join(here, ["product", "currency"], rname="now_{name}")
    later = now.filter(now["in_from"] > now["turn"])
    on = [told["product"] == later["product"], told["currency"] == later["currency"]]
    above = told.join(later, [*on, later["amount"] > told["amount"]], rname="later_{name}")
    ends = above.group_by("subject").agg(price_until=above["in_from"].min())
    told = told.left_join(ends, "subject", rname="ends_{name}")
    return told.select("subject", "product", "currency", "amount", "lowest", "short", "price_now", "price_until")
