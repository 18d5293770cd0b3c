"""What is left in the carts at work: bought products and dead stock are dropped, the rest in order of adding."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from relance.customers.relations import View, scratch
from relance.scenarios.arrivals import WORK
from relance.scenarios.documents import Items
from relance.scenarios.triggers import clock_of


def left_in_carts(items: Items, view: View, rule: str) -> ir.Table:
    """probe, place (from 1), line, product, added_at: at most `carry` a cart."""
    rows = _in_carts(view, rule)
    if "bought" in items.drop:
        rows = rows.anti_join(_bought(rows, view, rule), ["probe", "line"])
    if "out_of_stock" in items.drop:
        rows = rows.anti_join(_out_of_stock(view, rule), "product")
    order = [rows["added_at"], rows["line"]]
    rows = rows.mutate(place=ibis.row_number().over(group_by=rows["probe"], order_by=order) + 1)
    return rows.filter(rows["place"] <= items.carry).select("probe", "place", "line", "product", "added_at")


def _in_carts(view: View, rule: str) -> ir.Table:
    work = scratch("work", WORK).select("probe", "contact", "subject")
    lines = view.facts("cart_lines").drop("contact")
    clock = clock_of(rule)
    known = lines.join(
        clock, [*view.known(lines, clock["known"]), lines["added_at"] <= clock["turn"]], rname="c_{name}"
    )
    known = known.filter(known["removed_at"].isnull() | (known["removed_at"] > known["turn"]))
    rows = work.join(known, work["subject"] == known["cart"])
    return rows.select("probe", "contact", "line", "product", "added_at")


def _bought(rows: ir.Table, view: View, rule: str) -> ir.Table:
    clock = clock_of(rule)
    at_work = scratch("work", WORK).select("contact").distinct()
    lines = view.facts("order_lines").semi_join(at_work, "contact")
    sold = lines.join(
        clock, [*view.known(lines, clock["known"]), lines["placed_at"] <= clock["turn"]], rname="c_{name}"
    )
    orders = view.facts("orders")
    valid = orders.join(clock, view.known(orders, clock["known"]), rname="c_{name}").filter(ibis._["valid"])
    sold = sold.filter(sold["valid"]).semi_join(valid, "order_id").select("contact", "product", "placed_at")
    same = [
        rows["contact"] == sold["contact"],
        rows["product"] == sold["product"],
        sold["placed_at"] >= rows["added_at"],
    ]
    return rows.semi_join(sold, same).select("probe", "line")


def _out_of_stock(view: View, rule: str) -> ir.Table:
    """Products whose stock is kept and whose last known counts, over all places, come to nothing."""
    clock = clock_of(rule)
    counts = view.facts("product_stock")
    counts = counts.join(
        clock, [*view.known(counts, clock["known"]), counts["counted_at"] <= clock["turn"]], rname="c_{name}"
    )
    last = ibis.row_number().over(group_by=[counts["product"], counts["store"]], order_by=counts["counted_at"].desc())
    counts = counts.mutate(last=last)
    counts = counts.filter(counts["last"] == 0)
    stock = counts.group_by("product").agg(quantity=counts["quantity"].sum())
    products = view.facts("products")
    tracked = products.join(clock, view.known(products, clock["known"]), rname="c_{name}")
    tracked = tracked.filter(tracked["stock_policy"].fill_null("tracked") == "tracked").select("product")
    return stock.filter(stock["quantity"] <= 0).semi_join(tracked, "product").select("product")
