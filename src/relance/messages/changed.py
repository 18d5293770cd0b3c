"""Approved keys about products that changed go in; each product as the message prints it comes out."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from relance.customers.relations import View, scratch
from relance.scenarios.price_drops import prices_of
from relance.scenarios.product_stops import product_in
from relance.scenarios.restocks import counts
from relance.scenarios.windows import clock_of

_SUBJECTS = {
    "probe": "integer",
    "message_key": "text",
    "contact": "integer",
    "subject": "text",
    "fact_at": "instant",
}
_SHOWN = ("title", "author", "publisher", "image_url", "url")


def changed_products(kind: str, view: View, rule: str, prices: ir.Table) -> ir.Table:
    """probe, product, what its page says, and price and currency as of now; one row a product and message.

    kind: of the trigger. prices: product, price, currency in force now. A fallen price adds lowest_30d and price_until,
    a restock the shop that has it. Reads scratch `approved`.
    """
    asked = _asked(kind)
    clock = clock_of(rule, "turn", "known")
    if kind == "price_drop":
        told = prices_of(asked.select("subject").distinct(), view, clock)
        told = told.select(
            "subject",
            "currency",
            "price_until",
            lowest_30d=told["lowest"],
            price=ibis.coalesce(told["price_now"], told["amount"]),
        )
        rows = asked.left_join(told, "subject", rname="told_{name}")
    else:
        rows = asked.left_join(prices, "product", rname="told_{name}")
    if kind == "restock":
        rows = _with_shop(rows, view, clock)
    products = view.facts("products").select("product", *_SHOWN)
    return rows.left_join(products, "product", rname="p_{name}").order_by("probe")


def products_asked(kind: str) -> ir.Table:
    """The products that the approved keys are about."""
    return _asked(kind).select("product").distinct()


def _asked(kind: str) -> ir.Table:
    """probe, contact, subject, product: where a message has two keys of one product, the later one."""
    rows = scratch("approved", _SUBJECTS)
    rows = rows.mutate(product=product_in(kind, rows["subject"]))
    order = [rows["fact_at"].desc(), rows["subject"]]
    place = ibis.row_number().over(group_by=[rows["message_key"], rows["product"]], order_by=order)
    return rows.mutate(place=place).filter(ibis._["place"] == 0).select("probe", "contact", "subject", "product")


def _with_shop(rows: ir.Table, view: View, clock: ir.Table) -> ir.Table:
    """Adds shop_that_has_it: the contact's own where it has the product, else the one that has most of it."""
    counted = counts(view, clock, rows).filter(ibis._["store"] != "")
    last = counted.group_by("product", "store").agg(quantity=counted["quantity"].argmax(counted["counted_at"]))
    stores = view.facts("stores").select("store", "name")
    having = last.filter(last["quantity"] > 0).inner_join(stores, "store")
    own = view.facts("contacts").select("contact", own="store")
    pairs = rows.select("probe", "contact", "product").inner_join(having, "product", rname="h_{name}")
    pairs = pairs.left_join(own, "contact", rname="own_{name}")
    order = [(pairs["store"] == pairs["own"]).fill_null(False).desc(), pairs["quantity"].desc(), pairs["store"]]
    place = ibis.row_number().over(group_by=pairs["probe"], order_by=order)
    first = pairs.mutate(place=place).filter(ibis._["place"] == 0).select("probe", shop_that_has_it="name")
    return rows.left_join(first, "probe", rname="shop_{name}")
