"""Approved messages become the plain values that they print: who, which shop, and each declared field."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from typing import Any

import ibis
import ibis.expr.types as ir

from relance.base.clock import aware_utc
from relance.base.zones import local_day
from relance.customers.relations import View, scratch
from relance.messages import orders
from relance.messages.batch import APPROVED, RULE, Batch, Values, asked
from relance.messages.changed import changed_products, products_asked
from relance.messages.fields import Field
from relance.policy.consent import acts_on
from relance.scenarios.documents import Items
from relance.scenarios.items import lay_out_lines, left_in_carts
from relance.scenarios.rounds import bought_lines, subject_of
from relance.scenarios.triggers import clock_of

_PRINTED = ("product", *orders.PAGE, "price", "currency")


def profiles(batch: Batch) -> dict[int, dict[str, Any]]:
    """Per contact: address, first name, language, and the shop that speaks to them."""
    return {row["contact"]: row for row in asked(batch, "profiles", lambda: _profiles(batch.view))}


def consents(batch: Batch) -> Values:
    """Since which local date each contact has agreed, where a consent of their own and not a basis says so."""
    return agreements(batch)[0]


def agreements(batch: Batch) -> tuple[Values, Values]:
    """As `consents`; and until which instant each may be written to, where only an implied basis says that we may."""
    one_sender = len(batch.place.settings.senders) <= 1
    rows = asked(batch, f"agreements {one_sender}", lambda: _agreed(batch.view, one_sender))
    since = {row["probe"]: row["since"].replace(tzinfo=UTC) for row in rows if row["since"]}
    until = {row["probe"]: row["until"].replace(tzinfo=UTC) for row in rows if row["until"] and not row["lasting"]}
    return {probe: local_day(at, batch.place.zone) for probe, at in since.items()}, until


def _agreed(view: View, one_sender: bool) -> ir.Table:
    """The earliest consent of their own that no later refusal has ended; the last end of those that end."""
    standing = _standing(view, one_sender)
    own = standing["basis"].fill_null("optin").isin(["", "optin", "express"])
    return standing.group_by("probe").agg(
        since=standing["happened_at"].min(where=own),
        until=standing["expires_at"].max(),
        lasting=standing["expires_at"].isnull().any(),
    )


def _standing(view: View, one_sender: bool) -> ir.Table:
    """Consents that no later refusal has ended."""
    asked = scratch("approved", APPROVED).mutate(rule=ibis.literal(RULE))
    acts = acts_on(asked, clock_of(RULE), view, one_sender)
    denied = acts["happened_at"].max(where=acts["act"].isin(["denied", "opt_out"]))
    acts = acts.mutate(denied_at=denied.over(group_by=acts["probe"]))
    return acts.filter(acts["act"] == "granted", ~(acts["happened_at"] <= acts["denied_at"]).fill_null(False))


def supplied(batch: Batch, fields: Sequence[Field]) -> Mapping[str, Values]:
    """For each declared field that somebody here can fill, its value by probe."""
    return {field.name: supplier(batch, field) for field in fields if (supplier := _supplier(batch, field))}


def _supplier(batch: Batch, field: Field) -> Callable[[Batch, Field], Values] | None:
    if field.name in SUPPLIERS:
        return SUPPLIERS[field.name]
    table = batch.view.tables.get(field.name)
    return _own_rows if table is not None and table.contact and field.kind == "list" else None


def _profiles(view: View) -> ir.Table:
    asked = scratch("approved", APPROVED).select("contact").distinct()
    vault = view.vault("contacts").select("contact", "email", "first_name", "own_id")
    facts = view.facts("contacts").select("contact", "language", chosen="store")
    rows = asked.left_join(vault, "contact").drop("contact_right").left_join(facts, "contact").drop("contact_right")
    last = _last_shop(view, asked)
    rows = rows.left_join(last, "contact").drop("contact_right")
    stores = view.facts("stores")
    stores = stores.select(
        shop="store",
        shop_name="name",
        shop_phone="phone",
        shop_hours="hours",
        shop_address=ibis.literal(", ").join(
            [stores[part].fill_null("") for part in ("address", "city", "province", "postal_code")]
        ),
    )
    rows = rows.mutate(shop_key=ibis.coalesce(rows["chosen"], rows["last_store"]))
    return rows.left_join(stores, rows["shop_key"] == stores["shop"])


def _last_shop(view: View, asked: ir.Table) -> ir.Table:
    """The shop of the last valid order, where one is named."""
    orders = view.facts("orders")
    orders = orders.filter(orders["valid"], orders["store"].notnull()).semi_join(asked, "contact")
    order = [orders["placed_at"].desc(), orders["order_id"].desc()]
    place = ibis.row_number().over(group_by=orders["contact"], order_by=order)
    return orders.mutate(place=place).filter(ibis._["place"] == 0).select("contact", last_store="store")


def _product(batch: Batch, _: Field) -> Values:
    """The title of what weighs most in the order behind."""
    found = asked(batch, "product", lambda: _titles(batch.view))
    return {row["probe"]: row["title"] for row in found if row["title"]}


def _titles(view: View) -> ir.Table:
    asked = scratch("approved", APPROVED).select("probe", "subject")
    lines = view.facts("order_lines")
    lines = lines.filter(lines["valid"]).select("order_id", "line", "product", "amount")
    titles = view.facts("products").select("product", "title")
    rows = asked.inner_join(lines, asked["subject"] == lines["order_id"]).inner_join(titles, "product")
    order = [rows["amount"].desc(), rows["line"]]
    rows = rows.mutate(place=ibis.row_number().over(group_by=rows["probe"], order_by=order))
    return rows.filter(rows["place"] == 0).select("probe", "title")


def _fact_date(batch: Batch, _: Field) -> Values:
    return {row["probe"]: local_day(row["fact_at"].replace(tzinfo=UTC), batch.place.zone) for row in batch.rows}


def _cart_url(batch: Batch, _: Field) -> Values:
    base = (batch.place.settings.brand.cart_url or batch.place.settings.brand.url).rstrip("/")
    return {row["probe"]: base for row in batch.rows}


def _items(batch: Batch, _: Field) -> Values:
    """What is left in the cart now, or what comes round, with what the page of the product says."""
    if batch.version and batch.version.scenario.trigger.comes_round:
        return _coming_round(batch)
    if batch.version and batch.version.scenario.trigger.wanted:
        return _changed(batch, batch.version.scenario.trigger.kind)
    items = (batch.version and batch.version.scenario.items) or Items()
    lay_out_lines(batch.engine, batch.view, RULE, items)
    values: Values = {}
    for row in asked(batch, f"items {items!r}", lambda: _products_left(items, batch.view)):
        values.setdefault(row["probe"], []).append(_item(row, batch))
    return values


def _changed(batch: Batch, kind: str) -> Values:
    """The products that became cheaper, or are there again; `good_until` says until when the price holds."""

    def build() -> ir.Table:
        prices = _prices(products_asked(kind), batch.view)
        return changed_products(kind, batch.view, RULE, prices)

    values: Values = {}
    for row in asked(batch, f"changed {kind}", build):
        said = {name: row[name] for name in ("lowest_30d", "shop_that_has_it") if row.get(name)}
        if row.get("price_until"):
            said["good_until"] = aware_utc(row["price_until"]).isoformat()
        values.setdefault(row["probe"], []).append(_item(row, batch) | said)
    return values


def _coming_round(batch: Batch) -> Values:
    """The products of each purchase, when they were bought, and the shop's advice about them."""
    values: Values = {}
    for row in asked(batch, "coming round", lambda: _products_bought(batch.view)):
        said = {name: row[name] for name in ("advice_fr", "advice_en") if row[name]}
        values.setdefault(row["probe"], []).append(_item(row, batch) | said | {"last_on": row["bought_on"]})
    return values


