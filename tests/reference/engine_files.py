"""Facts of a world go in; the files in which a shop would deliver them come out, with their mapping documents."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from io import StringIO
from itertools import groupby
from json import dumps
from pathlib import Path

from tests.reference.local_time import instant, shown
from tests.reference.world import Cart, CartLine, ConsentAct, Contact, Order, World

Rows = Iterable[Sequence[object]]
PERIOD = "%Y-%m-%dT%H%M"
LONG_AGO = timedelta(days=60)


@dataclass(frozen=True)
class Parcel:
    """A file by its name, and when the shop delivers it."""

    known_at: datetime
    name: str
    text: str


def deliveries(world: World) -> Iterator[tuple[datetime, list[Parcel]]]:
    """What is imported together, in order of time; at one instant in the order in which the world tells it."""
    parcels = sorted(_parcels(world), key=lambda one: one.known_at)
    if world.again is not None:
        before = [replace(one, known_at=world.again) for one in parcels if one.known_at < world.again]
        parcels = sorted([*parcels, *reversed(before)], key=lambda one: one.known_at)
    for moment, together in groupby(parcels, key=lambda one: one.known_at):
        batch: dict[str, Parcel] = {}
        for parcel in together:
            if parcel.name in batch:
                yield moment, list(batch.values())
                batch = {}
            batch[parcel.name] = parcel
        yield moment, list(batch.values())


def _parcels(world: World) -> Iterator[Parcel]:
    yield from _cast(world)
    for number, again in enumerate(world.retold):
        yield Parcel(again.known_at, f"contacts-{number}.csv", _people(again.contacts))
    yield from _acts(world)
    yield from _stock(world)
    yield from _prices(world)
    yield from _wishes(world)
    yield from _points(world)
    for orders in world.order_files:
        name = f"orders-{orders.period.strftime(PERIOD)}.csv"
        yield Parcel(orders.known_at, name, _orders(world, orders.orders))
    for carts in world.cart_files:
        name = f"carts-{carts.period.strftime(PERIOD)}.csv"
        yield Parcel(carts.known_at, name, _carts(carts.carts))
    for number, said in enumerate(world.complete):
        line = dumps({"feed": said.feed, "complete_until": said.until.isoformat()})
        yield Parcel(said.known_at, f"night-{number}.manifest.jsonl", line + "\n")


def _cast(world: World) -> Iterator[Parcel]:
    """Who and what there is, known long before anything happens."""
    before = min(_known(world)) - LONG_AGO
    yield Parcel(before, "contacts.csv", _people(world.contacts))
    products = ((one.id, one.stock_policy) for one in world.products)
    yield Parcel(before, "products.csv", _table("product,stock_policy", products))


def _people(contacts: Iterable[Contact]) -> str:
    rows = (
        (one.id, one.kind, one.email or "", one.language, one.born or "", one.joined or "", one.zone or "")
        for one in contacts
        if one.kind != "unknown"
    )
    return _table("contact,kind,email,language,born,joined,zone", rows)


def _prices(world: World) -> Iterator[Parcel]:
    told: dict[datetime, list[tuple[object, ...]]] = {}
    for row in world.prices:
        told.setdefault(row.known_at, []).append((row.product, _utc(row.valid_from), row.amount))
    for number, (known_at, rows) in enumerate(told.items()):
        yield Parcel(known_at, f"prices-{number}.csv", _table("product,valid_from,amount", rows))


def _wishes(world: World) -> Iterator[Parcel]:
    """A wish is told when it is made, and again when it is taken off the list."""
    told: dict[datetime, list[tuple[object, ...]]] = {}
    for one in world.wishes:
        row = (one.id, one.contact, one.product, _utc(one.at))
        told.setdefault(one.known_at, []).append((*row, ""))
        if one.removed:
            told.setdefault(one.removed[1], []).append((*row, _utc(one.removed[0])))
    for number, (known_at, rows) in enumerate(sorted(told.items())):
        yield Parcel(known_at, f"wishes-{number}.csv", _table("wish,contact,product,added_at,removed_at", rows))


def _points(world: World) -> Iterator[Parcel]:
    """Lots, and what there is in all."""
    for number, lot in enumerate(world.lots):
        rows = [(lot.id, lot.contact, lot.expires_on, lot.points)]
        yield Parcel(lot.known_at, f"lots-{number}.csv", _table("lot,contact,expires,points", rows))
    for number, one in enumerate(world.balances):
        yield Parcel(one.known_at, f"balances-{number}.csv", _table("contact,points", [(one.contact, one.points)]))


def _known(world: World) -> Iterator[datetime]:
    yield from (one.at for one in world.turns)
    yield from (one.on_at for one in world.scenarios)
    yield from (one.known_at for one in world.order_files)
    yield from (one.known_at for one in world.consents)
    yield from (one.known_at for one in world.retold)
    yield from (one.known_at for one in world.prices)
    yield from (one.known_at for one in world.wishes)
    yield from (one.known_at for one in world.lots)
    yield from (one.known_at for one in world.balances)
    yield from (row.known_at for one in world.products for row in one.stock)
    yield from (one.known_at for one in world.complete)
    yield from (one.known_at for one in world.cart_files)


def _acts(world: World) -> Iterator[Parcel]:
    told: dict[datetime, list[ConsentAct]] = {}
    for act in world.consents:
        told.setdefault(act.known_at, []).append(act)
    for number, (known_at, acts) in enumerate(told.items()):
        # an act told twice in one file is one act: the second row would be rejected as a double of the first
        rows = (
            (one.contact, one.act, _utc(one.happened_at), "yes", one.purpose, "*" if one.purpose == "*" else "email")
            for one in dict.fromkeys(acts)
        )
        header = "contact,act,happened_at,affirmative,purpose,channel"
        yield Parcel(known_at, f"acts-{number}.csv", _table(header, rows))


def _stock(world: World) -> Iterator[Parcel]:
    told: dict[datetime, list[tuple[object, ...]]] = {}
    for product in world.products:
        for row in product.stock:
            told.setdefault(row.known_at, []).append((product.id, _utc(row.happened_at), row.quantity))
    for number, (known_at, rows) in enumerate(told.items()):
        yield Parcel(known_at, f"stock-{number}.csv", _table("product,counted_at,quantity", rows))


def _orders(world: World, orders: Iterable[Order]) -> str:
    """A row a line, in the shop's own clock time."""
    rows = (
        (
            one.id,
            one.contact or "",
            _local(world.zone, one.placed_at),
            "cancelled" if one.cancellation else "order",
            line.product,
            line.quantity,
            line.price,
            _local(world.zone, one.received) if one.received else "",
            one.coupon or "",
        )
        for one in orders
        for line in one.lines
    )
    return _table("order,contact,placed_at,status,product,quantity,price,received,coupon", rows)


