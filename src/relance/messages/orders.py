"""Approved messages about an order learn what it holds, its total, and where it waits."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import ibis.expr.types as ir

from relance.base.zones import local_day
from relance.customers.relations import View, scratch
from relance.messages.batch import APPROVED, RULE, Batch, Values, asked
from relance.messages.fields import Field
from relance.scenarios.documents import Items
from relance.scenarios.items import lay_out_lines, left_in_carts

COLLECTED = ("pickup", "pick_up", "collect", "click_and_collect", "store_pickup")
PAGE = ("title", "author", "publisher", "image_url", "url")
"""What the page of a product says of it, as far as messages tell it."""


def ordered_on(batch: Batch, _: Field) -> Values:
    """The local date of the order behind; of the fact where it is about no order."""
    placed = {row["probe"]: row["placed_at"] for row in _orders(batch)}
    days = ((row["probe"], placed.get(row["probe"]) or row["fact_at"]) for row in batch.rows)
    return {probe: local_day(at.replace(tzinfo=UTC), batch.place.zone) for probe, at in days}


def order_number(batch: Batch, _: Field) -> Values:
    """As the shop numbers it."""
    return {row["probe"]: row["order_id"] for row in _orders(batch)}


def total(batch: Batch, _: Field) -> Values:
    """What the order came to."""
    return {row["probe"]: row["amount"] for row in _orders(batch) if row["amount"] is not None}


def currency(batch: Batch, _: Field) -> Values:
    """In which currency."""
    return {row["probe"]: row["currency"] for row in _orders(batch) if row["currency"]}


def collect_at(batch: Batch, _: Field) -> Values:
    """Name and address of the shop where an order waits to be collected; nothing where it is delivered."""
    found = [row for row in _orders(batch) if (row["channel"] or "").lower() in COLLECTED and row["store_name"]]
    return {row["probe"]: ", ".join(filter(None, (row["store_name"], row["address"], row["city"]))) for row in found}


def lines(batch: Batch, _: Field) -> Values:
    """The lines of the order; of those the ones that the scenario still wants to show, where it says so."""
    items = batch.version.scenario.items if batch.version else None
    if items and items.of == "order_lines":
        return _lines_left(batch, items)
    values: Values = {}
    for row in asked(batch, "order lines", lambda: _order_lines(batch.view)):
        values.setdefault(row["probe"], []).append(_line(row, batch))
    return values


def _lines_left(batch: Batch, items: Items) -> Values:
    lay_out_lines(batch.engine, batch.view, RULE, items)
    values: Values = {}
    for row in asked(batch, f"lines left {items!r}", lambda: _products_left(items, batch.view)):
        values.setdefault(row["probe"], []).append(_line(row, batch))
    return values


def _line(row: dict[str, Any], batch: Batch) -> dict[str, Any]:
    kept = {name: row[name] for name in (*PAGE, "quantity", "amount", "currency") if row.get(name)}
    kept.setdefault("title", row["product"])
    kept.setdefault("url", f"{batch.place.settings.brand.url.rstrip('/')}/{row['product']}")
    return kept


def _orders(batch: Batch) -> list[dict[str, Any]]:
    return asked(batch, "orders behind", lambda: _order_rows(batch.view))


def _order_rows(view: View) -> ir.Table:
    wanted = scratch("approved", APPROVED).select("probe", "subject")
    orders = view.facts("orders").select("order_id", "placed_at", "channel", "store", "currency", "amount")
    rows = wanted.inner_join(orders, wanted["subject"] == orders["order_id"])
    stores = view.facts("stores").select("store", "address", "city", store_name="name")
    return rows.left_join(stores, "store", rname="s_{name}")


def _order_lines(view: View) -> ir.Table:
    wanted = scratch("approved", APPROVED).select("probe", "subject")
    said = view.facts("order_lines").filter(lambda row: row["valid"] & row["product"].notnull())
    said = said.select("order_id", "line", "product", "quantity", "amount", "currency")
    rows = wanted.inner_join(said, wanted["subject"] == said["order_id"])
    return rows.left_join(_titles(view), "product", rname="p_{name}").order_by("probe", "line")


def _products_left(items: Items, view: View) -> ir.Table:
    rows = left_in_carts(items, view, RULE)
    return rows.left_join(_titles(view), "product", rname="p_{name}").order_by("probe", "place")


def _titles(view: View) -> ir.Table:
    return view.facts("products").select("product", *PAGE)


def basis(batch: Batch, _: Field) -> Values:
    """The basis of the act of consent behind, where the message is about one."""
    return {row["probe"]: row["basis"] for row in asked(batch, "basis", lambda: _basis(batch.view)) if row["basis"]}


def _basis(view: View) -> ir.Table:
    wanted = scratch("approved", APPROVED).select("probe", "subject")
    acts = view.facts("consent_acts").select("act_id", "basis")
    return wanted.inner_join(acts, wanted["subject"] == acts["act_id"]).select("probe", "basis")
