"""Touched contacts go in; the tables that answer about everyone at once are brought up to date for them."""

from __future__ import annotations

import ibis.expr.types as ir

from relance.customers.relations import relation, scratch
from relance.customers.star import STAR
from relance.engines.texts import compiled
from relance.engines.warehouse import Engine


def refresh_contact_orders(engine: Engine, touched: str) -> None:
    """Recomputes `contact_orders` for the contacts of a scratch table (column `contact`).

    Number of valid orders, first and last by instant and, where two have the same, by order id. A contact
    without a valid order has no row. Call it inside the import's transaction.
    """
    fresh = compiled(engine, ("contact_orders", touched), lambda: _fresh(touched))
    engine.keep("fresh_contact_orders", fresh)
    engine.delete("contact_orders", f'SELECT DISTINCT contact FROM "{touched}"', ["contact"])
    engine.insert("contact_orders", 'SELECT * FROM "fresh_contact_orders"')


def _fresh(touched: str) -> ir.Table:
    orders = relation("orders", STAR["orders"].open_columns)
    wanted = scratch(touched, {"contact": "integer"})
    rows = orders.filter(orders["valid"], orders["contact"].notnull()).semi_join(wanted, "contact")
    at, named = rows["placed_at"], rows["order_id"]
    made = rows.group_by("contact").aggregate(
        orders=rows.count(),
        first_order=at.min(),
        last_order=at.max(),
        first_order_id=named.first(order_by=[at, named]),
        last_order_id=named.last(order_by=[at, named]),
    )
    return made
