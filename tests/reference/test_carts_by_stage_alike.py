"""Carts by how far they got, several in a row, a second message; model and product agree, told as a story each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from tests.reference.adapter import engine_under_test
from tests.reference.model import run
from tests.reference.smaller import assert_alike
from tests.reference.steps import Send, Wait
from tests.reference.test_engine_alike import LONG_AGO, day, shop
from tests.reference.world import Cart, CartFile, CartLine, Order, OrderFile, OrderLine, Scenario, Turn, World

TWICE = (Send("first"), Wait("pause", days=2), Send("again"))
CART = Scenario("cart-by-stage", "stages", LONG_AGO, fresh_hours=48, steps=TWICE)
ATLAS = (OrderLine("atlas", 1, Decimal("10.00")),)
Told = tuple[int, str, str, str]


def night_after(on: datetime) -> datetime:
    return datetime(on.year, on.month, on.day, tzinfo=on.tzinfo) + timedelta(days=1)


def left(name: str, on: datetime, stage: str, lines: Sequence[CartLine] = ()) -> CartFile:
    """As the file of that night tells it; with one novel in it, if nothing else is said."""
    kept = tuple(lines) or (CartLine("novel", on),)
    night = night_after(on)
    return CartFile(
        night.replace(tzinfo=None), night + timedelta(hours=6), (Cart(name, "anna", True, on, kept, stage),)
    )


def bought(name: str, on: datetime, coupon: str | None) -> OrderFile:
    night = night_after(on)
    order = Order(name, "anna", on, ATLAS, coupon=coupon)
    return OrderFile(night.replace(tzinfo=None), night + timedelta(hours=6), (order,))


def told(carts: Sequence[CartFile], orders: Sequence[OrderFile] = (), until: int = 16) -> list[Told]:
    """Day of March, episode, step and what became of it, turn after turn at nine."""
    world: World = shop(CART, turns=tuple(Turn(day(number)) for number in range(3, until)))
    world = replace(world, cart_files=tuple(carts), order_files=tuple(orders))
    assert_alike(world, engine_under_test)
    return [(one.turn.day, one.occurrence, one.step, one.reason or one.outcome) for one in run(world).decisions]


def test_a_failed_payment_is_told_at_once_and_a_cart_after_two_days() -> None:
    carts = [left("c1", day(2, "20:00"), "payment_failed"), left("c2", day(2, "20:00"), "cart")]
    assert told(carts, until=5) == [(3, "c1/1", "first", "send"), (4, "c2/1", "first", "send")]


def test_what_is_added_before_the_second_message_is_an_episode_of_its_own() -> None:
    """The second message of the 5th says nothing of what was added on the 4th."""
    novel, atlas = CartLine("novel", day(2, "20:00")), CartLine("novel", day(4, "20:00"))
    carts = [left("c1", day(2, "20:00"), "payment_failed"), left("c1", day(4, "20:00"), "cart", (novel, atlas))]
    assert told(carts, until=9) == [
        (3, "c1/1", "first", "send"),
        (5, "c1/1", "again", "send"),
        (6, "c1/2", "first", "send"),
        (8, "c1/2", "again", "send"),
    ]


def test_a_cart_from_which_all_was_taken_gets_no_second_message() -> None:
    novel = CartLine("novel", day(2, "20:00"), removed=day(3, "20:00"))
    carts = [left("c1", day(2, "20:00"), "payment_failed"), left("c1", day(3, "20:00"), "payment_failed", (novel,))]
    assert told(carts, until=6) == [(3, "c1/1", "first", "send"), (4, "c1/1", "again", "emptied")]


def test_from_the_fourth_cart_in_a_row_on_it_is_silent_also_where_an_old_one_was_filled_again() -> None:
    """The first cart is left again on the 5th, and has gone quiet before the third one: four in a row."""
    again = (CartLine("novel", day(2, "20:00")), CartLine("novel", day(5, "12:00")))
    carts = [
        left("c1", day(2, "20:00"), "payment_failed"),
        left("c2", day(3, "20:00"), "payment_failed"),
        left("c1", day(5, "12:00"), "cart", again),
        left("c3", day(5, "20:00"), "payment_failed"),
    ]
    found = told(carts, until=7)
    assert (6, "c3/1", "first", "abandons_in_a_row") in found
    assert (4, "c2/1", "first", "send") in found


def test_who_orders_with_a_coupon_after_each_reminder_gets_no_fourth() -> None:
    days = (2, 5, 8, 11)
    carts = [left(f"c{number}", day(number, "20:00"), "payment_failed") for number in days]
    orders = [bought(f"o{number}", day(number + 1, "15:00"), "SPRING") for number in days[:3]]
    found = [each for each in told(carts, orders, until=13) if each[2] == "first"]
    assert [(name, said) for _, name, _, said in found] == [
        ("c2/1", "send"),
        ("c5/1", "send"),
        ("c8/1", "send"),
        ("c11/1", "abandons_for_discount"),
    ]
