"""Released cart reminders come in; how many carts in a row, what goes with them and what is truly low go out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from relance.audiences.probes import load_moments
from relance.base.clock import aware_utc
from relance.customers.relations import scratch, view_mark
from relance.engines.texts import compiled
from relance.messages import contexts
from relance.messages.batch import APPROVED, RULE, Batch, Values
from relance.messages.fields import Field
from relance.scenarios.abandons import DAYS, in_a_row
from relance.scenarios.windows import clock_of

FEW, KNOWN_HOURS = 3, 24  # a line speaks of at most so many left, by a count known at most so long ago
COMPANY_FROM, MOST_COMPLEMENTS = 2, 2  # carts in a row from which something more is shown, and how much
_SHELVES = {"probe": "integer", "product": "text", "store": "text"}
_CARTED = {"probe": "integer", "contact": "integer", "product": "text"}


def carts_in_a_row(batch: Batch, _: Field) -> Values:
    """How many carts the contact has left in 90 days without ordering, this one included."""
    if batch.version is None or not batch.rows:
        return {}
    name = batch.version.name
    load_moments(batch.engine, [aware_utc(max(row["at"] for row in batch.rows))], DAYS, batch.place.zone)
    rows = _asked(batch, f"in a row {name}", lambda: in_a_row(name, batch.view, RULE))
    return {row["probe"]: row["in_a_row"] for row in rows}


def with_low_stock(batch: Batch, field: Field) -> Values:
    """The items of the cart; where the field asks for it, those that are truly low with how many are left."""
    items = contexts.supplied(batch, [field]).get(field.name, {})
    if all(inner.name != "low_stock" for inner in field.of):
        return dict(items)
    low = _low(batch, items)
    return {
        probe: [_with(item, low.get((probe, item["product"]))) for item in listed] for probe, listed in items.items()
    }


def complements(batch: Batch, field: Field) -> Values:
    """From the second cart in a row on, at most two products suggested for the contact, and neither had nor left."""
    often = {probe for probe, number in carts_in_a_row(batch, field).items() if number >= COMPANY_FROM}
    asked = [row for row in batch.rows if row["probe"] in often]
    if not asked:
        return {}
    items = contexts.supplied(batch, [Field("items", "list")]).get("items", {})
    left = [
        {"probe": row["probe"], "contact": row["contact"], "product": item["product"]}
        for row in asked
        for item in items.get(row["probe"], [])
    ]
    batch.engine.load("carted", _CARTED, left)
    url = batch.place.settings.brand.url.rstrip("/")
    values: Values = {}
    for row in _asked(batch, "complements", lambda: _suggested(batch)):
        shown = {name: row[name] for name in ("product", "title", "author", "url") if row.get(name)}
        shown.setdefault("url", f"{url}/{row['product']}")
        values.setdefault(row["probe"], []).append(shown)
    return values


def _with(item: dict[str, Any], number: int | None) -> dict[str, Any]:
    return item if number is None else item | {"low_stock": number}


def _low(batch: Batch, items: Values) -> dict[tuple[int, str], int]:
    """By probe and product, of what is few: the last count of the shop that would serve, if it is known and fresh."""
    shops = {contact: row.get("shop") for contact, row in contexts.profiles(batch).items()}
    carts = {row["probe"]: row["store"] for row in _asked(batch, "stores of carts", lambda: _stores(batch))}
    contacts = {row["probe"]: row["contact"] for row in batch.rows}
    shelves = [
        {"probe": probe, "product": item["product"], "store": carts.get(probe) or shops.get(contacts[probe])}
        for probe, listed in items.items()
        for item in listed
    ]
    batch.engine.load("shelves", _SHELVES, shelves)
    rows = _asked(batch, "low stock", lambda: _counted(batch))
    return {(row["probe"], row["product"]): int(row["quantity"]) for row in rows}


def _stores(batch: Batch) -> ir.Table:
    carts = batch.view.facts("carts").select("cart", "store")
    asked = scratch("approved", APPROVED).select("probe", "subject")
    return asked.inner_join(carts, asked["subject"] == carts["cart"]).select("probe", "store")


def _counted(batch: Batch) -> ir.Table:
    shelves, stock, clock = scratch("shelves", _SHELVES), batch.view.facts("product_stock"), clock_of(RULE, "turn")
    stock = stock.select("product", "quantity", "counted_at", "known_at", counted_in=stock["store"])
    stock = stock.join(clock, stock["counted_at"] <= clock["turn"])
    there = [
        shelves["product"] == stock["product"],
        stock["counted_in"].isnull() | (stock["counted_in"] == "") | (stock["counted_in"] == shelves["store"]),
    ]
    rows = shelves.inner_join(stock, there, rname="s_{name}")
    own = (rows["counted_in"] == rows["store"]).fill_null(ibis.literal(False))
    order = [own.desc(), rows["counted_at"].desc(), rows["known_at"].desc()]
    last = ibis.row_number().over(group_by=[rows["probe"], rows["product"]], order_by=order)
    rows = rows.mutate(place=last).filter(ibis._["place"] == 0)
    products = batch.view.facts("products")
    rows = rows.semi_join(products.filter(products["stock_policy"] == "tracked"), "product")
    fresh = rows["known_at"] >= rows["turn"] - ibis.interval(hours=KNOWN_HOURS)
    whole = rows["quantity"] == rows["quantity"].floor()
    few = (rows["quantity"] >= 1) & (rows["quantity"] <= FEW)
    return rows.filter(fresh, whole, few).select("probe", "product", "quantity")


def _suggested(batch: Batch) -> ir.Table:
    view, carted = batch.view, scratch("carted", _CARTED)
    who = carted.select("probe", "contact").distinct()
    rows = view.facts("recommendations").inner_join(who, "contact", rname="w_{name}")
    rows = rows.select("probe", "contact", "product", "rank").anti_join(carted, ["probe", "product"])
    lines = view.facts("order_lines")
    rows = rows.anti_join(lines.filter(lines["valid"]), ["contact", "product"])
    products = view.facts("products")
    shown = products.filter(~products["sensitive"].fill_null(ibis.literal(False)), products["title"].notnull())
    rows = rows.inner_join(shown.select("product", "title", "author", "url", "stock_policy"), "product")
    stock = view.facts("product_stock")
    newest = ibis.row_number().over(group_by=[stock["product"], stock["store"]], order_by=stock["counted_at"].desc())
    stock = stock.mutate(newest=newest).filter(ibis._["newest"] == 0)
    held = stock.group_by("product").agg(held=stock["quantity"].sum())
    out = held.filter(held["held"] <= 0)
    kept = rows.filter(rows["stock_policy"] == "unlimited").union(
        rows.filter(rows["stock_policy"].fill_null("tracked") != "unlimited").anti_join(out, "product")
    )
    place = ibis.row_number().over(group_by=kept["probe"], order_by=[kept["rank"], kept["product"]])
    kept = kept.mutate(place=place).filter(ibis._["place"] < MOST_COMPLEMENTS)
    return kept.order_by("probe", "place")


def _asked(batch: Batch, name: str, build: Callable[[], ir.Table]) -> Sequence[Mapping[str, Any]]:
    return batch.engine.rows(compiled(batch.engine, ("cart fields", name, view_mark(batch.view)), build))