def _carts(carts: Iterable[Cart]) -> str:
    """A row a line; a cart that was emptied has one row without a product."""
    rows: list[tuple[object, ...]] = []
    for one in carts:
        cart = (one.id, one.contact or "", "yes" if one.logged_in else "no", _utc(one.touched_at), one.stage or "")
        rows += [(*cart, *_line(line)) for line in one.lines] or [(*cart, "", "", "")]
    return _table("cart,contact,logged_in,touched_at,stage,product,added_at,removed_at", rows)


def _line(line: CartLine) -> tuple[object, ...]:
    return line.product, _utc(line.added_at), _utc(line.removed) if line.removed else ""


def _table(header: str, rows: Rows) -> str:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header.split(","))
    writer.writerows(rows)
    return text.getvalue()


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _local(zone: str, moment: datetime) -> str:
    """The clock time without an offset; the second 01:30 of an autumn night cannot be told this way."""
    local = shown(zone, moment)
    assert instant(zone, local.date(), local.time()) == moment
    return local.strftime("%Y-%m-%d %H:%M:%S")


CONTACTS = """feed: contacts
files: "contacts*.csv"
tables:
  contacts:
    columns:
      own_id: contact
      kind: kind
      email: email
      language: language
      birth_date: born
      joined_on: joined
      zone: zone
"""
PRODUCTS = """feed: products
files: "products.csv"
tables:
  products:
    columns:
      product: product
      stock_policy: stock_policy
      title: {template: "The {product}"}
      url: {template: "https://shop.example/{product}"}
"""
ACTS = """feed: acts
files: "acts-*.csv"
tables:
  consent_acts:
    columns:
      contact: contact
      channel: channel
      purpose: purpose
      sender: {value: shop}
      act: act
      happened_at: happened_at
      affirmative: {column: affirmative, map: {yes: true, no: false}}
"""
STOCK = """feed: stock
files: "stock-*.csv"
tables:
  product_stock:
    columns: {product: product, counted_at: counted_at, quantity: quantity}
"""
PRICES = """feed: prices
files: "prices-*.csv"
currency: CAD
tables:
  product_prices:
    columns: {product: product, valid_from: valid_from, amount: amount, currency: {value: CAD}}
"""
WISHES = """feed: wishes
files: "wishes-*.csv"
tables:
  wishlists:
    columns: {wish: wish, contact: contact, product: product, added_at: added_at, removed_at: removed_at}
"""
LOTS = """feed: lots
files: "lots-*.csv"
tables:
  loyalty_lots:
    columns: {lot: lot, contact: contact, expires_on: expires, points: points}
"""
BALANCES = """feed: balances
files: "balances-*.csv"
tables:
  loyalty_accounts:
    columns: {account: contact, contact: contact, points: points}
"""
ORDERS = """feed: orders
files: "orders-*.csv"
period: {from_name: "%Y-%m-%dT%H%M"}
period_length: 0min
zone: ZONE
currency: CAD
flags:
  stands: {all: [{column: status, is_not: cancelled}, {column: quantity, above: 0}, {column: price, above: 0}]}
tables:
  orders:
    one_per: order
    columns:
      order_id: order
      contact: contact
      placed_at: placed_at
      status: status
      delivered_at: received
      coupon: coupon
      valid: {any: stands}
  order_lines:
    ordinal_within: order
    columns:
      order_id: order
      product: product
      quantity: quantity
      unit_price: price
      valid: stands
"""
CARTS = """feed: carts
files: "carts-*.csv"
period: {from_name: "%Y-%m-%dT%H%M"}
period_length: 0min
zone: ZONE
tables:
  carts:
    one_per: cart
    columns:
      cart: cart
      contact: contact
      logged_in: {column: logged_in, map: {yes: true, no: false}}
      touched_at: touched_at
      stage: stage
  cart_lines:
    ordinal_within: cart
    columns: {cart: cart, added_at: added_at, product: product, removed_at: removed_at}
"""
FEEDS = {
    "contacts": CONTACTS,
    "products": PRODUCTS,
    "acts": ACTS,
    "stock": STOCK,
    "prices": PRICES,
    "wishes": WISHES,
    "lots": LOTS,
    "balances": BALANCES,
    "orders": ORDERS,
    "carts": CARTS,
}


def write_mappings(definitions: Path, zone: str) -> None:
    """The mapping documents of a shop in this zone."""
    (definitions / "feeds").mkdir(parents=True)
    for name, text in FEEDS.items():
        (definitions / "feeds" / f"{name}.yaml").write_text(text.replace("ZONE", zone), encoding="utf-8")
