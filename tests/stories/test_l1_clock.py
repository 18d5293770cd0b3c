"""Check L1, the clock: birthdays, waits until a clock time, and the end of implied consents, to the instant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from relance.base.clock import FixedClock
from relance.base.zones import to_instant
from relance.channels.sender import send_due
from relance.channels.setup import email_channel, mail_settings
from relance.flow import run
from relance.messages.publishing import library_document
from tests.stories.bookshop import Bookshop, bookshop, local, order, person, yes
from tests.stories.test_pressure import after_order

Open = Callable[..., Bookshop]
HALF_AN_HOUR = timedelta(minutes=30)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    shops: list[Bookshop] = []

    def make(more: str = "") -> Bookshop:
        shop = bookshop(tmp_path / "home", more)
        shop.write_message("hello", "A word", "Hello {{ contact.first_name }}.", {})
        shops.append(shop)
        return shop

    yield make
    for shop in shops:
        shop.close()


def turns(shop: Bookshop, about: datetime, before: int = 3, after: int = 2) -> None:
    """Turns every 30 minutes about an instant."""
    for n in range(-before, after + 1):
        run(shop.place, about + n * HALF_AN_HOUR)


def sent(shop: Bookshop) -> dict[str, list[datetime]]:
    """By own id, the instants of the turns that sent."""
    rows = shop.place.engine.rows(
        "SELECT own_id, \"at\" FROM decisions JOIN contacts_vault USING (contact) WHERE outcome = 'send' ORDER BY 2"
    )
    found: dict[str, list[datetime]] = {}
    for row in rows:
        found.setdefault(row["own_id"], []).append(row["at"].replace(tzinfo=UTC))
    return found


def test_l1_birthdays(opened: Open) -> None:
    shop = opened()
    born = {"leap": "2000-02-29", "seventh": "1980-03-07", "eighth": "1980-03-08", "ninth": "1980-03-09"}
    shop.people(*(person(who, born=day) for who, day in born.items()))
    shop.publish("birthday", "2026-03-01 08:00")
    expected = {
        "seventh": [utc("2026-03-07T14:00")],
        "eighth": [utc("2026-03-08T13:00")],  # the clocks changed that night
        "ninth": [utc("2026-03-09T13:00")],
        "leap": [utc("2027-02-28T14:00"), utc("2028-02-29T14:00")],
    }
    for instant in sorted(at for instants in expected.values() for at in instants):
        turns(shop, instant)
    assert sent(shop) == expected


def test_l1_each_by_their_own_clock(opened: Open) -> None:
    shop = opened()
    zones = {"east": "Pacific/Kiritimati", "west": "Etc/GMT+12", "here": ""}
    shop.people(*(person(who, born="1980-03-10", zone=zone) for who, zone in zones.items()))
    shop.publish("birthday", "2026-03-01 08:00", zone="contact")
    expected = {
        "east": [utc("2026-03-09T19:00")],
        "here": [utc("2026-03-10T13:00")],
        "west": [utc("2026-03-10T21:00")],
    }
    for instants in expected.values():
        turns(shop, instants[0])
    assert sent(shop) == expected


def test_l1_no_turn_on_the_day(opened: Open) -> None:
    shop = opened()
    zones = {"east": "Pacific/Kiritimati", "west": "Etc/GMT+12", "here": ""}
    shop.people(*(person(who, born="1980-03-10", zone=zone) for who, zone in zones.items()))
    shop.publish("birthday", "2026-03-01 08:00")
    own = {**library_document("birthday").data, "scenario": "by-their-own", "zone": "contact", "holdout": "0%"}
    shop.publish(own, "2026-03-01 08:00")
    run(shop.place, utc("2026-03-09T09:30"))  # the ninth in Toronto; east of the date line the ninth is not over
    run(shop.place, utc("2026-03-11T05:00"))  # one in the morning of the eleventh in Toronto; still the tenth far west
    late, goes = ("refused", "too_late"), ("send", None)
    assert shop.decided("2026-03-11 01:00", "birthday") == dict.fromkeys(zones, late)
    assert shop.decided("2026-03-11 01:00", "by-their-own") == {"east": late, "here": late, "west": goes}


@pytest.mark.parametrize(
    ("until", "entered", "expected"),
    [
        ("02:30", "2026-03-07 12:00", "2026-03-08T07:00"),  # there is no 02:30 that night
        ("01:30", "2026-10-31 12:00", "2026-11-01T05:30"),  # there are two
    ],
)
def test_l1_waits_until(opened: Open, until: str, entered: str, expected: str) -> None:
    shop = opened()
    shop.people(person("marie"))
    shop.publish(_waiting(until), "2026-03-01 08:00")
    shop.deliver(entered.replace("12:00", "11:30"), orders=order("o1", "marie", entered.replace("12:00", "11:15")))
    run(shop.place, local(entered))
    turns(shop, utc(expected))
    assert sent(shop) == {"marie": [utc(expected)]}


def _waiting(until: str) -> dict[str, Any]:
    steps = [{"wait": {"until": until}}, {"send": {"channel": "email", "message": "hello"}}]
    plain = {key: value for key, value in after_order("waits", days=0, steps=steps).items() if key != "schedule"}
    return {**plain, "fresh_for": "24h"}


def test_l1_an_implied_consent_ends(opened: Open) -> None:
    shop = opened()
    people = ("bought", "asked", "again", "express", "gone")
    shop.deliver("2024-01-02 06:00", contacts=[person(who) for who in people])
    acts = [yes(who, "2024-02-29 10:00", basis="implied_purchase") for who in ("bought", "again", "express", "gone")]
    shop.deliver("2024-03-01 06:00", consent_acts=acts)
    acts = [
        yes("asked", "2025-08-31 18:00", basis="implied_inquiry"),
        yes("again", "2025-09-01 10:00", basis="implied_purchase"),
        yes("express", "2025-09-01 10:00", basis="express"),
        yes("gone", "2025-09-01 10:00", act="denied"),
    ]
    shop.deliver("2025-09-02 06:00", consent_acts=acts)
    shop.publish("consent-lapse", "2026-01-02 08:00")
    turns(shop, utc("2026-01-29T14:00"))
    assert shop.decided("2026-01-29 09:00") == {
        "bought": ("send", None),
        "asked": ("send", None),
        "again": ("refused", "basis_renewed"),
        "express": ("refused", "express_given"),
        "gone": ("refused", "consent_refused"),
    }
    shop.send("2026-01-29 09:05")
    said = {str(mail["To"]): mail for mail in shop.mails()}
    assert set(said) == {"bought@example.test", "asked@example.test"}
    assert "February 28, 2026" in str(said["asked@example.test"].get_body(("plain",)))
    turns(shop, utc("2026-02-21T14:00"))
    both = [utc("2026-01-29T14:00"), utc("2026-02-21T14:00")]
    assert sent(shop) == {"bought": both, "asked": both}
    assert _handed_over(shop, utc("2026-02-28T04:59:59")).refused == {}
    assert len(shop.mails()) == 4


def test_l1_at_the_instant_of_expiry_nothing_leaves_any_more(opened: Open) -> None:
    shop = opened()
    shop.deliver("2024-01-02 06:00", contacts=[person("bought")])
    shop.deliver("2024-03-01 06:00", consent_acts=[yes("bought", "2024-02-29 10:00", basis="implied_purchase")])
    shop.publish("consent-lapse", "2026-01-02 08:00")
    run(shop.place, utc("2026-01-29T14:00"))
    expiry = to_instant(datetime(2026, 2, 28).date(), datetime.min.time(), "America/Toronto")
    assert expiry == utc("2026-02-28T05:00")
    assert _handed_over(shop, expiry).refused == {"no_basis": 1}
    assert shop.mails() == []


def _handed_over(shop: Bookshop, at: datetime) -> Any:
    settings = mail_settings(shop.place.settings, shop.place.secret)
    return send_due(shop.place.ledger, email_channel(settings, shop.home.mail), settings, FixedClock(at))
