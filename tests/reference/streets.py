"""Several worlds of one setting go in; the one world in which all of them live, unknown to one another, comes out.

A turn of the product costs nearly the same for one world as for twenty, so many are lived at once. Each is still
decided by the model on its own: that the people of one make no difference to another is part of the claim.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from tests.reference.model import run
from tests.reference.smaller import assert_alike
from tests.reference.story import differing
from tests.reference.world import Cart, CartFile, Contact, Order, OrderFile, Retold, Run, TurnReport, Wish, World

Engine = Callable[[World], Run]
Counts = dict[tuple[object, ...], int]


def street(world: World, number: int) -> World:
    """The same world with names that no other has."""
    prefix = f"w{number}-"

    def named(one: str | None) -> str | None:
        return None if one is None else prefix + one

    def order(one: Order) -> Order:
        return replace(one, id=prefix + one.id, contact=named(one.contact))

    def cart(one: Cart) -> Cart:
        return replace(one, id=prefix + one.id, contact=named(one.contact))

    def person(one: Contact) -> Contact:
        return replace(one, id=prefix + one.id, email=named(one.email))

    def wish(one: Wish) -> Wish:
        return replace(one, id=prefix + one.id, contact=prefix + one.contact)

    if any(one.trigger == "restock" for one in world.scenarios):
        world = _with_goods_of_its_own(world, prefix)
    return replace(
        world,
        contacts=tuple(map(person, world.contacts)),
        wishes=tuple(map(wish, world.wishes)),
        lots=tuple(replace(one, id=prefix + one.id, contact=prefix + one.contact) for one in world.lots),
        balances=tuple(replace(one, contact=prefix + one.contact) for one in world.balances),
        calls=tuple(replace(one, contact=prefix + one.contact, key=prefix + one.key) for one in world.calls),
        retold=tuple(replace(one, contacts=tuple(map(person, one.contacts))) for one in world.retold),
        consents=tuple(replace(one, contact=prefix + one.contact) for one in world.consents),
        order_files=tuple(replace(one, orders=tuple(map(order, one.orders))) for one in world.order_files),
        cart_files=tuple(replace(one, carts=tuple(map(cart, one.carts))) for one in world.cart_files),
    )


def _with_goods_of_its_own(world: World, prefix: str) -> World:
    """Who waits for a product waits in one line with everybody who does: so each street has its own products."""

    def order(one: Order) -> Order:
        return replace(one, lines=tuple(replace(line, product=prefix + line.product) for line in one.lines))

    return replace(
        world,
        products=tuple(replace(one, id=prefix + one.id) for one in world.products),
        wishes=tuple(replace(one, product=prefix + one.product) for one in world.wishes),
        order_files=tuple(replace(one, orders=tuple(map(order, one.orders))) for one in world.order_files),
    )


def together(streets: Sequence[World]) -> World:
    """One world of all: a file of a period and a day of import holds what is told in it everywhere."""
    orders: dict[tuple[datetime, datetime], list[Order]] = {}
    carts: dict[tuple[datetime, datetime], list[Cart]] = {}
    retold: dict[datetime, list[Contact]] = {}
    for one in streets:
        for again in one.retold:
            retold.setdefault(again.known_at, []).extend(again.contacts)
        for told in one.order_files:
            orders.setdefault((told.known_at, told.period), []).extend(told.orders)
        for kept in one.cart_files:
            carts.setdefault((kept.known_at, kept.period), []).extend(kept.carts)
    return replace(
        streets[0],
        contacts=tuple(one for world in streets for one in world.contacts),
        products=tuple({one.id: one for world in streets for one in world.products}.values()),
        consents=tuple(one for world in streets for one in world.consents),
        wishes=tuple(one for world in streets for one in world.wishes),
        lots=tuple(one for world in streets for one in world.lots),
        balances=tuple(one for world in streets for one in world.balances),
        calls=tuple(one for world in streets for one in world.calls),
        retold=tuple(Retold(known, tuple(rows)) for known, rows in sorted(retold.items())),
        order_files=tuple(OrderFile(period, known, tuple(rows)) for (known, period), rows in sorted(orders.items())),
        cart_files=tuple(CartFile(period, known, tuple(rows)) for (known, period), rows in sorted(carts.items())),
    )


def assert_all_alike(worlds: Sequence[World], engine: Engine) -> list[Run]:
    """What the model says of each; AssertionError with the smallest story of one that the engine decides otherwise."""
    streets = [street(world, number) for number, world in enumerate(worlds)]
    expected = [run(one) for one in streets]
    whole = together(streets)
    lived = engine(whole)
    for number, (one, said) in enumerate(zip(streets, expected, strict=True)):
        if differing(one, said, _of(lived, f"w{number}-", said)):
            assert_alike(worlds[number], engine)
            assert_alike(one, engine)
            assert_alike(whole, engine)
            raise AssertionError(differing(one, said, _of(lived, f"w{number}-", said)))
    if wrong := _equations(expected) ^ _equations([lived]):
        for one in (*worlds, whole):
            assert_alike(one, engine)
        raise AssertionError(f"the decisions are the same, the reports are not: {sorted(map(str, wrong))}")
    return expected


def _of(lived: Run, prefix: str, said: Run) -> Run:
    """What the run says of one street; its reports are only known for all together."""
    return Run(
        tuple(one for one in lived.decisions if (one.contact or one.occurrence).startswith(prefix)),
        said.reports,
        said.already_past,
        tuple(one for one in lived.held_back if one.contact.startswith(prefix)),
    )


def _equations(runs: Iterable[Run]) -> set[tuple[tuple[object, ...], int]]:
    """Everything that was counted, added up over the runs."""
    counts: Counter[tuple[object, ...]] = Counter()
    for one in runs:
        for name, number in one.already_past:
            counts["already past", name] += number
        for report in one.reports:
            counts.update(_counted(report))
    return {pair for pair in counts.items() if pair[1]}


def _counted(one: TurnReport) -> Counts:
    place = (one.turn, one.scenario)
    parts = {"candidates": one.candidates, "send": one.send, "held out": one.held_out, "deferred": one.deferred}
    parts |= {"too old": one.too_old_to_see, **{f"refused {name}": number for name, number in one.refused}}
    return {(*place, name): number for name, number in parts.items()}
