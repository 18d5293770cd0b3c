"""Carts by how far they got: when each is due, when to be silent, and what a reminder may truly say is low."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from relance.base.errors import BadDocument
from relance.explaining.explain import explain
from relance.messages.documents import load_message, shipped_text
from relance.messages.lint import lint
from tests.stories.bookshop import CARTS, ORDERS, Bookshop, bookshop, copy_of, local, order, person

NAMES = ("marie", "paul", "anne", "beth")
STOCK = "columns: {product: product, store: store, counted_at: at, quantity: quantity}"
ADVICE = "columns: {contact: contact, product: product, scored_at: at, rank: rank}"
STORES = "columns: {store: store, name: name, address: address}"
BY_STAGE = CARTS.replace("logged_in: {column", "stage: stage\n      store: store\n      logged_in: {column").replace(
    "added_at: added,", "added_at: added, removed_at: removed,"
)
WITH_COUPON = ORDERS.replace("      status: {choose", "      coupon: coupon\n      status: {choose")


def cart(owner: str, touched: str, *products: str, stage: str = "cart", **more: Any) -> list[dict[str, Any]]:
    plain = {
        "cart": f"of-{owner}",
        "contact": owner,
        "logged_in": "yes",
        "stage": stage,
        "store": "port",
        "removed": "",
    }
    return [{**plain, "added": touched, "touched": touched, "product": one, **more} for one in products or ("book",)]


def bought(owner: str, when: str, coupon: str = "") -> list[dict[str, Any]]:
    return [{**row, "coupon": coupon} for row in order(f"{owner}-{when}", owner, when)]


@pytest.fixture(scope="module")
def in_march(tmp_path_factory: pytest.TempPathFactory) -> Path:
    feeds = {"product_stock": STOCK, "recommendations": ADVICE, "stores": STORES}
    made = bookshop(tmp_path_factory.mktemp("stages") / "home", feeds=feeds)
    (made.home.definitions / "feeds" / "carts.yaml").write_text(BY_STAGE)
    (made.home.definitions / "feeds" / "orders.yaml").write_text(WITH_COUPON)
    made.people(*(person(name, language="fr") for name in NAMES))
    products = [{"product": name, "title": name.capitalize(), "policy": "tracked"} for name in ("book", "atlas", "map")]
    made.deliver(
        "2026-01-03 06:00", products=[*products, {"product": "ebook", "title": "Ebook", "policy": "unlimited"}]
    )
    made.publish("cart", "2026-03-01 08:00")
    made.close()
    return made.home.path


@pytest.fixture
def shop(in_march: Path, tmp_path: Path) -> Iterator[Bookshop]:
    made = copy_of(in_march, tmp_path / "home")
    yield made
    made.close()


def decided(shop: Bookshop, when: str) -> dict[str, tuple[str, str | None]]:
    shop.turn(when)
    return shop.decided(when)


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_each_stage_is_due_in_its_own_time(shop: Bookshop) -> None:
    """The clocks change on the 8th; two dates are two dates."""
    rows = [
        *cart("marie", "2026-03-07 20:00"),
        *cart("paul", "2026-03-07 20:00", stage="checkout"),
        *cart("anne", "2026-03-07 20:00", stage="payment_failed"),
        *cart("beth", "2026-03-07 20:00", stage=""),
    ]
    shop.deliver("2026-03-07 20:05", carts=rows)
    assert decided(shop, "2026-03-07 20:30") == {"anne": ("send", None)}
    assert decided(shop, "2026-03-08 08:30") == {}
    assert decided(shop, "2026-03-08 09:00") == {"paul": ("send", None)}
    assert decided(shop, "2026-03-09 09:00") == {"marie": ("send", None), "beth": ("send", None)}
    assert decided(shop, "2026-03-10 09:00") == {}
    told = explain(shop.place, "paul", "cart", local("2026-03-08 10:00"))
    assert told.due_at == local("2026-03-08 09:00")
    assert (
        "Un panier laissé : au panier, 2 jours ; au paiement, 1 jour ; après un paiement refusé, aussitôt"
        in told.text("fr").replace("\xa0", " ")
    )
    assert "at the checkout, 1 day" in told.text("en")
    for day, number in (("2026-03-08 09:00", 1), ("2026-03-09 09:00", 2)):
        assert shop.plan(day).scenario("cart").send == number


def test_ordered_and_emptied_end_it_and_say_so(shop: Bookshop) -> None:
    shop.deliver("2026-03-05 20:05", carts=[row for who in ("marie", "paul") for row in cart(who, "2026-03-05 20:00")])
    gone = cart("marie", "2026-03-05 20:00", removed="2026-03-06 10:00")
    gone = [{**row, "touched": "2026-03-06 10:00"} for row in gone]
    shop.deliver("2026-03-06 11:00", carts=gone, orders=bought("paul", "2026-03-06 10:00"))
    assert decided(shop, "2026-03-07 09:00") == {"paul": ("refused", "ordered")}
    assert decided(shop, "2026-03-08 09:00") == {"marie": ("refused", "emptied")}
    told = explain(shop.place, "marie", "cart", local("2026-03-08 10:00"))
    assert (told.reason, "Le panier a été vidé" in told.text("fr") or "le panier a été vidé" in told.text("fr")) == (
        "emptied",
        True,
    )


def reminded(shop: Bookshop, who: str, first: str, number: int, coupon: str | None = None) -> list[str | None]:
    """So many carts, five days apart, each asked about two days later and, where said, ordered with a coupon after."""
    reasons = []
    for nth in range(number):
        day = date.fromisoformat(first) + timedelta(days=5 * nth)
        shop.deliver(f"{day} 20:05", carts=[{**row, "cart": f"{who}-{nth}"} for row in cart(who, f"{day} 20:00")])
        due = day + timedelta(days=2)
        reasons.append(decided(shop, f"{due} 09:00")[who][1])
        shop.send(f"{due} 09:05")  # a reminder that was called off reminded nobody
        if coupon is not None:
            shop.deliver(f"{due} 21:00", orders=bought(who, f"{due} 20:00", coupon))
    return reasons


def test_the_fourth_cart_in_a_row_is_met_with_silence_until_an_order(shop: Bookshop) -> None:
    assert reminded(shop, "marie", "2026-03-05", 5) == [None, None, None, "abandons_in_a_row", "abandons_in_a_row"]
    shop.deliver("2026-04-01 21:00", orders=bought("marie", "2026-04-01 20:00"))
    shop.deliver("2026-04-05 20:05", carts=[{**row, "cart": "new"} for row in cart("marie", "2026-04-05 20:00")])
    assert decided(shop, "2026-04-07 09:00") == {"marie": ("send", None)}


def test_who_leaves_carts_for_a_coupon_is_left_in_peace_for_ninety_days(shop: Bookshop) -> None:
    assert reminded(shop, "paul", "2026-03-05", 4, coupon="SPRING") == [None, None, None, "abandons_for_discount"]
    assert reminded(shop, "anne", "2026-04-05", 4, coupon="") == [None, None, None, None]
    last = date(2026, 3, 17)  # the order with a coupon that ended his last reminded cart
    for days, reason in ((86, "abandons_for_discount"), (89, None)):
        day = last + timedelta(days=days)
        again = [{**row, "cart": f"paul-{days}"} for row in cart("paul", f"{day} 20:00")]
        shop.deliver(f"{day} 20:05", carts=again)
        assert decided(shop, f"{day + timedelta(days=2)} 09:00")["paul"][1] == reason


@pytest.mark.parametrize(("counts", "said"), [
    ([("book", "port", "2026-03-07 08:00", 2)], "Il en reste 2 à votre boutique"),
    ([("book", "port", "2026-03-07 08:00", 1)], "Il en reste 1 à votre boutique"),
    ([("book", "port", "2026-03-07 08:00", 4)], None),
    ([("book", "elsewhere", "2026-03-07 08:00", 2)], None),
    ([("book", "port", "2026-03-06 08:00", 2), ("book", "port", "2026-03-07 08:00", 9)], None),
])  # fmt: skip
def test_a_low_stock_line_prints_the_number_of_the_last_count(
    shop: Bookshop, counts: list[tuple[str, str, str, int]], said: str | None
) -> None:
    shop.deliver("2026-03-05 20:05", carts=cart("marie", "2026-03-05 20:00"))
    rows = [dict(zip(("product", "store", "at", "quantity"), count, strict=True)) for count in counts]
    shop.deliver("2026-03-07 08:30", product_stock=rows)
    shop.turn("2026-03-07 09:00")
    shop.send("2026-03-07 09:05")
    (mail,) = shop.mails()
    assert ("Il en reste" in text_of(mail)) == (said is not None)
    assert said is None or said in text_of(mail)


def test_a_count_known_for_more_than_a_day_prints_nothing(shop: Bookshop) -> None:
    shop.deliver("2026-03-05 20:05", carts=cart("marie", "2026-03-05 20:00"))
    stale = [{"product": "book", "store": "port", "at": "2026-03-06 08:00", "quantity": 2}]
    shop.deliver("2026-03-06 08:30", product_stock=stale)
    shop.turn("2026-03-07 09:00")
    shop.send("2026-03-07 09:05")
    assert "Il en reste" not in text_of(shop.mails()[0])


def test_the_second_cart_in_a_row_comes_with_company(shop: Bookshop) -> None:
    advice = [
        {"contact": "marie", "product": name, "at": "2026-03-01 08:00", "rank": rank}
        for rank, name in enumerate(("book", "atlas", "map", "ebook"))
    ]
    shop.deliver("2026-03-04 06:00", recommendations=advice)
    reminded(shop, "marie", "2026-03-05", 1)
    assert "À voir aussi" not in text_of(shop.mails()[0])
    shop.deliver("2026-03-10 20:05", carts=[{**row, "cart": "second"} for row in cart("marie", "2026-03-10 20:00")])
    assert decided(shop, "2026-03-12 09:00") == {"marie": ("send", None)}
    shop.send("2026-03-12 09:05")
    later = next(text_of(mail) for mail in shop.mails() if "À voir aussi" in text_of(mail))
    assert "- Atlas" in later
    assert "- Map" in later
    assert "- Ebook" not in later


@pytest.mark.parametrize("words", ["Only a few left!", "Limited stock", "Derniers exemplaires", "Bientôt épuisé"])
def test_few_without_a_number_is_refused(words: str) -> None:
    message = load_message(shipped_text("cart").replace("See my cart", words), "cart.yaml")
    assert "urgency" in {finding.code for finding in lint(message)}


def test_a_cart_message_has_no_coupon(shop: Bookshop) -> None:
    message = load_message(shipped_text("cart").replace("  cart_url: url\n", "  cart_url: url\n  coupon?: text\n"), "c")
    assert "coupon_in_cart" in {finding.code for finding in lint(message)}


@pytest.mark.parametrize(("quiet", "said"), [
    ({"by_stage": {"cart": "2d"}, "days": 1}, "either so many days or by_stage"),
    ({"by_stage": {"cart": "4h"}}, "whole days, like 2d, or at_once"),
    ({"by_stage": {}}, "by_stage"),
])  # fmt: skip
def test_stages_are_said_plainly(shop: Bookshop, quiet: dict[str, Any], said: str) -> None:
    with pytest.raises(BadDocument, match=said):
        shop.publish("cart", "2026-03-02 08:00", trigger={"quiet": quiet})
