"""Clicks and orders meet: the last person's click within five days takes the order, machines and tests take none."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from relance.base.clock import naive_utc
from relance.customers.absorb import message_key
from relance.customers.star import STAR
from relance.customers.tables import BOOKKEEPING
from relance.reports.accounts import overview
from relance.reports.asking import Period, ask
from relance.reports.catalogue import CATALOGUE
from relance.reports.metrics import measure
from tests.stories.bookshop import Bookshop, bookshop, local, order, person

PEOPLE = ("anna", "bea", "carl", "dora")
HELLO, AGAIN = "2026-03-03 09:00", "2026-03-04 09:00"
NOW = "2026-03-30 06:00"


def after_order(name: str, days: int) -> dict[str, object]:
    trigger = {"row": {"table": "orders", "where": "valid", "days": days}}
    steps = [{"name": "hello", "send": {"channel": "email", "message": "hello"}}]
    return {"scenario": name, "schedule": {"daily": "09:00"}, "trigger": trigger, "fresh_for": "3d", "steps": steps}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Bookshop]:
    """Four readers, each written to by two scenarios on two mornings."""
    shop = bookshop(tmp_path / "home")
    shop.write_message("hello", "A word", "Hello {{ contact.first_name | default('you') }}.", {})
    shop.people(*(person(name) for name in PEOPLE))
    for name, days in (("thanks", 1), ("again", 2)):
        shop.publish(after_order(name, days), "2026-03-01 08:00")
    shop.deliver("2026-03-03 06:00", orders=[row for name in PEOPLE for row in order(name, name, "2026-03-02 15:00")])
    for turn in (HELLO, AGAIN):
        shop.turn(turn)
        shop.send(turn)
    yield shop
    shop.close()


def reaction(shop: Bookshop, who: str, scenario: str, when: str, kind: str = "click", verdict: str = "human") -> None:
    """What the tracker tells: known when it happened."""
    engine, table = shop.place.engine, STAR["reactions"]
    contact = engine.value(f"SELECT contact FROM contacts_vault WHERE own_id = '{who}'")
    occurrence = engine.value(
        f"SELECT occurrence FROM decisions WHERE contact = {contact} AND scenario = '{scenario}' AND outcome = 'send'"
    )
    row = {
        "reaction": f"{who}-{scenario}-{when}-{kind}-{verdict}",
        "contact": contact,
        "scenario": scenario,
        "step": "hello",
        "occurrence": occurrence,
        "channel": "email",
        "message_key": message_key(scenario, "hello", contact, occurrence),
        "kind": kind,
        "verdict": verdict,
        "happened_at": naive_utc(local(when)),
        "known_at": naive_utc(local(when)),
        "source": 0,
    }
    columns = {column.name: column.type for column in (*table.open_columns, *BOOKKEEPING)}
    engine.load("told", columns, [row])
    engine.insert("reactions", "SELECT * FROM told")


def counted(shop: Bookshop, name: str, as_of: str = NOW) -> dict[str | None, object]:
    asked = ask(shop.place, Period(), local(as_of))
    return {each.scenario: each.value for each in measure(asked, CATALOGUE[name], ("scenario",))}


def test_the_last_click_takes_the_whole_order_and_no_other_does(shop: Bookshop) -> None:
    reaction(shop, "anna", "thanks", "2026-03-04 10:00")
    reaction(shop, "anna", "again", "2026-03-04 11:00")
    reaction(shop, "bea", "thanks", "2026-03-04 10:00")
    rows = order("a", "anna", "2026-03-05 10:00", "x", "y") + order("b", "bea", "2026-03-05 10:00")
    shop.deliver("2026-03-06 06:00", orders=rows + order("c", "carl", "2026-03-05 10:00"))
    assert counted(shop, "attributed_orders") == {"again": 1, "thanks": 1}
    assert counted(shop, "attributed_revenue") == {"again": Decimal(40), "thanks": Decimal(20)}
    assert counted(shop, "attributed_share") == {"again": pytest.approx(2 / 3), "thanks": pytest.approx(1 / 3)}


def test_five_local_days_by_the_clock_and_never_backwards(shop: Bookshop) -> None:
    """The clocks changed on the eighth: five days are 119 hours."""
    for who in ("anna", "bea", "carl"):
        reaction(shop, who, "again", "2026-03-05 10:00")
    rows = order("a", "anna", "2026-03-10 10:00") + order("b", "bea", "2026-03-10 10:01")
    shop.deliver("2026-03-11 06:00", orders=rows + order("c", "carl", "2026-03-05 09:59"))
    assert counted(shop, "attributed_orders") == {"again": 1}


def test_machines_earn_nothing_and_are_counted_beside_people(shop: Bookshop) -> None:
    reaction(shop, "anna", "thanks", "2026-03-03 09:01", verdict="machine")
    reaction(shop, "bea", "thanks", "2026-03-03 10:00")
    reaction(shop, "bea", "thanks", "2026-03-03 10:05")
    shop.deliver("2026-03-05 06:00", orders=order("a", "anna", "2026-03-04 10:00"))
    assert counted(shop, "attributed_orders") == {}
    assert counted(shop, "clicked") == {"again": 0.0, "thanks": 0.25}
    assert counted(shop, "clicked_raw") == {"again": 0.0, "thanks": 0.5}


def test_an_order_cancelled_later_takes_its_money_back(shop: Bookshop) -> None:
    reaction(shop, "anna", "again", "2026-03-04 11:00")
    shop.deliver("2026-03-06 06:00", orders=order("a", "anna", "2026-03-05 10:00"))
    shop.deliver("2026-03-07 06:00", orders=order("a", "anna", "2026-03-05 10:00", status="cancelled"))
    assert counted(shop, "attributed_revenue", "2026-03-06 12:00") == {"again": Decimal(20)}
    assert counted(shop, "attributed_revenue") == {}


def test_opens_are_of_those_who_allow_it_and_proxies_stand_beside_people(shop: Bookshop) -> None:
    """Anna and Bea have a pixel; the others' messages are in no rate."""
    contacts = "(SELECT contact FROM contacts_vault WHERE own_id IN ('anna', 'bea'))"
    shop.turn("2026-03-05 09:00")
    shop.place.engine.execute(f"UPDATE message_states SET pixel = contact IN {contacts}")
    reaction(shop, "anna", "thanks", "2026-03-04 10:00", kind="open", verdict="proxy")
    reaction(shop, "bea", "thanks", "2026-03-04 10:00", kind="open")
    reaction(shop, "carl", "thanks", "2026-03-04 10:00", kind="open")
    assert counted(shop, "opened") == {"again": 0.0, "thanks": 0.5}
    assert counted(shop, "opened_raw") == {"again": 0.0, "thanks": 1.0}


