"""Check L3 beyond its story (files/l3-price-down.yaml): prices that rise again, wishes that end, other currencies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relance.explaining.explain import explain
from tests.stories.bookshop import Bookshop, bookshop, copy_of, local, order, person

FEEDS = {
    "wishlists": "columns: {wish: id, contact: contact, product: product, added_at: at, removed_at: removed}",
    "product_prices": "columns: {product: product, currency: currency, valid_from: from, amount: amount}",
}
TURN, RELEASE = "2026-03-10 09:00", "2026-03-10 10:00"
SINCE_JANUARY = {"01-01 00:00": "20.00"}
# Each product and who wished for it are called alike.
PRICES: dict[str, dict[str, str]] = {
    "p1": {**SINCE_JANUARY, "02-20 00:00": "15.00", "02-26 00:00": "20.00", "03-10 08:00": "16.00"},
    "p2": {**SINCE_JANUARY, "03-10 08:00": "19.00"},
    "p3": {**SINCE_JANUARY, "03-10 08:00": "19.01"},
    "p4": {"02-20 00:00": "20.00", "03-10 00:00": "15.00"},
    "p5": SINCE_JANUARY,
    "p6": {**SINCE_JANUARY, "03-10 08:00": "15.00"},
}
EUROS = {"p5": {"01-01 00:00": "14.00", "03-10 08:00": "10.00"}}


def prices(product: str, rows: dict[str, str], currency: str = "CAD") -> list[dict[str, Any]]:
    return [
        {"product": product, "currency": currency, "from": f"2026-{when}", "amount": amount}
        for when, amount in rows.items()
    ]


def wish(who: str, product: str, when: str = "2026-01-02 12:00", removed: str = "") -> dict[str, Any]:
    return {"id": f"{who}-{product}", "contact": who, "product": product, "at": when, "removed": removed}


@pytest.fixture(scope="module")
def in_march(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = bookshop(tmp_path_factory.mktemp("prices") / "home", feeds=FEEDS)
    made.people(*(person(name, language="fr") for name in (*PRICES, "anne", "luc")))
    made.deliver(
        "2026-01-02 07:00", products=[{"product": name, "title": f"Titre {name}", "policy": ""} for name in PRICES]
    )
    made.deliver("2026-01-02 13:00", wishlists=[wish(name, name) for name in PRICES])
    before = [row for name, rows in PRICES.items() for row in prices(name, rows) if row["from"] < "2026-03"]
    made.deliver("2026-03-01 07:00", product_prices=before)
    made.publish("price-down", "2026-03-01 08:00")
    made.close()
    return made.home.path


@pytest.fixture
def shop(in_march: Path, tmp_path: Path) -> Iterator[Bookshop]:
    made = copy_of(in_march, tmp_path / "home")
    yield made
    made.close()


def march(shop: Bookshop, when: str = "2026-03-10 08:30") -> None:
    """The prices of March become known."""
    rows = [row for name, said in PRICES.items() for row in prices(name, said) if row["from"] >= "2026-03"]
    shop.deliver(when, product_prices=rows + prices("p5", EUROS["p5"], "EUR"))


def body(shop: Bookshop) -> str:
    (mail,) = shop.mails()
    text = mail.get_body(("plain",))
    assert text is not None
    return str(text.get_content())


def test_a_price_known_to_rise_again_is_not_told_after_it_has(shop: Bookshop) -> None:
    shop.deliver("2026-03-10 08:10", product_prices=prices("p6", {"03-10 08:00": "15.00", "03-10 09:30": "20.00"}))
    shop.turn(TURN)
    assert shop.decided(TURN) == {"p6": ("send", None)}
    shop.send(RELEASE)
    assert {(row.state, row.reason) for row in shop.place.ledger.outbox()} == {("cancelled", "price_back")}


def test_a_price_that_is_back_at_the_turn_is_refused(shop: Bookshop) -> None:
    shop.deliver("2026-03-10 08:50", product_prices=prices("p6", {"03-10 08:00": "15.00", "03-10 08:40": "20.00"}))
    shop.turn(TURN)
    assert shop.decided(TURN) == {"p6": ("refused", "price_back")}


def test_bought_wished_later_or_wished_no_more(shop: Bookshop) -> None:
    later = [wish("anne", "p2", "2026-03-10 08:20"), wish("luc", "p2", "2026-03-01 08:00")]
    shop.deliver("2026-03-10 08:25", wishlists=later, orders=order("o1", "p2", "2026-03-09 18:00", "p2"))
    march(shop)
    shop.deliver("2026-03-10 08:40", wishlists=[wish("luc", "p2", "2026-03-01 08:00", removed="2026-03-10 08:35")])
    shop.turn(TURN)
    found = shop.decided(TURN)
    assert found["p2"] == ("refused", "bought")
    assert found["luc"] == ("refused", "unwished")
    assert "anne" not in found


def test_several_wishes_share_a_message_that_drops_what_is_no_longer_true(shop: Bookshop) -> None:
    shop.deliver("2026-03-09 08:00", wishlists=[wish("anne", product) for product in ("p2", "p6")])
    march(shop)
    told = shop.turn(TURN).scenario("price-down")
    assert (told.send, told.messages) == (4, 3)
    (both,) = [row for row in shop.place.ledger.outbox() if len(row.outgoing.keys) == 2]
    assert [item["product"] for item in both.outgoing.context["items"]] == ["p2", "p6"]
    shop.deliver("2026-03-10 09:40", product_prices=prices("p6", {"03-10 09:30": "20.00"}))
    shop.deliver("2026-03-10 09:45", orders=order("o2", "p2", "2026-03-10 09:41", "p2"))
    shop.send(RELEASE)
    assert shop.received() == ["anne@example.test"]
    assert "Titre p2" in body(shop) and "Titre p6" not in body(shop)


def test_who_pays_in_euros_is_told_of_prices_in_euros(shop: Bookshop) -> None:
    abroad = [{**row, "currency": "EUR"} for row in order("o3", "p5", "2026-02-01 12:00", "p1")]
    feed = shop.home.definitions / "feeds" / "orders.yaml"
    feed.write_text(
        feed.read_text()
        .replace("currency: CAD\n", "")
        .replace("placed_at: at\n", "placed_at: at\n      currency: currency\n", 1)
    )
    shop.deliver("2026-03-02 12:00", orders=abroad)
    march(shop)
    shop.turn(TURN)
    assert shop.decided(TURN)["p5"] == ("send", None)


def test_a_week_passes_before_another_word(shop: Bookshop) -> None:
    march(shop)
    shop.turn(TURN)
    shop.deliver("2026-03-16 08:10", product_prices=prices("p2", {"03-16 08:00": "12.00"}))
    shop.turn("2026-03-16 09:00")
    assert shop.decided("2026-03-16 09:00") == {"p2": ("refused", "reentry")}
    shop.deliver("2026-03-17 08:10", product_prices=prices("p2", {"03-17 08:00": "11.00"}))
    shop.turn("2026-03-17 09:00")
    assert shop.decided("2026-03-17 09:00") == {"p2": ("send", None)}


@pytest.mark.parametrize(("language", "words"), [
    ("fr", "19,00\xa0$ depuis le 10 mars 2026, 8\xa0h\xa000 ; au plus bas 20,00\xa0$ dans les 30 jours d’avant"),
    ("en", "$19.00 since March 10, 2026, 8:00\xa0a.m.; lowest $20.00 in the 30 days before"),
])  # fmt: skip
def test_explain_says_the_price_and_the_lowest_before(shop: Bookshop, language: str, words: str) -> None:
    march(shop)
    shop.turn(TURN)
    told = explain(shop.place, "p2", "price-down", local(RELEASE))
    assert told.outcome == "send"
    assert words in told.text(language)
    short = explain(shop.place, "p4", "price-down", local(RELEASE))
    assert short.reason == "no_price_history"
