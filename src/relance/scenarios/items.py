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
from relance.scenarios.triggers import clock_of

_LINES: Mapping[str, str] = {
    "probe": "integer",
    "contact": "integer",
    "line": "text",
    "product": "text",
    "added_at": "instant",
}
_SOLD: Mapping[str, str] = {"order_id": "text", "contact": "integer", "product": "text", "placed_at": "instant"}


def lay_out_lines(engine: Engine, view: View, rule: str, of: str = "cart_lines") -> None:
    """Keeps the lines of the carts or orders at work, and what their contacts bought of the same: few, out of many."""
    marks = (rule, view_mark(view))
    lines = _in_orders if of == "order_lines" else _in_carts
    engine.keep("in_carts", compiled(engine, ("in-carts", of, *marks), lambda: lines(view, rule)))
    engine.keep("sold_again", compiled(engine, ("sold-again", *marks), lambda: _sold(view, rule)))


def left_in_carts(items: Items, view: View, rule: str) -> ir.Table:
    """probe, place (from 1), line, product, added_at: at most `carry` a cart. Needs `lay_out_lines`."""
    rows = scratch("in_carts", _LINES)
    if "bought" in items.drop:
        sold = _bought(view, rule)
        same = [rows["contact"] == sold["contact"], rows["product"] == sold["product"]]
        rows = rows.anti_join(sold, [*same, sold["last_sold"] >= rows["added_at"]])
    if "out_of_stock" in items.drop:
        rows = rows.anti_join(_out_of_stock(view, rule), "product")
    if "reviewed" in items.drop:
        rows = rows.anti_join(_reviewed(view, rule), ["contact", "product"])
    order = [rows["added_at"], rows["line"]]
    rows = rows.mutate(place=ibis.row_number().over(group_by=rows["probe"], order_by=order) + 1)
    return rows.filter(rows["place"] <= items.carry).select("probe", "place", "line", "product", "added_at")


def _in_carts(view: View, rule: str) -> ir.Table:
    work = scratch("work", WORK).select("probe", "contact", "subject")
    lines, clock = view.facts("cart_lines"), _instants(rule)
    lines = lines.semi_join(work, lines["cart"] == work["subject"])
    known = lines.join(clock, [*view.known(lines, clock["clock_known"]), lines["added_at"] <= clock["turn"]])
    known = known.filter(known["removed_at"].isnull() | (known["removed_at"] > known["turn"]))
    known = known.select("cart", "line", "product", "added_at")
    rows = work.join(known, work["subject"] == known["cart"])
    return rows.select(*_LINES)


def _in_orders(view: View, rule: str) -> ir.Table:
    """Lines that stand, each product once an order."""
    work = scratch("work", WORK).select("probe", "contact", "subject")
    lines, clock = view.facts("order_lines"), _instants(rule)
    lines = lines.semi_join(work, lines["order_id"] == work["subject"])
    lines = lines.filter(lines["valid"])
    known = lines.join(clock, view.known(lines, clock["clock_known"]))
    known = known.select("order_id", "line", "product", added_at="placed_at")
    known = known.filter(known["product"].notnull())
    again = ibis.row_number().over(group_by=[known["order_id"], known["product"]], order_by=known["line"])
    known = known.mutate(again=again).filter(ibis._["again"] == 0)
    rows = work.join(known, work["subject"] == known["order_id"])
    return rows.select(*_LINES)


def _reviewed(view: View, rule: str) -> ir.Table:
    """contact, product: who has said what they think of what."""
    wanted, clock = scratch("in_carts", _LINES).select("contact", "product").distinct(), _instants(rule)
    reviews = view.facts("reviews").semi_join(wanted, ["contact", "product"])
    known = reviews.join(clock, [*view.known(reviews, clock["clock_known"]), reviews["reviewed_at"] <= clock["turn"]])
    return known.select("contact", "product").distinct()


def _sold(view: View, rule: str) -> ir.Table:
    inside, clock = scratch("in_carts", _LINES), _instants(rule)
    lines = view.facts("order_lines").semi_join(inside, ["contact", "product"])
    sold = lines.join(clock, [*view.known(lines, clock["clock_known"]), lines["placed_at"] <= clock["turn"]])
    return sold.filter(sold["valid"]).select(*_SOLD)


def _bought(view: View, rule: str) -> ir.Table:
    """contact, product, last_sold: by valid orders only."""
    sold, orders, clock = scratch("sold_again", _SOLD), view.facts("orders"), _instants(rule)
    valid = orders.join(clock, view.known(orders, clock["clock_known"])).filter(ibis._["valid"]).select("order_id")
    bought = sold.inner_join(valid, "order_id")
    return bought.group_by("contact", "product").agg(last_sold=bought["placed_at"].max())


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