def _products_bought(view: View) -> ir.Table:
    asked = scratch("approved", APPROVED).select("probe", "contact", "subject")
    lines = bought_lines(view, clock_of(RULE, "turn", "known"))
    lines = lines.mutate(subject=subject_of(lines)).select("contact", "subject", "type", "product", "bought_on")
    rows = asked.inner_join(lines.distinct(), ["contact", "subject"])
    products = view.facts("products").select("product", *orders.PAGE)
    rows = rows.left_join(products, "product", rname="p_{name}")
    own = view.facts("recurring_products").select("product", own_fr="advice_fr", own_en="advice_en")
    types = view.facts("recurring_types").select("type", type_fr="advice_fr", type_en="advice_en")
    rows = rows.left_join(own, "product", rname="o_{name}").left_join(types, "type", rname="t_{name}")
    rows = rows.mutate(
        advice_fr=ibis.coalesce(rows["own_fr"], rows["type_fr"]),
        advice_en=ibis.coalesce(rows["own_en"], rows["type_en"]),
    )
    return rows.select("probe", "bought_on", "advice_fr", "advice_en", "product", *orders.PAGE).order_by(
        "probe", "product"
    )


def _products_left(items: Items, view: View) -> ir.Table:
    lines = left_in_carts(items, view, RULE)
    products = view.facts("products").select("product", *orders.PAGE)
    rows = lines.left_join(products, "product").drop("product_right")
    rows = rows.left_join(_prices(lines.select("product").distinct(), view), "product").drop("product_right")
    return rows.order_by("probe", "place")


