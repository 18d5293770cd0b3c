"""Why no reminder of a cart: feeds, log-in, what is left in it, quiet hours, and carts of nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from relance.base.errors import Refused
from tests.explaining.shop import Bookshop, condition, local, spoken

CART = "forgotten-cart"
MORNING, TURN, NOON = "2026-03-10 08:00", "2026-03-10 09:00", "2026-03-10 12:00"
YESTERDAY, TODAY = "2026-03-09 15:00", "2026-03-10 06:00"
EXPECTED = {
    "c1": ("send", None),
    "c2": ("refused", "not_logged_in"),
    "c3": ("refused", "ordered"),
    "c4": ("refused", "nothing_left"),
    "c5": ("deferred", "quiet_hours"),
    "c6": ("refused", "reentry"),
    "c7": ("no_fact", None),
}


def left_a_cart(shop: Bookshop, contact: int | None, *books: str, logged_in: bool = True) -> None:
    """Cart `k<contact>` of yesterday afternoon; the books were put in from the 7th on, in this order."""
    name, touched = f"k{contact or 0}", local(YESTERDAY)
    shop.put("carts", TODAY, cart=name, contact=contact, touched_at=touched, started_at=touched, logged_in=logged_in)
    for place, book in enumerate(books):
        row = {"line": f"{name}/{place}", "cart": name, "contact": contact, "product": book, "quantity": 1}
        shop.put("cart_lines", TODAY, added_at=local(f"2026-03-07 14:{place:02}"), **row)


def sold(shop: Bookshop, contact: int, book: str, at: str, known: str) -> None:
    """An order of one book."""
    shop.order(f"O{contact}", contact, at, known, amount=9)
    row = {"order_id": f"O{contact}", "contact": contact, "placed_at": local(at), "product": book, "valid": True}
    shop.put("order_lines", known, line=f"O{contact}/1", quantity=1, amount=9, currency="CAD", **row)


def carts_shop(folder: Path) -> Bookshop:
    """Seven people and an anonymous visitor; the last reminder of c6 is three days old."""
    shop = Bookshop(folder, {"quiet_hours": {"email": {"start": "22:00", "end": "07:00"}}})
    needs = [{"feed": "orders", "deadline": "12:00"}]
    shop.publish(CART, holdout="0%", needs=needs, reentry={"after": "7d"})
    shop.on(CART, "2026-03-01 08:00")
    for book, stock in (("novel", None), ("album", 0), ("pocket", None)):
        shop.put("products", product=book, title=book, stock_policy="unlimited" if stock is None else "tracked")
    shop.put("product_stock", product="album", store="s", counted_at=local("2026-03-01"), quantity=0)
    for number in range(1, 8):
        shop.person(number, zone="Asia/Tokyo" if number == 5 else None)
    left_a_cart(shop, 1, "novel", "album", "pocket")
    sold(shop, 1, "pocket", "2026-03-08 10:00", "2026-03-09 06:00")
    left_a_cart(shop, 2, "novel", logged_in=False)
    left_a_cart(shop, 3, "novel")
    sold(shop, 3, "another book", "2026-03-09 18:00", "2026-03-10 06:30")
    left_a_cart(shop, 4, "album")
    left_a_cart(shop, 5, "novel")
    left_a_cart(shop, 6, "novel")
    at = local("2026-03-07 09:00")
    past = {"scenario": CART, "version": 1, "step": CART, "contact": 6, "occurrence": "k60/1", "subject": "k60"}
    shop.house("decisions", at=at, due_at=at, fact_at=at, outcome="send", visitor="", **past)
    left_a_cart(shop, None, "novel")
    return shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Bookshop:
    """The feed of yesterday's orders was complete before the turn."""
    shop = carts_shop(tmp_path_factory.mktemp("carts"))
    shop.house("feed_completeness", feed="orders", until=local("2026-03-10"), known_at=local(MORNING))
    shop.turn(TURN)
    return shop


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Bookshop:
    """The feed of yesterday's orders never came: put off at nine, refused at noon."""
    shop = carts_shop(tmp_path_factory.mktemp("waiting"))
    shop.house("feed_completeness", feed="orders", until=local("2026-03-09"), known_at=local("2026-03-09 06:00"))
    shop.turn(TURN)
    shop.turn(NOON)
    return shop


