"""What is left in the carts at work: bought products and dead stock are dropped, the rest in order of adding."""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from relance.customers.relations import View, scratch, view_mark
from relance.engines.texts import compiled
from relance.engines.warehouse import Engine
from relance.scenarios.arrivals import WORK
from relance.scenarios.documents import Items
from relance.scenarios.sales import last_sold, lay_out_sales, with_knowledge
from relance.scenarios.triggers import clock_of

_LINES: Mapping[str, str] = {
    "probe": "integer",
    "contact": "integer",
    "line": "text",
    "product": "text",
    "added_at": "instant",
}
_NEAR: Mapping[str, str] = {"subject": "text", "line": "text", "product": "text", "added_at": "instant"}


def lay_out_lines(engine: Engine, view: View, rule: str, items: Items) -> None:
    """Keeps the few lines, sales and orders, out of very many, that `left_in_carts` asks.

    Each large table is looked at once and by its keys alone: what was known when is asked of what is found.
    """
    marks = (items.of, rule, view_mark(view))
    near = _near_orders if items.of == "order_lines" else _near_carts
    engine.keep("lines_near", compiled(engine, ("lines-near", *marks), lambda: near(view)))
    engine.keep("in_carts", compiled(engine, ("in-carts", *marks), lambda: _in_carts(view, rule, items.of)))
    if "bought" in items.drop:
        lay_out_sales(engine, view, "in_carts")


def left_in_carts(items: Items, view: View, rule: str) -> ir.Table:
    """probe, place (from 1), line, product, added_at: at most `carry` a cart. Needs `lay_out_lines`."""
    rows = scratch("in_carts", _LINES)
    if "bought" in items.drop:
        sold = last_sold(view, clock_of(rule, "turn", "known"), "in_carts")
        same = [rows["contact"] == sold["contact"], rows["product"] == sold["product"]]
        rows = rows.anti_join(sold, [*same, sold["sold_at"] >= rows["added_at"]])
    if "out_of_stock" in items.drop:
        rows = rows.anti_join(_out_of_stock(view, rule), "product")
    if "reviewed" in items.drop:
        rows = rows.anti_join(_reviewed(view, rule), ["contact", "product"])
    order = [rows["added_at"], rows["line"]]
    rows = rows.mutate(place=ibis.row_number().over(group_by=rows["probe"], order_by=order) + 1)
    return rows.filter(rows["place"] <= items.carry).select("probe", "place", "line", "product", "added_at")


def _near_carts(view: View) -> ir.Table:
    """Lines of the carts at work that nobody has taken out, whenever they became known."""
    work, lines = scratch("work", WORK), view.facts("cart_lines")
    lines = lines.semi_join(work, lines["cart"] == work["subject"])
    return lines.select(*with_knowledge({}, view), "line", "product", "added_at", "removed_at", subject="cart")


def _near_orders(view: View) -> ir.Table:
    """Lines of the orders at work that stand, whenever they became known."""
    work, lines = scratch("work", WORK), view.facts("order_lines")
    lines = lines.semi_join(work, lines["order_id"] == work["subject"])
    lines = lines.filter(lines["valid"], lines["product"].notnull())
    named = {"subject": lines["order_id"], "added_at": lines["placed_at"], "removed_at": ibis.null("timestamp(6)")}
    return lines.select(*with_knowledge({}, view), "line", "product", **named)


def _in_carts(view: View, rule: str, of: str) -> ir.Table:
    """Of an order each product once."""
    work = scratch("work", WORK).select("probe", "contact", "subject")
    lines, clock = scratch("lines_near", with_knowledge({**_NEAR, "removed_at": "instant"}, view)), _instants(rule)
    known = lines.join(clock, view.known(lines, clock["clock_known"]), rname="clock_{name}")
    if of == "order_lines":
        again = ibis.row_number().over(group_by=[known["subject"], known["product"]], order_by=known["line"])
        known = known.mutate(again=again).filter(ibis._["again"] == 0)
    else:
        known = known.filter(known["added_at"] <= known["turn"])
        known = known.filter(known["removed_at"].isnull() | (known["removed_at"] > known["turn"]))
    return work.join(known.select(*_NEAR), "subject").select(*_LINES)


def _reviewed(view: View, rule: str) -> ir.Table:
    """contact, product: who has said what they think of what."""
    wanted, clock = scratch("in_carts", _LINES).select("contact", "product").distinct(), _instants(rule)
    reviews = view.facts("reviews").semi_join(wanted, ["contact", "product"])
    known = reviews.join(clock, [*view.known(reviews, clock["clock_known"]), reviews["reviewed_at"] <= clock["turn"]])
    return known.select("contact", "product").distinct()


def _out_of_stock(view: View, rule: str) -> ir.Table:
    """Products whose stock is kept and whose last known counts, over all places, come to nothing."""
    clock, wanted = _instants(rule), scratch("in_carts", _LINES).select("product").distinct()
    counts = view.facts("product_stock").semi_join(wanted, "product")
    counts = counts.join(clock, [*view.known(counts, clock["clock_known"]), counts["counted_at"] <= clock["turn"]])
    last = ibis.row_number().over(group_by=[counts["product"], counts["store"]], order_by=counts["counted_at"].desc())
    counts = counts.select("product", "quantity", last=last)
    counts = counts.filter(counts["last"] == 0)
    stock = counts.group_by("product").agg(quantity=counts["quantity"].sum())
    products = view.facts("products").semi_join(wanted, "product")
    tracked = products.join(clock, view.known(products, clock["clock_known"]))
    tracked = tracked.filter(tracked["stock_policy"].fill_null("tracked") == "tracked").select("product")
    return stock.filter(stock["quantity"] <= 0).semi_join(tracked, "product").select("product")


def _instants(rule: str) -> ir.Table:
    """Few columns, for every one is carried through each query that joins them."""
    return clock_of(rule).select("turn", clock_known="known")
