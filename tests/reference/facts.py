"""Files, acts and stock rows go in; the rows in force as known at an instant come out."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Generic, TypeVar

from tests.reference.local_time import days_before
from tests.reference.world import Call, Cart, CartFile, ConsentAct, Contact, Order, OrderFile, StockRow, World

T = TypeVar("T")


class Timeline(Generic[T]):
    """Versions of one thing in the order they became known; `at` gives the one in force."""

    def __init__(self, start: T) -> None:
        self._known: list[datetime] = []
        self._versions: list[T] = [start]

    def add(self, known_at: datetime, version: T) -> None:
        self._known.append(known_at)
        self._versions.append(version)

    def at(self, moment: datetime) -> T:
        return self._versions[bisect_right(self._known, moment)]


Orders = tuple[Order, ...]
LOYAL_ORDERS, LOYAL_DAYS = 2, 3
NOBODY = ""  # whose orders are those of strangers


class Facts:
    """The world indexed by contact and by cart, to be asked as of any instant."""

    def __init__(self, world: World) -> None:
        self._people = {one.id: Timeline(one) for one in world.contacts}
        for file in sorted(world.retold, key=lambda each: each.known_at):
            for one in file.contacts:
                self._people[one.id].add(file.known_at, one)
        self.world = world
        self._products = {product.id: product for product in world.products}
        self._orders = _valid_orders_by_contact(world.order_files)
        self._carts = _carts_by_id(world.cart_files)
        self._complete = world.complete
        self._values: dict[tuple[str, str], list[tuple[datetime, str]]] = defaultdict(list)
        self.handed: dict[str, list[tuple[str | None, str, datetime]]] = defaultdict(list)
        self.calls: list[Call] = []
        self._calls = sorted(world.calls, key=lambda one: one.at)
        self.moves: list[tuple[str, str, datetime]] = []
        self.members: set[str] | None = None
        self._zone = world.zone
        self._acts: dict[str, list[ConsentAct]] = defaultdict(list)
        for act in world.consents:
            self._acts[act.contact].append(act)

    def contact(self, name: str, moment: datetime) -> Contact:
        """The contact as last told by then."""
        return self._people[name].at(moment)

    def contacts(self, moment: datetime) -> list[Contact]:
        """Everybody, as last told by then."""
        return [timeline.at(moment) for timeline in self._people.values()]

    def buyers(self) -> Iterable[str]:
        """Every contact who ever has an order in a file."""
        return (contact for contact in self._orders if contact != NOBODY)

    def every_order(self, moment: datetime) -> Iterable[Order]:
        """Every valid order happened and known by then, strangers' too."""
        return (order for contact in self._orders for order in self.valid_orders(contact, moment))

    def stands(self, order: str, moment: datetime) -> bool:
        """Whether an order is valid, whoever it belongs to."""
        return any(one.id == order for one in self.every_order(moment))

    def look(self, turn: datetime) -> None:
        """What every turn does first: it takes up the calls there are, and looks who is in the segment.

        Who was not in it at the look before has entered, who was and is not has left; the first look moves nobody.
        """
        self.calls += [one for one in self._calls if one.at <= turn]
        self._calls = [one for one in self._calls if one.at > turn]
        before, self.members = self.members, {one for one in self.buyers() if self.is_loyal(one, turn)}
        if before is not None:
            self.moves += [("entered", one, turn) for one in sorted(self.members - before)]
            self.moves += [("left", one, turn) for one in sorted(before - self.members)]

    def is_loyal(self, contact: str, moment: datetime) -> bool:
        """In the segment of these worlds: two valid orders within three local days."""
        since = days_before(self._zone, moment, LOYAL_DAYS)
        return sum(one.placed_at > since for one in self.valid_orders(contact, moment)) >= LOYAL_ORDERS

    def note(self, contact: str, attribute: str, value: str, turn: datetime) -> None:
        """A turn sets a value."""
        self._values[contact, attribute].append((turn, value))

    def value(self, contact: str, attribute: str, moment: datetime) -> str | None:
        """The last value that an earlier turn has set."""
        return next((value for turn, value in reversed(self._values[contact, attribute]) if turn < moment), None)

    def valid_orders(self, contact: str, moment: datetime) -> Orders:
        """Valid orders happened and known by then, earliest first; equal instants in order of their id."""
        if contact not in self._orders:
            return ()
        known = self._orders[contact].at(moment)
        if known and known[-1].placed_at > moment:
            return tuple(order for order in known if order.placed_at <= moment)
        return known

    def carts(self, moment: datetime) -> list[Cart]:
        """Every cart as known by then, in order of its id."""
        found = (timeline.at(moment) for _, timeline in sorted(self._carts.items()))
        return [cart for cart in found if cart is not None and cart.touched_at <= moment]

    def cart(self, name: str, moment: datetime) -> Cart | None:
        """One of them, as known by then."""
        return self._carts[name].at(moment)

    def consent(self, contact: str, moment: datetime, purpose: str = "marketing") -> str | None:
        """`granted`, `refused` or None where nothing was said: the latest act wins, on a tie the refusal.

        A refusal of everything is lifted by no row of a file.
        """
        known = [act for act in self._acts[contact] if act.happened_at <= moment and act.known_at <= moment]
        if any(act.purpose == "*" and act.act == "refused" for act in known):
            return "refused"
        said = [act for act in known if act.purpose == purpose]
        latest = max(said, key=lambda act: (act.happened_at, act.act == "refused"), default=None)
        return latest.act if latest else None

    def out_of_stock(self, product: str, moment: datetime) -> bool:
        """Its stock is kept, a count is known, and the last one is zero or less."""
        kept = self._products[product]
        rows = [row for row in kept.stock if row.happened_at <= moment and row.known_at <= moment]
        return kept.stock_policy == "tracked" and bool(rows) and _last(rows).quantity <= 0

    def complete(self, feed: str, until: datetime, moment: datetime) -> bool:
        """Somebody had said by then that the feed is complete up to `until` or later."""
        return any(said.feed == feed and said.until >= until and said.known_at <= moment for said in self._complete)