def test_what_bounced_was_not_delivered(shop: Bookshop) -> None:
    reaction(shop, "anna", "again", "2026-03-04 11:00", kind="bounce")
    reaction(shop, "bea", "again", "2026-03-04 12:00", kind="unsubscribe")
    assert counted(shop, "sent") == {"again": 4, "thanks": 4}
    assert counted(shop, "bounced") == {"again": 1}
    assert counted(shop, "delivered") == {"again": 3, "thanks": 4}
    assert counted(shop, "unsubscribed") == {"again": pytest.approx(1 / 3), "thanks": 0.0}


def test_a_click_known_later_is_not_in_an_earlier_report(shop: Bookshop) -> None:
    reaction(shop, "anna", "again", "2026-03-05 11:00")
    assert counted(shop, "clicked", "2026-03-05 10:00") == {"again": 0.0, "thanks": 0.0}


def test_attributed_money_is_no_part_of_what_was_earned(shop: Bookshop) -> None:
    reaction(shop, "anna", "again", "2026-03-04 11:00")
    shop.deliver("2026-03-06 06:00", orders=order("a", "anna", "2026-03-05 10:00"))
    found = overview(shop.place, Period(), local(NOW))
    assert found.earned.estimate == 0.0 and found.verdict == "no_holdout"