@pytest.mark.parametrize("who", EXPECTED)
def test_every_cart_has_an_outcome_and_a_primary_reason(shop, who):
    found = shop.why(who, NOON, CART)
    assert (found.outcome, found.reason) == EXPECTED[who]
    assert "parce qu" in found.headline.fr
    assert "because" in found.headline.en


def test_the_order_of_conditions_is_the_published_one(shop):
    codes = [each.code for each in shop.why("c1", NOON, CART).conditions]
    assert codes == [
        "trigger", "on", "stale_data", "too_late", "not_logged_in", "no_address", "not_targeted", "consent_refused",
        "no_basis", "suppressed", "reentry", "ordered", "nothing_left", "quiet_hours", "same_address", "lost", "cap",
        "holdout",
    ]  # fmt: skip


def test_each_book_of_the_cart_is_kept_or_dropped_with_its_reason(shop):
    left = condition(shop.why("c1", NOON, CART), "nothing_left")
    assert {row.said.en.partition(")")[0].partition("(")[2]: row.value for row in left.seen.evidence} == {
        "novel: kept": "kept",
        "album: sold out": "out_of_stock",
        "pocket: bought since": "bought",
    }
    assert (left.verdict, left.seen.value) == ("held", 1)
    assert {row.known_at for row in left.seen.evidence} == {local(TODAY)}


def test_the_order_that_stopped_the_reminder_is_named(shop):
    [row] = condition(shop.why("c3", NOON, CART), "ordered").seen.evidence
    assert (row.key, row.known_at) == ("O3", local("2026-03-10 06:30"))


def test_quiet_hours_say_the_clock_of_the_contact_and_when_they_end(shop):
    found = shop.why("c5", NOON, CART)
    assert condition(found, "quiet_hours").seen.value == "22:00"
    assert found.next.at == local("2026-03-10 18:00")


def test_a_reminder_a_short_while_ago_is_shown_with_its_date(shop):
    found = condition(shop.why("c6", NOON, CART), "reentry")
    assert found.seen.value == local("2026-03-07 09:00")
    assert "7 mars 2026" in found.seen.said.fr


def test_the_cart_of_an_anonymous_visitor_cannot_be_explained_by_contact(shop):
    with pytest.raises(Refused, match="“k0” is the cart of an anonymous visitor"):
        shop.why("k0", NOON, CART)


def test_a_missing_feed_puts_off_and_says_until_when(waiting):
    found = waiting.why("c1", "2026-03-10 10:00", CART)
    assert (found.outcome, found.reason) == ("deferred", "waiting_feed")
    assert found.next.at == local(NOON)
    feed = condition(found, "waiting_feed")
    assert feed.verdict == "refused"
    assert feed.seen.evidence[0].value == local("2026-03-09")


def test_after_the_deadline_the_missing_feed_refuses(waiting):
    found = waiting.why("c1", NOON, CART)
    assert (found.outcome, found.reason) == ("refused", "stale_data")
    assert "n’étaient pas complètes à temps" in found.headline.fr
    assert [spoken(each.en) for each in found.earlier] == ["March 10, 2026, 9:00 a.m.: put off, waiting for data"]


def test_a_new_book_in_the_cart_begins_again(shop):
    shop.put("carts", "2026-03-12 06:00", cart="k3b", contact=3, touched_at=local("2026-03-11 20:00"), logged_in=True)
    line = {"line": "k3b/0", "cart": "k3b", "contact": 3, "product": "novel", "quantity": 1}
    shop.put("cart_lines", "2026-03-12 06:00", added_at=local("2026-03-11 20:00"), **line)
    found = shop.why("c3", "2026-03-12 08:00", CART)
    assert found.occurrence == "k3/1"
    assert found.next.at == local("2026-03-12 09:00")
