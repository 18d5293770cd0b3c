"""The golden carts: one morning in Toronto, two days after its clocks changed; each contact is a case."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.stories.bookshop import Bookshop, bookshop, copy_of, order, person, yes

NINE, NOON = "2026-03-10 09:00", "2026-03-10 12:00"
SENDS = {"a", "b", "k", "m", "n", "p"}
PRODUCTS = [
    *({"product": f"b{n}", "title": f"Book {n}", "policy": "tracked"} for n in range(1, 7)),
    {"product": "book", "title": "The Book", "policy": "tracked"},
    {"product": "other", "title": "Another", "policy": "tracked"},
    {"product": "rare", "title": "Rare", "policy": "tracked"},
    {"product": "ebook", "title": "Electric", "policy": "unlimited"},
]
STOCK = [
    {"product": row["product"], "at": "2026-03-01 08:00", "quantity": 0 if row["product"] == "rare" else 5}
    for row in PRODUCTS
    if row["product"] != "ebook"
]


def cart(owner: str, *products: str, touched: str = "2026-03-09 16:00", **more: Any) -> list[dict[str, Any]]:
    plain = {"cart": f"cart-{owner}", "contact": "" if owner == "h" else owner, "logged_in": "yes"}
    return [{**plain, "added": touched, "touched": touched, "product": one, **more} for one in products or ("book",)]


CARTS = [
    *cart("a", touched="2026-03-10T03:50:00Z"),
    *cart("b", touched="2026-03-09T04:30:00Z"),
    *(row for one in "defghjno" for row in cart(one)),
    *cart("i", logged_in="no"),
    # six items, the first by time being the last of the file
    *(
        row
        for n in range(1, 7)
        for row in cart("k", f"b{n}", added=f"2026-03-09 16:0{9 - n}", touched="2026-03-09 17:00")
    ),
    *cart("l", "rare"),
    *cart("m", "ebook"),
    *cart("p", "book", "b1", "b2", added="2026-03-07 18:00"),
]


@pytest.fixture(scope="module")
def first_of_march(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everybody and every book; no feed of the 9th has come yet."""
    made = bookshop(tmp_path_factory.mktemp("carts") / "home")
    plain = [person(one) for one in "abcdefijklmp"]
    shared = [person("n", email="One@Example.test"), person("o", email="one@example.test")]
    people = [*plain, *shared, person("g", kind="institution")]
    acts = [yes(row["id"], act="denied" if row["id"] == "j" else "granted") for row in people]
    made.deliver("2026-03-01 07:00", contacts=people, consent_acts=acts, products=PRODUCTS, product_stock=STOCK)
    made.publish("forgotten-cart", "2026-03-01 08:00")
    made.deliver("2026-03-08 06:00", orders=order("old", "p", "2026-03-08 05:00", "b1"))
    made.close()
    return made.home.path


@pytest.fixture
def shop(first_of_march: Path, tmp_path: Path) -> Iterator[Bookshop]:
    made = copy_of(first_of_march, tmp_path / "home")
    yield made
    made.close()


def evening(shop: Bookshop, orders: bool = True) -> None:
    """Half past midnight: carts, and orders of the 9th with a manifest that says they are all."""
    # c went on shopping at ten past midnight
    shop.deliver("2026-03-10 00:30", carts=[*CARTS, *cart("c", touched="2026-03-10T04:10:00Z")])
    if orders:
        ninth = [*order("d1", "d", "2026-03-09 14:00", "book"), *order("e1", "e", "2026-03-09 14:00", "other")]
        complete = [{"feed": "orders", "complete_until": "2026-03-10T04:00:00Z"}]
        shop.deliver("2026-03-10 00:40", manifest=complete, orders=ninth)


def half_past_eight(shop: Bookshop) -> None:
    shop.deliver("2026-03-10 08:30", orders=order("f1", "f", "2026-03-10 08:10"))


def shown(shop: Bookshop, who: str) -> list[str]:
    """The products that a message carries."""
    return [item["product"] for item in shop.outbox()[f"{who}@example.test"].outgoing.context["items"]]


