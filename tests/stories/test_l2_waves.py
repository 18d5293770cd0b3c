"""Check L2 beyond its story (files/l2-waves.yaml): when a wave opens, what is no restock, who is not told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.stories.bookshop import Bookshop, bookshop, copy_of, order, person, yes

FEEDS = {
    "wishlists": "columns: {wish: id, contact: contact, product: product, added_at: at, removed_at: removed}",
}
WISHERS = [f"w{number:02}" for number in range(1, 21)]
OUT, BACK = "2026-03-07 10:00", "2026-03-10 10:00"


def wish(who: str, when: str, product: str = "atlas", removed: str = "") -> dict[str, Any]:
    return {"id": f"{who}-{product}", "contact": who, "product": product, "at": when, "removed": removed}


def count(shop: Bookshop, when: str, quantity: int, product: str = "atlas") -> None:
    """A count of the stock that is known as it is made."""
    shop.deliver(when, product_stock=[{"product": product, "at": when, "quantity": quantity}])


@pytest.fixture(scope="module")
def in_march(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Out of stock for three days; w03 refuses e-mail, w05 bought it yesterday, seed and share hold out w07 alone."""
    made = bookshop(tmp_path_factory.mktemp("waves") / "home", feeds=FEEDS)
    settings = made.home.path / "relance.toml"
    settings.write_text(settings.read_text().replace('seed = "check"', 'seed = "1"'))
    made.reopen()
    made.people(*(person(who, language="fr") for who in WISHERS))
    titles = [("atlas", "L’Atlas", "tracked"), ("novel", "Un roman", "tracked"), ("e-book", "Un fichier", "unlimited")]
    made.deliver(
        "2026-01-02 07:00", products=[{"product": name, "title": title, "policy": kept} for name, title, kept in titles]
    )
    made.deliver("2026-01-05 07:00", wishlists=[wish(who, f"2026-01-04 10:{who[1:]}") for who in WISHERS])
    count(made, "2026-01-05 10:00", 2)
    count(made, OUT, 0)
    made.deliver("2026-03-08 13:00", consent_acts=[yes("w03", "2026-03-08 12:00", act="denied")])
    made.deliver("2026-03-09 19:00", orders=order("o1", "w05", "2026-03-09 18:00", "atlas"))
    made.publish("back-in-stock", "2026-03-01 08:00", holdout="4%")
    made.close()
    return made.home.path


@pytest.fixture
def shop(in_march: Path, tmp_path: Path) -> Iterator[Bookshop]:
    made = copy_of(in_march, tmp_path / "home")
    yield made
    made.close()


def decided(shop: Bookshop, when: str, outcome: str) -> dict[str, str | None]:
    """Who had that outcome at the turn of that time, and why."""
    return {who: reason for who, (found, reason) in shop.decided(when).items() if found == outcome}


def test_a_wave_opens_after_four_hours_or_at_the_next_count(shop: Bookshop) -> None:
    count(shop, BACK, 1)
    shop.turn(BACK)
    assert len(decided(shop, BACK, "send")) == 4
    shop.turn("2026-03-10 12:00")
    assert decided(shop, "2026-03-10 12:00", "send") == {}
    shop.turn("2026-03-10 14:00")
    assert len(decided(shop, "2026-03-10 14:00", "send")) == 4
    count(shop, "2026-03-10 14:30", 2)
    shop.turn("2026-03-10 14:30")
    assert len(decided(shop, "2026-03-10 14:30", "send")) == 8
    assert shop.plan("2026-03-10 14:00").scenario("back-in-stock").send == 4  # as it was decided then


def test_after_three_days_it_is_too_late(shop: Bookshop) -> None:
    count(shop, BACK, 1)
    shop.turn(BACK)
    shop.turn("2026-03-13 10:01")
    assert set(decided(shop, "2026-03-13 10:01", "refused").values()) == {"too_late"}


@pytest.mark.parametrize(
    ("product", "counts"),
    [
        ("novel", {"03-06 09:00": 1, "03-08 10:00": 0, "03-09 09:59": 5}),  # out for less than a day
        ("novel", {"03-06 09:00": 1, "03-07 10:00": 3, "03-09 10:00": 10}),  # never out
        ("e-book", {"03-06 09:00": 1, "03-07 10:00": 0, "03-09 10:00": 5}),  # an e-book never runs out
    ],
)
def test_what_was_not_out_does_not_come_back(shop: Bookshop, product: str, counts: dict[str, int]) -> None:
    rows = [{"product": product, "at": f"2026-{when}", "quantity": quantity} for when, quantity in counts.items()]
    shop.deliver("2026-03-09 20:00", wishlists=[wish("w01", "2026-03-05 07:30", product)], product_stock=rows)
    assert shop.turn("2026-03-10 09:00").scenario("back-in-stock").candidates == 0


def test_who_wished_later_or_no_longer_wishes_is_not_told(shop: Bookshop) -> None:
    shop.deliver("2026-03-09 20:00", wishlists=[wish("w01", "2026-01-04 10:01", removed="2026-03-09 19:00")])
    count(shop, BACK, 9)
    later = [wish("w02", "2026-01-04 10:02", removed="2026-03-10 10:20"), wish("w04", "2026-03-10 10:10")]
    shop.deliver("2026-03-10 10:30", wishlists=later)
    shop.turn("2026-03-10 11:00")
    found = shop.decided("2026-03-10 11:00")
    assert "w01" not in found and "w04" not in found
    assert found["w02"] == ("refused", "unwished")


def test_what_sells_out_before_the_message_leaves_is_not_announced(shop: Bookshop) -> None:
    count(shop, BACK, 3)
    shop.turn(BACK)
    count(shop, "2026-03-10 10:30", 0)
    shop.send("2026-03-10 10:31")
    assert shop.mails() == []
    assert {(row.state, row.reason) for row in shop.place.ledger.outbox()} == {("cancelled", "out_again")}
