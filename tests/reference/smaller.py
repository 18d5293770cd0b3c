"""A world in which something goes wrong goes in, the smallest such world comes out, and its story is told.

Hypothesis shrinks what it drew, in thousands of runs; this takes away what a story is made of (people, files,
rows, turns) in a few hundred, which a slow engine can bear. Use it with `phases=(Phase.generate,)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from tests.reference.model import run
from tests.reference.story import differing
from tests.reference.world import CartFile, OrderFile, Run, World

Fails = Callable[[World], bool]
PARTS = (
    "scenarios",
    "prices",
    "wishes",
    "lots",
    "balances",
    "calls",
    "retold",
    "order_files",
    "cart_files",
    "turns",
    "complete",
    "consents",
)


def assert_alike(world: World, engine: Callable[[World], Run]) -> None:
    """Nothing where the engine agrees with the model, else an AssertionError with the smallest story."""

    def fails(one: World) -> bool:
        return differing(one, run(one), engine(one)) != ""

    if fails(world):
        small = smallest(world, fails)
        raise AssertionError("\n" + differing(small, run(small), engine(small)))


def smallest(world: World, fails: Fails) -> World:
    """Take parts away as long as it still fails; what is left, nothing can be taken from."""
    found: World | None = world
    while found is not None:
        world = found
        found = _pass(world, fails)
    return world


def _pass(world: World, fails: Fails) -> World | None:
    """One round of every way to make it smaller; None if none of them keeps the failure."""
    start = world
    for way in (_without_parts, _without_people, _without_rows, _plainer):
        world = _exhaust(world, way, fails)
    return world if world != start else None


def _exhaust(world: World, way: Callable[[World], Iterator[World]], fails: Fails) -> World:
    """Go on with the first smaller world that fails, passing over as many as did not before it."""
    passed = 0
    while True:
        for number, smaller in enumerate(way(world)):
            if number >= passed and smaller != world and fails(smaller):
                world, passed = smaller, number
                break
        else:
            return world


def _without_parts(world: World) -> Iterator[World]:
    """Leave out one scenario, file, turn, statement or act."""
    for name in PARTS:
        kept: tuple[Any, ...] = getattr(world, name)
        for place in range(len(kept)):
            if name not in ("scenarios", "turns") or len(kept) > 1:
                yield _whole(_set(world, **{name: kept[:place] + kept[place + 1 :]}))


def _whole(world: World) -> World:
    """No turn is one of a scenario that is not there."""
    there = {one.id for one in world.scenarios}
    named = [tuple(each for each in one.enter_since if each[0] in there) for one in world.turns]
    turns = (replace(one, enter_since=left) for one, left in zip(world.turns, named, strict=True))
    return replace(world, turns=tuple(turns))


def _set(world: World, **changes: Any) -> World:
    return replace(world, **changes)


def _without_people(world: World) -> Iterator[World]:
    """Leave out a contact with all their rows; no file is left empty, for that would say something."""
    for one in world.contacts if len(world.contacts) > 1 else ():
        gone = one.id
        yield replace(
            world,
            contacts=tuple(other for other in world.contacts if other.id != gone),
            consents=tuple(act for act in world.consents if act.contact != gone),
            wishes=tuple(one for one in world.wishes if one.contact != gone),
            lots=tuple(one for one in world.lots if one.contact != gone),
            balances=tuple(one for one in world.balances if one.contact != gone),
            calls=tuple(one for one in world.calls if one.contact != gone),
            retold=tuple(
                replace(file, contacts=told)
                for file in world.retold
                if (told := tuple(row for row in file.contacts if row.id != gone))
            ),
            order_files=tuple(
                replace(file, orders=kept)
                for file in world.order_files
                if (kept := tuple(row for row in file.orders if row.contact != gone))
            ),
            cart_files=tuple(
                replace(file, carts=left)
                for file in world.cart_files
                if (left := tuple(row for row in file.carts if row.contact != gone))
            ),
        )


def _without_rows(world: World) -> Iterator[World]:
    """Leave out one order or cart of a file, one of its lines, or one count of stock."""
    for place, orders in enumerate(world.order_files):
        for smaller in _thinner_orders(orders):
            yield replace(world, order_files=_put(world.order_files, place, smaller))
    for place, carts in enumerate(world.cart_files):
        for thinner in _thinner_carts(carts):
            yield replace(world, cart_files=_put(world.cart_files, place, thinner))
    for place, product in enumerate(world.products):
        for row in product.stock:
            less = replace(product, stock=tuple(other for other in product.stock if other != row))
            yield replace(world, products=_put(world.products, place, less))


def _put(kept: tuple[Any, ...], place: int, one: Any) -> tuple[Any, ...]:
    return (*kept[:place], one, *kept[place + 1 :])


def _thinner_orders(file: OrderFile) -> Iterator[OrderFile]:
    for place, order in enumerate(file.orders):
        if len(file.orders) > 1:
            yield replace(file, orders=file.orders[:place] + file.orders[place + 1 :])
        for line in range(len(order.lines) if len(order.lines) > 1 else 0):
            fewer = replace(order, lines=order.lines[:line] + order.lines[line + 1 :])
            yield replace(file, orders=_put(file.orders, place, fewer))


def _thinner_carts(file: CartFile) -> Iterator[CartFile]:
    for place, cart in enumerate(file.carts):
        if len(file.carts) > 1:
            yield replace(file, carts=file.carts[:place] + file.carts[place + 1 :])
        for line in range(len(cart.lines)):
            fewer = replace(cart, lines=cart.lines[:line] + cart.lines[line + 1 :])
            yield replace(file, carts=_put(file.carts, place, fewer))


def _plainer(world: World) -> Iterator[World]:
    """No cap, no holdout, no needs, no Phase 1, own addresses; no edits, nothing else known of anybody."""
    yield replace(world, cap=None)
    yield replace(world, quiet=None, again=None)
    yield replace(world, global_holdout=0.0)
    for place, scenario in enumerate(world.scenarios):
        plainer = (replace(scenario, holdout=0.0), replace(scenario, needs=()), replace(scenario, edits=(), off=None))
        for plain in (*plainer, replace(scenario, reentry="each"), replace(scenario, wants=None)):
            yield replace(world, scenarios=_put(world.scenarios, place, plain))
    yield replace(world, turns=tuple(replace(turn, enter_since=()) for turn in world.turns))
    for place, contact in enumerate(world.contacts):
        own = replace(contact, kind="individual", email=f"{contact.id}@example.test")
        for plain_one in (own, replace(contact, zone=None), replace(contact, born=None), replace(contact, joined=None)):
            yield replace(world, contacts=_put(world.contacts, place, plain_one))