def test_golden_carts_at_nine(shop: Bookshop) -> None:
    evening(shop)
    half_past_eight(shop)
    report = shop.turn(NINE).scenario("forgotten-cart")
    assert shop.decided(NINE) == {
        **dict.fromkeys(SENDS, ("send", None)),
        **dict.fromkeys("def", ("refused", "ordered")),
        "g": ("refused", "not_targeted"),
        "cart-h": ("refused", "anonymous"),
        "i": ("refused", "not_logged_in"),
        "j": ("refused", "consent_refused"),
        "l": ("refused", "nothing_left"),
        "o": ("refused", "same_address"),
    }
    assert (report.candidates, report.send) == (15, 6)
    assert shown(shop, "k") == ["b6", "b5", "b4", "b3", "b2", "b1"]
    assert shown(shop, "p") == ["book", "b2"]
    assert shown(shop, "m") == ["ebook"]


def test_golden_carts_c_follows_the_next_day(shop: Bookshop) -> None:
    evening(shop)
    shop.turn(NINE)
    eleventh = [{"feed": "orders", "complete_until": "2026-03-11T04:00:00Z"}]
    shop.deliver("2026-03-11 00:30", manifest=eleventh, carts=cart("c", touched="2026-03-10T04:10:00Z"))
    shop.turn("2026-03-11 09:00")
    assert shop.decided("2026-03-11 09:00") == {"c": ("send", None)}


def test_golden_carts_six_mails_are_kept(shop: Bookshop) -> None:
    evening(shop)
    half_past_eight(shop)
    shop.turn(NINE)
    assert shop.send("2026-03-10 09:01").accepted == 6
    assert shop.send("2026-03-10 09:02").accepted == 0
    assert sorted(one.lower() for one in shop.received()) == sorted(
        ["a@example.test", "b@example.test", "k@example.test", "m@example.test", "one@example.test", "p@example.test"]
    )
    mail = next(mail for mail in shop.mails() if mail["To"] == "k@example.test")
    text = mail.get_body(("plain",)).get_content()
    assert [f"Book {n}" in text for n in (6, 5, 4, 3, 2, 1)] == [True] * 4 + [False] * 2
    assert "2 more items" in text


def test_golden_carts_phase_1_uses_up_the_carts_but_not_the_slot(shop: Bookshop) -> None:
    evening(shop)
    first = shop.turn("2026-03-10 08:00", enter_since=date(2026, 3, 3))
    sent = {who for who, (outcome, _) in shop.decided("2026-03-10 08:00").items() if outcome == "send"}
    assert sent == SENDS | {"f"}
    assert first.scenario("forgotten-cart").send == 7
    half_past_eight(shop)
    assert shop.outbox()["f@example.test"].state == "cancelled", "f ordered before the message left"
    second = shop.turn(NINE).scenario("forgotten-cart")
    assert (second.candidates, second.send) == (0, 0)


def test_golden_carts_wait_for_the_evening_feed_until_noon(shop: Bookshop) -> None:
    evening(shop, orders=False)
    half_past_eight(shop)
    waiting = shop.turn(NINE).scenario("forgotten-cart")
    assert (waiting.candidates, waiting.deferred, waiting.send) == (15, 15, 0)
    assert set(shop.decided(NINE).values()) == {("deferred", "waiting_feed")}
    report = shop.turn(NOON)
    stale = report.scenario("forgotten-cart")
    assert stale.refused == {"stale_data": 15}
    assert report.alerts, "somebody is told"
    complete = [{"feed": "orders", "complete_until": "2026-03-10T04:00:00Z"}]
    shop.deliver("2026-03-10 12:30", manifest=complete, orders=order("d1", "d", "2026-03-09 14:00"))
    assert shop.turn("2026-03-10 13:00").scenario("forgotten-cart").candidates == 0, "it is final"


def test_golden_carts_the_feed_completes_at_ten(shop: Bookshop) -> None:
    evening(shop, orders=False)
    half_past_eight(shop)
    shop.turn(NINE)
    ninth = [*order("d1", "d", "2026-03-09 14:00", "book"), *order("e1", "e", "2026-03-09 14:00", "other")]
    complete = [{"feed": "orders", "complete_until": "2026-03-10T04:00:00Z"}]
    shop.deliver("2026-03-10 09:50", manifest=complete, orders=ninth)
    shop.turn("2026-03-10 10:00")
    sent = {who for who, (outcome, _) in shop.decided("2026-03-10 10:00").items() if outcome == "send"}
    assert sent == SENDS
