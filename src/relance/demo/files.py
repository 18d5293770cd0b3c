"""A number of members and a seed come in; a made-up cooperative's files and its month's plan go out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from relance.base.errors import BadDocument
from relance.demo import exports, timetable
from relance.demo.baskets import Baskets, fill_baskets
from relance.demo.calendar import day_of, local, seconds_at
from relance.demo.card import opinions_table, points_table
from relance.demo.clubs import join_clubs
from relance.demo.consents import Acts, ask_consents
from relance.demo.people import People, gather_people
from relance.demo.plan import Delivery, DemoPlan, turn_instants
from relance.demo.purchases import Purchases, live_through
from relance.demo.shelves import PRODUCTS, Shelves, coming_round, fill_shelves, first_count, later_count, prices
from relance.demo.shops import Shops, open_shops
from relance.demo.showcase import worth_showing
from relance.demo.wishes import Wishes, come_back, make_wishes, price_cuts, wishes_table

Progress = Callable[[str, float], None]

FEWEST = 200
_EXCEL_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class World:
    """Everything that was made up."""

    shops: Shops
    shelves: Shelves
    people: People
    bought: Purchases
    baskets: Baskets
    acts: Acts
    stance: np.ndarray
    clubs: pa.Table
    wishes: Wishes


@dataclass
class _Folder:
    """Writes files and remembers when each arrives."""

    path: Path
    arrivals: dict[datetime, list[Path]] = field(default_factory=lambda: defaultdict(list))

    def put(self, name: str, table: pa.Table, arrives: datetime, *, mark: bytes = b"") -> None:
        target = self.path / name
        with target.open("wb") as file:
            file.write(mark)
            pacsv.write_csv(table, file, pacsv.WriteOptions(delimiter=";"))
        self.arrivals[arrives].append(target)


def write_files(
    folder: Path, contacts: int, seed: int, progress: Progress | None = None, books: int = PRODUCTS
) -> DemoPlan:
    """Writes the shop's export files into the folder and says when each of them arrives.

    contacts: at least 200. The same numbers give the same bytes. `progress` is told what is being done and
    which share of the whole is behind. Raises BadDocument for a number of contacts that makes no cooperative.
    """
    if contacts < FEWEST:
        raise BadDocument(f"a demo needs at least {FEWEST} contacts, not {contacts}")
    tell = progress or (lambda what, share: None)
    folder.mkdir(parents=True, exist_ok=True)
    world, rng = make_world(contacts, seed, tell, books), np.random.default_rng([seed, 2])
    written = _Folder(folder)
    tell("history and deliveries", 0.45)
    _write_people(written, world)
    _write_shelves(written, world, rng)
    _write_wishes(written, world, rng)
    _write_cards(written, world, rng)
    tell("orders", 0.6)
    _write_orders(written, world)
    tell("carts", 0.85)
    _write_carts(written, world)
    _write_refunds(written, world)
    tell("files written", 1.0)
    return _plan(written, world, seed)


def make_world(contacts: int, seed: int, tell: Progress, books: int = PRODUCTS) -> World:
    """Makes everything up, in columns."""
    rng = np.random.default_rng([seed, 1])
    tell("shops and books", 0.0)
    shops, shelves = open_shops(rng), fill_shelves(rng, books)
    tell("members", 0.1)
    people = gather_people(rng, contacts, shops, shelves.share)
    tell("eighteen months of orders", 0.2)
    bought = live_through(rng, people, shelves, len(shops.town))
    baskets = fill_baskets(rng, people, shelves, bought)
    tell("consents", 0.4)
    acts, stance = ask_consents(rng, people, bought.first_order(len(people)))
    clubs, wishes = join_clubs(rng, people), make_wishes(np.random.default_rng([seed, 3]), people, shelves)
    return World(shops, shelves, people, bought, baskets, acts, stance, clubs, wishes)


def _write_people(folder: _Folder, world: World) -> None:
    members = timetable.series("membres", *timetable.MEMBERS)
    joined = np.searchsorted(day_of(local(members.seconds)), world.people.joined, side="right")
    consents = timetable.series("consentements", *timetable.MEMBERS)
    said = np.searchsorted(consents.seconds, world.acts.at, side="right")
    for slot in range(len(members.stamps)):
        rows = world.people.table.take(pa.array(np.flatnonzero(joined == slot)))
        folder.put(members.name(slot), rows, members.arrives(slot), mark=_EXCEL_MARK)
        acts = world.acts.table.take(pa.array(np.flatnonzero(said == slot)))
        folder.put(consents.name(slot), acts, consents.arrives(slot))
    folder.put(timetable.series("clubs").name(0), world.clubs, timetable.HISTORY_ARRIVES)


def _write_shelves(folder: _Folder, world: World, rng: np.random.Generator) -> None:
    shelves, counts = world.shelves, timetable.series("stock", *timetable.COUNTS)
    once = {"librairies": world.shops.table, "livres": shelves.table, "recurrents": coming_round()}
    for feed, table in once.items():
        folder.put(timetable.series(feed).name(0), table, timetable.HISTORY_ARRIVES)
    counted, left = first_count(rng, shelves)
    folder.put(counts.name(0), counted, counts.arrives(0))
    for slot in range(1, len(counts.stamps)):
        at = int(counts.seconds[slot])
        counted, left = later_count(rng, shelves, left, come_back(rng, shelves, world.wishes, left, at), at)
        folder.put(counts.name(slot), counted, counts.arrives(slot))


def _write_wishes(folder: _Folder, world: World, rng: np.random.Generator) -> None:
    """Wish lists, and the price lists on which wished books cost less."""
    feed, since = timetable.series("envies", *timetable.WISHES), 0
    for slot, at in enumerate(feed.seconds):
        said = wishes_table(world.people, world.shelves, world.wishes, since, int(at))
        folder.put(feed.name(slot), said, feed.arrives(slot))
        since = int(at)
    feed, cut = timetable.series("prix", *timetable.PRICES), np.array([], dtype=np.int64)
    folder.put(feed.name(0), prices(world.shelves), feed.arrives(0))
    for slot in range(1, len(feed.stamps)):
        said, cut = price_cuts(rng, world.shelves, world.wishes, cut, int(feed.seconds[slot]))
        folder.put(feed.name(slot), said, feed.arrives(slot))


def _write_cards(folder: _Folder, world: World, rng: np.random.Generator) -> None:
    """Points and opinions, once: what came of them since is not exported."""
    people, shelves, bought = world.people, world.shelves, world.bought
    feed, until = timetable.series("avis"), seconds_at(*timetable.HISTORY)
    folder.put(feed.name(0), opinions_table(rng, people, shelves, bought, until), feed.arrives(0))
    feed = timetable.series("points")
    folder.put(feed.name(0), points_table(rng, people, bought), feed.arrives(0))


def _write_orders(folder: _Folder, world: World) -> None:
    """Of the corrected file, first what the broken till sent, a day later what is true."""
    feed = timetable.order_series()
    every = exports.order_editions(world.bought, feed.seconds)
    for slot, stamp in enumerate(feed.stamps):
        said = every.of(slot)
        table = exports.orders_table(world.people, world.shelves, world.shops.codes, world.bought, said)
        broken = stamp == timetable.CORRECTED
        folder.put(feed.name(slot), exports.spoiled(table) if broken else table, feed.arrives(slot))
        if broken:
            folder.put(feed.name(slot, "-corrige"), table, timetable.CORRECTION_ARRIVES)


def _write_carts(folder: _Folder, world: World) -> None:
    feed = timetable.cart_series()
    every = exports.cart_editions(world.baskets, feed.seconds)
    for slot in range(len(feed.stamps)):
        said = every.of(slot)
        table = exports.carts_table(world.people, world.shelves, world.shops.codes, world.baskets, said)
        folder.put(feed.name(slot), table, feed.arrives(slot))


def _write_refunds(folder: _Folder, world: World) -> None:
    feed = timetable.series("remboursements", *timetable.REFUNDS)
    every = exports.refund_editions(world.bought, feed.seconds)
    for slot in range(len(feed.stamps)):
        table = exports.refunds_table(world.people, world.bought, every.of(slot))
        folder.put(feed.name(slot), table, feed.arrives(slot))


def _plan(folder: _Folder, world: World, seed: int) -> DemoPlan:
    arrivals = dict(folder.arrivals)
    first = Delivery(timetable.HISTORY_ARRIVES, tuple(arrivals.pop(timetable.HISTORY_ARRIVES)), history=True)
    deliveries = tuple(Delivery(at, tuple(sorted(arrivals[at]))) for at in sorted(arrivals))
    shown = worth_showing(world.people, world.bought, world.baskets, world.stance)
    return DemoPlan(first, timetable.SWITCH_ONS, deliveries, turn_instants(), shown, _counts(world), seed)


def _counts(world: World) -> dict[str, int]:
    return {
        "stores": len(world.shops.town),
        "contacts": len(world.people),
        "institutions": int(world.people.institution.sum()),
        "consent_acts": len(world.acts.at),
        "products": len(world.shelves.cents),
        "orders": len(world.bought),
        "order_lines": len(world.bought.book),
        "refunds": int((world.bought.refunded_at > 0).sum()),
        "carts": len(world.baskets),
        "cart_lines": len(world.baskets.book),
        "club_members": world.clubs.num_rows,
        "wishlists": len(world.wishes.who),
    }
