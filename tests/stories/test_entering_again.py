"""Who may enter a scenario again: after so many dates, never, for each occurrence; and one journey at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stories.bookshop import Bookshop, bookshop, order, person
from tests.stories.test_pressure import MONDAY, ON, after_order, orders_of


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Bookshop]:
    made = bookshop(tmp_path / "home")
    made.write_message("hello", "A word", "Hello {{ contact.first_name | default('you') }}.", {})
    made.people(*(person(one) for one in ("marie", "paul")))
    yield made
    made.close()


def test_exactly_so_many_dates_later_one_may_enter_again(shop: Bookshop) -> None:
    shop.publish(after_order("thanks", reentry={"after": "10d"}), ON)
    for day, who in ((8, ("marie", "paul")), (17, ("marie",)), (18, ("paul",))):
        orders_of(shop, day, *who)
        shop.turn(f"2026-03-{day + 1:02} 09:00")
    assert shop.decided("2026-03-18 09:00") == {"marie": ("refused", "reentry")}, "nine dates after the ninth"
    assert shop.decided("2026-03-19 09:00") == {"paul": ("send", None)}, "ten dates after the ninth"


def test_a_held_out_entry_counts_as_a_sent_one(shop: Bookshop) -> None:
    shop.publish(after_order("thanks", reentry={"after": "10d"}, holdout="99%"), ON)
    for day in (8, 12):
        orders_of(shop, day, "marie")
        shop.turn(f"2026-03-{day + 1:02} 09:00")
    assert shop.decided(MONDAY) == {"marie": ("held_out", "holdout")}
    assert shop.decided("2026-03-13 09:00") == {"marie": ("refused", "reentry")}


def test_re_entry_counts_from_the_first_message_of_a_journey(shop: Bookshop) -> None:
    send = {"send": {"channel": "email", "message": "hello"}}
    steps = [{"name": "first", **send}, {"wait": "6d"}, {"name": "second", **send}]
    shop.publish(after_order("thanks", reentry={"after": "10d"}, steps=steps), ON)
    orders_of(shop, 8, "marie")
    for day in (9, 15):
        shop.turn(f"2026-03-{day:02} 09:00")
    orders_of(shop, 18, "marie")
    shop.turn("2026-03-19 09:00")
    assert shop.decided("2026-03-15 09:00") == {"marie": ("send", None)}
    assert shop.decided("2026-03-19 09:00") == {"marie": ("send", None)}, (
        "ten dates after the first, four after the second"
    )


def test_never_is_for_life(shop: Bookshop) -> None:
    shop.publish(after_order("thanks", reentry="never"), ON)
    orders_of(shop, 8, "marie")
    shop.turn(MONDAY)
    shop.deliver("2029-03-09 06:00", orders=order("again", "marie", "2029-03-08 15:00"))
    shop.turn("2029-03-09 09:00")
    assert shop.decided("2029-03-09 09:00") == {"marie": ("refused", "reentry")}


def test_two_orders_of_one_turn_are_one_after_the_other(shop: Bookshop) -> None:
    shop.publish(after_order("apart", reentry={"after": "10d"}), ON)
    shop.publish(after_order("each", reentry="each", priority=10, purpose="marketing", on_lose="drop"), ON)
    rows = [*order("a", "marie", "2026-03-08 10:00"), *order("b", "marie", "2026-03-08 15:00")]
    shop.deliver("2026-03-09 06:00", orders=rows)
    apart = shop.turn(MONDAY).scenario("apart")
    assert (apart.candidates, apart.send, apart.messages, apart.refused) == (2, 1, 1, {"reentry": 1})
    sent = shop.place.engine.rows("SELECT occurrence FROM decisions WHERE scenario = 'apart' AND outcome = 'send'")
    assert sent == [{"occurrence": "a"}]


def test_without_re_entry_the_orders_of_one_turn_share_a_message(shop: Bookshop) -> None:
    shop.publish(after_order("each", reentry="each"), ON)
    rows = [*order("a", "marie", "2026-03-08 10:00"), *order("b", "marie", "2026-03-08 15:00")]
    shop.deliver("2026-03-09 06:00", orders=rows)
    report = shop.turn(MONDAY).scenario("each")
    assert (report.send, report.messages, report.refused) == (2, 1, {})


def test_a_second_silence_does_not_begin_while_the_first_is_under_way(shop: Bookshop) -> None:
    send = {"send": {"channel": "email", "message": "hello"}}
    quiet = {
        "scenario": "quiet",
        "schedule": {"daily": "09:00"},
        "trigger": {"date": {"of": "last_order", "days": 5}},
        "occurrence": "row",
        "fresh_for": "3d",
        "steps": [{"name": "first", **send}, {"wait": "20d"}, {"name": "second", **send}],
    }
    shop.publish(quiet, ON)
    orders_of(shop, 4, "marie")
    shop.turn(MONDAY)
    orders_of(shop, 10, "marie")
    shop.turn("2026-03-15 09:00")
    assert shop.decided(MONDAY) == {"marie": ("send", None)}
    assert shop.decided("2026-03-15 09:00") == {"marie": ("refused", "in_progress")}
    shop.turn("2026-03-29 09:00")
    assert shop.decided("2026-03-29 09:00") == {"marie": ("send", None)}, "the first journey goes on"


def test_journeys_of_orders_run_side_by_side(shop: Bookshop) -> None:
    send = {"send": {"channel": "email", "message": "hello"}}
    steps = [{"name": "first", **send}, {"wait": "20d"}, {"name": "second", **send}]
    shop.publish(after_order("thanks", steps=steps), ON)
    for day in (8, 10):
        orders_of(shop, day, "marie")
        shop.turn(f"2026-03-{day + 1:02} 09:00")
    assert shop.decided("2026-03-11 09:00") == {"marie": ("send", None)}
