"""The golden carts: one morning in Toronto, two days after the clocks changed, each contact a case."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tests.reference.model import run
from tests.reference.world import (
    Cart,
    CartFile,
    CartLine,
    Complete,
    ConsentAct,
    Contact,
    Decision,
    Order,
    OrderFile,
    OrderLine,
    Product,
    Run,
    Scenario,
    StockRow,
    Turn,
    World,
)


def utc(text: str) -> datetime:
    """`10T13:00` is 2026-03-10 13:00 UTC; Toronto's 09:00 that day."""
    return datetime.fromisoformat(f"2026-03-{text}").replace(tzinfo=UTC)


NINE, NOON, TOMORROW = utc("10T13:00"), utc("10T16:00"), utc("11T13:00")
NIGHT, EVENING_FILE = datetime(2026, 3, 10), utc("10T04:30")
LONG_AGO = utc("01T12:00")
CART = Scenario("cart", "forgotten_cart", on_at=LONG_AGO, fresh_hours=48, needs=("orders",))
WORDS = ("book", "other", "b2", "b3", "b4", "b5", "b6", "rare", "ebook")


def cart(owner: str, *items: str, touched: str = "09T20:00", added: str | None = None, **more: bool) -> Cart:
    lines = tuple(CartLine(item, utc(added or touched)) for item in items or ("book",))
    known = None if owner == "h" else owner
    return Cart(f"cart-{owner}", known, more.get("logged_in", True), utc(touched), lines)


def order(owner: str, product: str, placed: str) -> Order:
    return Order(f"order-{owner}", owner, utc(placed), (OrderLine(product, 1, Decimal("20.00")),))


def contacts() -> tuple[Contact, ...]:
    plain = tuple(Contact(one, email=f"{one}@example.test") for one in "abcdefijklmp")
    shared = (Contact("n", email="One@Example.test"), Contact("o", email="one@example.test"))
    return (*plain, *shared, Contact("g", "institution", "g@example.test"))


CARTS = (
    cart("a", touched="10T03:50"),
    cart("b", touched="09T04:30"),
    cart("c", touched="10T04:10"),
    *(cart(one) for one in "defghjno"),
    cart("i", logged_in=False),
    replace(
        cart("k"),
        lines=(
            *(CartLine(f"b{n}", utc(f"09T20:0{9 - n}")) for n in range(2, 7)),
            CartLine("book", utc("09T20:09")),
        ),
    ),
    cart("l", "rare"),
    cart("m", "ebook"),
    cart("p", "book", "b2", "b3", added="07T18:00"),
)


def golden(*turns: Turn, evening_feed: bool = True, orders_known: datetime = EVENING_FILE) -> World:
    before = (order("p", "b2", "08T16:00"),)
    evening = (order("d", "book", "09T18:00"), order("e", "other", "09T18:00"))
    said = Complete("orders", utc("10T04:00"), orders_known)
    return World(
        zone="America/Toronto",
        contacts=contacts(),
        consents=tuple(
            ConsentAct(one.id, "refused" if one.id == "j" else "granted", LONG_AGO, LONG_AGO) for one in contacts()
        ),
        products=tuple(
            Product(word, "tracked", (StockRow(0, LONG_AGO, LONG_AGO),)) if word == "rare" else Product(word)
            for word in WORDS
        ),
        scenarios=(CART,),
        turns=turns,
        cart_files=(CartFile(NIGHT, EVENING_FILE, CARTS),),
        order_files=(
            OrderFile(datetime(2026, 3, 9), utc("09T04:30"), before),
            *((OrderFile(NIGHT, orders_known, evening),) if evening_feed else ()),
            OrderFile(datetime(2026, 3, 10, 8, 30), utc("10T12:30"), (order("f", "book", "10T12:10"),)),
        ),
        complete=(said,) if evening_feed else (),
    )


def at(lived: Run, turn: datetime) -> dict[str, Decision]:
    return {one.occurrence[5]: one for one in lived.decisions if one.turn == turn}


def written_to(lived: Run, turn: datetime) -> str:
    return "".join(sorted(one for one, decision in at(lived, turn).items() if decision.outcome == "send"))


def test_nine_o_clock_writes_to_exactly_six() -> None:
    lived = run(golden(Turn(NINE)))
    assert written_to(lived, NINE) == "abkmnp"


@pytest.mark.parametrize(
    ("contact", "reason"),
    [
        ("d", "ordered"),
        ("e", "ordered"),
        ("f", "ordered"),
        ("g", "not_targeted"),
        ("h", "anonymous"),
        ("i", "not_logged_in"),
        ("j", "consent_refused"),
        ("l", "nothing_left"),
        ("o", "same_address"),
    ],
)
def test_each_of_the_others_has_its_own_reason(contact: str, reason: str) -> None:
    decision = at(run(golden(Turn(NINE))), NINE)[contact]
    assert (decision.outcome, decision.reason) == ("refused", reason)


def test_a_cart_touched_after_midnight_waits_for_the_next_day() -> None:
    world = golden(Turn(NINE), Turn(TOMORROW))
    night_after = Complete("orders", utc("11T04:00"), utc("11T04:30"))
    lived = run(replace(world, complete=(*world.complete, night_after)))
    assert "c" not in at(lived, NINE)
    assert written_to(lived, TOMORROW) == "c"
    assert at(lived, TOMORROW)["c"].due_date == date(2026, 3, 11)


def test_six_items_show_the_first_four_by_time_added() -> None:
    assert at(run(golden(Turn(NINE))), NINE)["k"].items == ("b6", "b5", "b4", "b3")


def test_an_item_bought_since_it_was_added_is_left_out() -> None:
    assert at(run(golden(Turn(NINE))), NINE)["p"].items == ("book", "b3")


def test_phase_one_at_eight_reaches_seven_and_leaves_nobody_for_nine() -> None:
    eight = utc("10T12:00")
    lived = run(golden(Turn(eight, (("cart", date(2026, 3, 3)),)), Turn(NINE)))
    assert written_to(lived, eight) == "abfkmnp"
    assert at(lived, NINE) == {}


def test_a_missing_evening_feed_waits_until_noon_and_then_refuses_all() -> None:
    lived = run(golden(Turn(NINE), Turn(NOON), Turn(TOMORROW), evening_feed=False))
    assert {one.outcome for one in at(lived, NINE).values()} == {"deferred"}
    assert len(at(lived, NINE)) == 15
    assert {one.reason for one in at(lived, NOON).values()} == {"stale_data"}
    assert len(at(lived, NOON)) == 15
    assert not [one for one in lived.decisions if one.outcome == "send"]


def test_an_evening_feed_that_comes_at_ten_is_decided_by_the_next_turn() -> None:
    ten = utc("10T14:00")
    lived = run(golden(Turn(NINE), Turn(utc("10T14:30")), orders_known=ten))
    assert {one.reason for one in at(lived, NINE).values()} == {"waiting_feed"}
    assert written_to(lived, utc("10T14:30")) == "abkmnp"
