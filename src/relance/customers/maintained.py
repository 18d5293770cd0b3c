"""Touched contacts go in; the tables that answer about everyone at once are brought up to date for them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import ibis
import ibis.expr.types as ir

from relance.base.clock import naive_utc
from relance.customers.relations import house_relation, relation, scratch
from relance.customers.schema import PAST
from relance.customers.star import STAR
from relance.customers.tables import BOOKKEEPING, SUPERSEDED
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


# What an import has just done; data, so that the text of the queries serves every import.
_IMPORT = {"source": "integer", "known_at": "instant"}
_TOUCHED = {"contact": "integer"}
_RECURRING = ("recurring_products", "recurring_types")


def refresh_recurring_lines(engine: Engine, filled: Collection[str], source: int, known_at: datetime) -> None:
    """Recomputes `recurring_lines` for the contacts that an import touched: valid lines of products that come round.

    `filled`: tables the import filled. Where it says anew what comes round, everybody is touched who has bought it.
    Call it inside the import's transaction, after all of its rows are in place.
    """
    wanted = {"orders", "order_lines", "refunds", "products", *_RECURRING}
    if not wanted & set(filled) or not _any_recurring(engine):
        return
    engine.load("this_import", _IMPORT, [{"source": source, "known_at": naive_utc(known_at)}])
    everybody = bool({"products", *_RECURRING} & set(filled))
    marks = ("touched-rounds", str(everybody))
    if engine.keep("touched_rounds", compiled(engine, marks, lambda: _touched(everybody))):
        engine.keep("fresh_rounds", compiled(engine, ("fresh-rounds",), _fresh_lines))
        engine.delete("recurring_lines", 'SELECT DISTINCT contact FROM "touched_rounds"', ["contact"])
        engine.insert("recurring_lines", 'SELECT * FROM "fresh_rounds"')


def _any_recurring(engine: Engine) -> bool:
    counts = compiled(engine, ("any-recurring",), lambda: _recurring_products().limit(1))
    kept = compiled(engine, ("any-recurring-line",), lambda: house_relation("recurring_lines").limit(1))
    return bool(engine.rows(counts) or engine.rows(kept))


def _stored(name: str) -> ir.Table:
    return relation(name, (*STAR[name].open_columns, *BOOKKEEPING))


def _recurring_products() -> ir.Table:
    """Products that come round, by their own row or by their category."""
    own, types, products = _stored("recurring_products"), _stored("recurring_types"), _stored("products")
    by_category = products.semi_join(types, products["category"] == types["type"]).select("product")
    return own.select("product").union(by_category).distinct()


def _touched(everybody: bool) -> ir.Table:
    now = scratch("this_import", _IMPORT)
    parts = [_of_import(name, now) for name in ("orders", "order_lines")]
    if everybody:
        parts.append(house_relation("recurring_lines").select("contact"))
        parts.append(_stored("order_lines").semi_join(_recurring_products(), "product").select("contact"))
    touched = ibis.union(*parts, distinct=True)
    return touched.filter(touched["contact"].notnull())


def _of_import(name: str, now: ir.Table) -> ir.Table:
    """Contacts of rows that the import wrote, or whose row it took away."""
    written, gone = _stored(name), relation(name + PAST, (*STAR[name].open_columns, *BOOKKEEPING, SUPERSEDED))
    written = written.semi_join(now, "source").select("contact")
    gone = gone.semi_join(now, gone["superseded_at"] == now["known_at"]).select("contact")
    return written.union(gone)


def _fresh_lines() -> ir.Table:
    touched = scratch("touched_rounds", _TOUCHED)
    lines, orders = _stored("order_lines"), _stored("orders")
    rows = lines.filter(lines["valid"]).semi_join(touched, "contact").semi_join(_recurring_products(), "product")
    rows = rows.semi_join(orders.filter(orders["valid"]), "order_id")
    return rows.select("contact", "order_id", "product", "placed_at", "quantity")
