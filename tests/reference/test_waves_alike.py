"""Who waits for a product is told in waves, the oldest wishes first; model and product agree, told as a story each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from tests.reference.adapter import engine_under_test
from tests.reference.model import run
from tests.reference.smaller import assert_alike
from tests.reference.steps import Send
from tests.reference.test_engine_alike import LONG_AGO, bought, day, shop
from tests.reference.world import Contact, Product, Scenario, StockRow, Turn, Wish, World

BACK = Scenario("back-in-stock", "restock", LONG_AGO, days=0, slot=None, fresh_days=3, a_unit=1, steps=(Send("word"),))
PEOPLE = tuple(Contact(name, email=f"{name}@example.test") for name in ("anna", "ben", "chloe"))


def waiting(*counts: StockRow, turns: Sequence[datetime], people: tuple[Contact, ...] = PEOPLE) -> World:
    """Out since the 1st; Chloe wished first, then Ben, then Anna, or who else there is from behind."""
    world = shop(BACK, turns=tuple(map(Turn, turns)), people=people)
    wished = [
        Wish(f"of-{one.id}", one.id, "novel", LONG_AGO + timedelta(hours=hour), LONG_AGO + timedelta(days=1))
        for hour, one in enumerate(reversed(people))
    ]
    gone = StockRow(0, day(1), day(1))
    return replace(world, products=(Product("novel", "tracked", (gone, *counts)),), wishes=tuple(wished))


def count(pieces: int, at: datetime, known: datetime | None = None) -> StockRow:
    return StockRow(pieces, at, known or at)


def told(world: World) -> dict[tuple[datetime, str], str]:
    assert_alike(world, engine_under_test)
    return {(one.turn, one.contact): one.reason or one.outcome for one in run(world).decisions}


def test_the_oldest_wish_comes_first_and_the_next_count_opens_the_next_wave() -> None:
    noon, one, two = day(4, "12:00"), day(4, "13:00"), day(4, "14:00")
    assert told(waiting(count(1, noon), count(1, two), turns=(noon, one, two))) == {
        (noon, "chloe"): "send",
        (noon, "ben"): "next_wave",
        (noon, "anna"): "next_wave",
        (one, "ben"): "next_wave",
        (one, "anna"): "next_wave",
        (two, "ben"): "send",
        (two, "anna"): "next_wave",
    }


def test_a_return_told_a_day_late_is_told_until_a_count_says_that_it_is_gone_again() -> None:
    """Back on the 3rd, as one knows on the 4th; Ben bought it meanwhile, and takes no place."""
    first, then = day(4), day(4, "12:00")
    world = waiting(count(1, day(3), day(4, "06:00")), count(0, day(4, "11:00")), turns=(first, then))
    order = bought("o1", day(3, "12:00"))
    of_ben = replace(order, orders=tuple(replace(one, contact="ben") for one in order.orders))
    assert told(replace(world, order_files=(of_ben,))) == {
        (first, "chloe"): "send",
        (first, "ben"): "bought",
        (first, "anna"): "next_wave",
        (then, "anna"): "out_again",
    }


def test_who_waits_leaves_no_place_to_another_of_the_same_address() -> None:
    """One piece: Ben is told. Anna stands behind him and Chloe, who reads Anna's mail, behind both."""
    anna, ben, chloe = PEOPLE
    home = replace(chloe, email="ANNA@example.test")
    world = waiting(count(1, day(4)), turns=(day(4),), people=(home, anna, ben))
    assert told(world) == {(day(4), "ben"): "send", (day(4), "anna"): "next_wave", (day(4), "chloe"): "next_wave"}
