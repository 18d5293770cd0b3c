"""After an order: it is confirmed at once, and once it has had time somebody asks what they thought of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relance.explaining.explain import explain
from tests.stories.bookshop import ORDERS, Bookshop, bookshop, local, order, person, yes

FEEDS = {
    "reviews": "columns: {review: id, contact: contact, product: product, order_id: order, reviewed_at: at}",
    "complaints": "columns: {complaint: id, contact: contact, opened_at: at, closed_at: closed}",
}
DELIVERED = ORDERS.replace("      placed_at: at\n", "      placed_at: at\n      delivered_at: delivered\n").replace(
    "then: cancelled}]", "then: cancelled}, {when: {column: status, is: confirmed}, then: confirmed}]"
)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Bookshop]:
    made = bookshop(tmp_path / "home", "[pressure]\nmessages = 1\ndays = 30\n", FEEDS)
    (made.home.definitions / "feeds" / "orders.yaml").write_text(DELIVERED)
    made.deliver("2026-01-02 06:00", contacts=[person(one) for one in ("marie", "paul", "rose", "luc")])
    made.deliver("2026-01-02 07:00", products=[{"product": "tides", "title": "The Slow Tides", "policy": ""}])
    yield made
    made.close()


def ordered(number: str, contact: str, when: str, *products: str, **more: Any) -> list[dict[str, Any]]:
    """An order with the day on which it came, where that is known."""
    status = more.pop("status", "paid")
    return [{**row, "delivered": "", **more} for row in order(number, contact, when, *products, status=status)]


def test_an_order_is_confirmed_as_soon_as_it_is_known(shop: Bookshop) -> None:
    shop.deliver("2026-02-02 06:00", consent_acts=[yes("paul", "2026-02-01 12:00", act="opt_out")])
    shop.publish("order-confirmation", "2026-03-01 08:00")
    rows = [
        *ordered("o1", "marie", "2026-03-09 10:05", "tides", "pen"),
        *ordered("o2", "paul", "2026-03-09 10:06"),
        *ordered("o3", "rose", "2026-03-09 10:07", status="confirmed"),
        *ordered("o4", "luc", "2026-03-08 10:06"),
    ]
    shop.deliver("2026-03-09 10:10", orders=rows)
    shop.turn("2026-03-09 10:10")
    assert shop.decided("2026-03-09 10:10") == {
        "marie": ("send", None),
        "paul": ("send", None),  # nobody needs to agree to a confirmation
        "rose": ("refused", "confirmed_by_shop"),
        "luc": ("refused", "too_late"),
    }
    told = explain(shop.place, "rose", "order-confirmation", local("2026-03-09 10:11"))
    assert (told.outcome, told.reason) == ("refused", "confirmed_by_shop")
    shop.send("2026-03-09 10:11")
    said = next(str(mail.get_body(("plain",)).get_content()) for mail in shop.mails() if "marie" in str(mail["To"]))  # type: ignore[union-attr]
    assert "your order o1 of March 9, 2026" in said
    assert "- The Slow Tides ($20.00)" in said
    assert "- pen ($20.00)" in said
    assert "Total: $40.00" in said


def test_an_opinion_is_asked_for_what_has_none_yet(shop: Bookshop) -> None:
    shop.publish("review", "2026-03-01 08:00")
    rows = [
        *ordered("o1", "marie", "2026-02-20 10:00", "tides", "pen", "cup", delivered="2026-03-02 15:00"),
        *ordered("o2", "paul", "2026-02-20 10:00", "tides"),  # nobody knows when it came: the tenth day stands for it
        *ordered("o3", "rose", "2026-02-20 10:00", "tides", delivered="2026-03-02 15:00"),
        *ordered("o4", "luc", "2026-02-20 10:00", "tides", delivered="2026-03-02 15:00"),
    ]
    shop.deliver("2026-03-03 06:00", orders=rows)
    said = [{"id": "r1", "contact": "marie", "product": "pen", "order": "o1", "at": "2026-03-05 10:00"}]
    said += [{"id": "r2", "contact": "rose", "product": "tides", "order": "", "at": "2026-03-05 10:00"}]
    wrong = [{"id": "c1", "contact": "luc", "at": "2026-03-04 10:00", "closed": ""}]
    wrong += [{"id": "c2", "contact": "marie", "at": "2026-03-04 10:00", "closed": "2026-03-06 10:00"}]
    shop.deliver("2026-03-07 06:00", reviews=said, complaints=wrong)
    shop.turn("2026-03-22 09:00")
    assert shop.decided("2026-03-22 09:00") == {}
    shop.turn("2026-03-23 09:00")
    assert shop.decided("2026-03-23 09:00") == {
        "marie": ("send", None),
        "paul": ("send", None),
        "rose": ("refused", "reviewed"),
        "luc": ("refused", "open_complaint"),
    }
    assert explain(shop.place, "rose", "review", local("2026-03-23 09:30")).reason == "reviewed"
    shop.send("2026-03-23 09:05")
    mail = next(str(mail.get_body(("plain",)).get_content()) for mail in shop.mails() if "marie" in str(mail["To"]))  # type: ignore[union-attr]
    assert "- The Slow Tides" in mail
    assert "- cup" in mail
    assert "- pen" not in mail


def test_who_gave_it_back_is_not_asked_and_nobody_twice_in_ninety_days(shop: Bookshop) -> None:
    shop.publish("review", "2026-03-01 08:00")
    first = ordered("o1", "marie", "2026-02-20 10:00", "tides", delivered="2026-03-02 15:00")
    back = ordered("o2", "paul", "2026-02-20 10:00", "tides", delivered="2026-03-02 15:00")
    shop.deliver("2026-03-03 06:00", orders=[*first, *back])
    shop.turn("2026-03-03 09:00")
    shop.deliver("2026-03-20 06:00", orders=[{**row, "status": "cancelled"} for row in back])
    shop.turn("2026-03-23 09:00")
    assert shop.decided("2026-03-23 09:00") == {"marie": ("send", None)}
    shop.deliver("2026-03-24 06:00", orders=ordered("o3", "marie", "2026-03-23 10:00", delivered="2026-05-30 10:00"))
    shop.deliver("2026-03-25 06:00", orders=ordered("o4", "marie", "2026-03-24 10:00", delivered="2026-05-31 10:00"))
    shop.turn("2026-06-20 09:00")
    shop.turn("2026-06-21 09:00")
    assert shop.decided("2026-06-20 09:00") == {"marie": ("refused", "reentry")}
    assert shop.decided("2026-06-21 09:00") == {"marie": ("send", None)}
