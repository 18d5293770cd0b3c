"""Counts of stock go in; the instants at which a product that had been out came back come out.

The stock of a product is the sum of the last counts of every place. One whose stock is not kept never comes back.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from relance.base.spans import Span
from relance.customers.relations import View
from relance.scenarios.product_starts import Restock
from relance.scenarios.windows import instant_of


def counts(view: View, clock: ir.Table, wanted: ir.Table) -> ir.Table:
    """product, store, counted_at, quantity, known_at of every count of these products that had happened and was
    known, where their stock is kept."""
    counted = known_counts(view.facts("product_stock").semi_join(wanted, "product"), view, clock)
    products = view.facts("products").semi_join(wanted, "product")
    products = products.filter(*view.known(products, instant_of(clock, "known")))
    return counted.anti_join(products.filter(products["stock_policy"].fill_null("tracked") != "tracked"), "product")


def known_counts(rows: ir.Table, view: View, clock: ir.Table) -> ir.Table:
    """The same of rows of `product_stock`, whether or not their stock is kept."""
    rows = rows.filter(*view.known(rows, instant_of(clock, "known")), rows["quantity"].notnull())
    rows = rows.filter(rows["counted_at"] <= instant_of(clock, "turn"))
    return rows.select("product", "counted_at", "quantity", "known_at", store=rows["store"].fill_null(""))


def totals(counted: ir.Table) -> ir.Table:
    """product, counted_at, total, known_at: the stock of a product from each instant at which it was counted."""
    of_place = [counted["product"], counted["store"]]
    before = counted["quantity"].lag().over(group_by=of_place, order_by=counted["counted_at"])
    moved = counted.mutate(change=counted["quantity"] - before.fill_null(0))
    moved = moved.group_by("product", "counted_at").agg(change=moved["change"].sum(), known_at=moved["known_at"].max())
    ever = ibis.cumulative_window(group_by=moved["product"], order_by=moved["counted_at"])
    return moved.select("product", "counted_at", "known_at", total=moved["change"].sum().over(ever))


def restocked(said: Restock, counted: ir.Table) -> ir.Table:
    """product, fact_at, anchor, subject, known_at: each return after having been out for long enough."""
    rows = totals(counted)
    rows = rows.mutate(there=rows["total"] > 0)
    was = rows["there"].lag().over(group_by=rows["product"], order_by=rows["counted_at"])
    turns = rows.mutate(was=was)
    turns = turns.filter(turns["was"].isnull() | (turns["was"] != turns["there"]))
    since = turns["counted_at"].lag().over(group_by=turns["product"], order_by=turns["counted_at"])
    turns = turns.mutate(out_since=since)
    back = turns.filter(turns["there"], turns["counted_at"] >= turns["out_since"] + interval(said.out_for))
    return back.select(
        "product",
        "known_at",
        fact_at="counted_at",
        anchor="counted_at",
        subject=restock_named(back["product"], back["counted_at"]),
    )


def restock_named(product: ir.Value, counted_at: ir.Value) -> ir.Value:
    """What names a restock: the product and the instant of the count."""
    return product + "/" + counted_at.cast("string")


def stock_of(restocks: ir.Table, view: View, clock: ir.Table) -> ir.Table:
    """subject, stock, counted_at, counted_known, out_again for restocks (subject, product, fact_at), as of the turn.

    counted_known: when the last word on the stock became known. out_again: it has been out since it came back.
    """
    rows = totals(counts(view, clock, restocks))
    since = restocks.inner_join(rows, "product", rname="t_{name}").filter(ibis._["counted_at"] >= ibis._["fact_at"])
    return since.group_by("subject").agg(
        stock=since["total"].argmax(since["counted_at"]),
        counted_at=since["counted_at"].max(),
        counted_known=since["known_at"].max(),
        out_again=(since["total"] <= 0).any(),
    )


def interval(span: Span) -> ir.IntervalScalar:
    """So much elapsed time; a day is 24 hours here, for goods know no calendar."""
    return ibis.interval(seconds=int(span.elapsed.total_seconds()) + span.days * 86_400)
