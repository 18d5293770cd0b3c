"""L14 beyond its story (files/l14-points.yaml): lots that are extended, lots whose rest is known, past days."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from relance.messages.preview import preview
from tests.stories.bookshop import Bookshop, bookshop, copy_of, local, person

FEEDS = {
    "loyalty_lots": "columns: {lot: lot, contact: contact, earned_at: earned, expires_on: expires, points: points}",
    "loyalty_accounts": "columns: {account: account, contact: contact, opened_at: opened, points: points}",
}
NAMES = ("marie", "paul")


def lot(number: str, who: str, expires: str, points: int) -> dict[str, Any]:
    return {
        "lot": f"{who}-{number}",
        "contact": who,
        "earned": "2025-05-01 12:00",
        "expires": expires,
        "points": points,
    }


def lots(who: str) -> list[dict[str, Any]]:
    return [lot("1", who, "2026-04-10", 100), lot("2", who, "2026-05-08", 50), lot("3", who, "2026-05-11", 70)]


def balance(who: str, points: int) -> dict[str, Any]:
    return {"account": f"of-{who}", "contact": who, "opened": "2025-01-01 12:00", "points": points}


@pytest.fixture(scope="module")
def in_march(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = bookshop(tmp_path_factory.mktemp("points") / "home", feeds=FEEDS)
    made.people(*(person(name, language="fr") for name in NAMES))
    made.deliver("2026-01-03 06:00", loyalty_lots=[row for name in NAMES for row in lots(name)])
    made.deliver("2026-01-03 07:00", loyalty_accounts=[balance(name, 220) for name in NAMES])
    made.publish("points", "2026-03-01 08:00")
    made.turn("2026-03-10 09:00")
    assert made.decided("2026-03-10 09:00") == {}
    made.turn("2026-03-11 09:00")
    assert made.decided("2026-03-11 09:00") == dict.fromkeys(NAMES, ("send", None))
    made.send("2026-03-11 09:05")
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


def test_a_lot_extended_after_the_first_message_ends_its_journey_and_has_an_occurrence_of_its_own(
    shop: Bookshop,
) -> None:
    shop.deliver(
        "2026-03-25 06:00", loyalty_lots=[lot("1", "marie", "2026-07-10", 100), *lots("marie")[1:], *lots("paul")]
    )
    assert decided(shop, "2026-04-03 09:00") == {"marie": ("refused", "points_extended"), "paul": ("send", None)}
    assert decided(shop, "2026-04-08 09:00") == {"marie": ("send", None)}  # her second lot comes first now


def test_what_a_shop_says_is_left_of_each_lot_needs_no_balance(shop: Bookshop) -> None:
    left = [
        lot("1", "marie", "2026-04-10", 0),
        lot("2", "marie", "2026-05-08", 30),
        lot("3", "marie", "2026-05-11", 70),
    ]
    shop.deliver("2026-03-21 06:00", loyalty_lots=[*left, *lots("paul")])
    shop.deliver("2026-03-21 07:00", loyalty_accounts=[{**balance("marie", 0), "points": ""}])
    assert decided(shop, "2026-04-03 09:00")["marie"] == ("refused", "points_spent")


def test_a_past_day_is_planned_as_it_was_decided(shop: Bookshop) -> None:
    lived = shop.turn("2026-04-03 09:00").scenario("points")
    shop.deliver("2026-04-05 06:00", loyalty_accounts=[balance(name, 0) for name in NAMES])
    for day, report in (("2026-03-11", (2, 2)), ("2026-04-03", (lived.candidates, lived.send))):
        again = shop.plan(f"{day} 09:00").scenario("points")
        assert (again.candidates, again.send) == report


def test_a_preview_for_somebody_makes_nothing_up_that_the_shop_has_not_said(shop: Bookshop) -> None:
    at, name = local("2026-03-11 10:00"), "points"
    paul = shop.place.engine.value("SELECT contact FROM contacts_vault WHERE own_id = 'paul'")
    assert "Ils valent" not in preview(shop.place, name, at, paul).rendered.text
    assert "Ils valent 5 $." in preview(shop.place, name, at, language="fr").rendered.text