def _prices(wanted: ir.Table, view: View) -> ir.Table:
    """The price in force, where a product has one in a single currency."""
    clock = clock_of(RULE).select("turn")
    prices = view.facts("product_prices").semi_join(wanted, "product")
    prices = prices.join(clock, prices["valid_from"] <= clock["turn"])
    order = prices["valid_from"].desc()
    place = ibis.row_number().over(group_by=[prices["product"], prices["currency"]], order_by=order)
    last = prices.mutate(place=place).filter(ibis._["place"] == 0)
    one = last.group_by("product").agg(
        price=last["amount"].max(), currency=last["currency"].max(), currencies=last["currency"].nunique()
    )
    return one.filter(one["currencies"] == 1).drop("currencies")


def _item(row: Mapping[str, Any], batch: Batch) -> dict[str, Any]:
    kept = {name: row[name] for name in _PRINTED if row.get(name)}
    kept.setdefault("title", row["product"])
    kept.setdefault("url", f"{batch.place.settings.brand.url.rstrip('/')}/{row['product']}")
    return kept


def _own_rows(batch: Batch, field: Field) -> Values:
    """Rows of a table of the contact, for a list field of its name; only the columns that the field declares."""
    table = batch.view.table(field.name)
    wanted = [inner.name for inner in field.of if table.column(inner.name)]
    rows = batch.view.facts(field.name)
    if table.vault_columns:
        rows = rows.left_join(batch.view.vault(field.name), list(table.key), rname="vault_{name}")
    asked = scratch("approved", APPROVED).select("probe", "contact")
    found = asked.inner_join(rows, "contact").select("probe", *wanted, *(key for key in table.key if key not in wanted))
    values: Values = {}
    for row in batch.engine.rows(found.order_by("probe", *table.key)):
        values.setdefault(row["probe"], []).append({name: row[name] for name in wanted if row[name] is not None})
    return values


SUPPLIERS: dict[str, Callable[[Batch, Field], Values]] = {
    "product": _product,
    "last_order_on": _fact_date,
    "joined_on": _fact_date,
    "lapses_on": _fact_date,
    "basis": orders.basis,
    "order_number": orders.order_number,
    "ordered_on": orders.ordered_on,
    "lines": orders.lines,
    "total": orders.total,
    "currency": orders.currency,
    "collect_at": orders.collect_at,
    "left_on": _fact_date,
    "items": _items,
    "cart_url": _cart_url,
}