def _last(rows: Sequence[StockRow]) -> StockRow:
    return max(rows, key=lambda row: (row.happened_at, row.known_at))


def _valid_orders_by_contact(files: Iterable[OrderFile]) -> dict[str, Timeline[Orders]]:
    """A snapshot of each contact's valid orders after every import that touched one of them."""
    timelines: dict[str, Timeline[Orders]] = {}
    held: dict[str, dict[str, Order]] = defaultdict(dict)
    owners: dict[str, tuple[datetime, Order]] = {}
    for file in sorted(files, key=lambda one: one.known_at):
        for contact in sorted(_take(file, owners, held)):
            now = sorted(held[contact].values(), key=lambda order: (order.placed_at, order.id))
            timelines.setdefault(contact, Timeline(())).add(file.known_at, tuple(now))
    return timelines


def _take(file: OrderFile, owners: dict[str, tuple[datetime, Order]], held: dict[str, dict[str, Order]]) -> set[str]:
    """Let a file own its orders, unless a newer period holds them; the contacts whose orders it touched."""
    touched: set[str] = set()
    for order in file.orders:
        period, before = owners.get(order.id, (file.period, None))
        if file.period < period or before == order:
            # An equal version still owns the order from now on: an older file may not undo it.
            owners[order.id] = (max(period, file.period), before or order)
            continue
        if before is not None:
            held[before.contact or NOBODY].pop(order.id, None)
            touched.add(before.contact or NOBODY)
        touched.add(order.contact or NOBODY)
        if order.valid():
            held[order.contact or NOBODY][order.id] = order
        owners[order.id] = (file.period, order)
    return touched


def _carts_by_id(files: Iterable[CartFile]) -> dict[str, Timeline[Cart | None]]:
    """Each cart's versions: the newest file by period that holds it owns all its lines."""
    timelines: dict[str, Timeline[Cart | None]] = {}
    periods: dict[str, datetime] = {}
    for file in sorted(files, key=lambda one: one.known_at):
        for cart in file.carts:
            if file.period >= periods.get(cart.id, file.period):
                periods[cart.id] = file.period
                timelines.setdefault(cart.id, Timeline(None)).add(file.known_at, cart)
    return timelines
