"""The model's own rules in small stories, each with one thing in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest

from tests.reference.gate import drawn
from tests.reference.local_time import days_before, instant
from tests.reference.model import run
from tests.reference.world import (
    Cap,
    Cart,
    CartFile,
    CartLine,
    ConsentAct,
    Contact,
    Order,
    OrderFile,
    OrderLine,
    Product,
    Run,
    Scenario,
    Turn,
    World,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = Scenario("second-purchase", "second_purchase", START, days=3, fresh_days=3, priority=50)
WIN_BACK = Scenario("win-back", "win_back", START, days=3, fresh_days=14, priority=40)
CART = Scenario("cart", "forgotten_cart", START, fresh_hours=48, priority=60)


def june(day: int, clock: str = "12:00") -> datetime:
    return datetime.combine(date(2026, 6, 1), time.fromisoformat(clock), UTC) + timedelta(days=day - 1)


def bought(number: str, who: str, day: int, quantity: int = 1, cancelled: bool = False) -> Order:
    return Order(number, who, june(day), (OrderLine("book", quantity, Decimal(10)),), cancelled)


def file(day: int, *orders: Order, known: datetime | None = None) -> OrderFile:
    return OrderFile(june(day).replace(tzinfo=None), known or june(day + 1, "06:00"), orders)


def carts(day: int, *rows: Cart) -> CartFile:
    return CartFile(june(day).replace(tzinfo=None), june(day + 1, "06:00"), rows)


def left(name: str, who: str, touched: int, *added: int) -> Cart:
    return Cart(name, who, True, june(touched), tuple(CartLine("book", june(day)) for day in added))


def world(*scenarios: Scenario, days: int = 9, people: str = "ab", **more: object) -> World:
    contacts = tuple(Contact(one, email=f"{one}@example.test") for one in people)
    made = World(
        zone="UTC",
        contacts=contacts,
        scenarios=scenarios,
        turns=tuple(Turn(june(day, "09:00")) for day in range(1, days + 1)),
        consents=tuple(ConsentAct(one, "granted", START, START) for one in people),
        products=(Product("book"),),
    )
    return replace(made, **more)  # type: ignore[arg-type]


def told(lived: Run) -> list[str]:
    """`4 win-back a refused lost`: day in June, scenario, contact, outcome, reason."""
    return [
        f"{one.turn.day} {one.scenario} {one.contact} {one.outcome} {one.reason}".strip() for one in lived.decisions
    ]


def test_the_more_important_scenario_wins_and_the_other_loses() -> None:
    lived = run(world(SECOND, WIN_BACK, order_files=(file(1, bought("o1", "a", 1)),)))
    assert told(lived) == ["4 second-purchase a send", "4 win-back a refused lost"]


def test_who_is_held_out_of_one_scenario_may_get_the_other() -> None:
    held = replace(SECOND, holdout=1.0)
    lived = run(world(held, WIN_BACK, order_files=(file(1, bought("o1", "a", 1)),)))
    assert told(lived) == ["4 second-purchase a held_out holdout", "4 win-back a send"]


def test_who_is_in_the_global_holdout_gets_nothing() -> None:
    lived = run(world(SECOND, order_files=(file(1, bought("o1", "a", 1)),), global_holdout=1.0))
    assert told(lived) == ["4 second-purchase a held_out holdout"]


def test_at_the_cap_nobody_loses_to_a_message_that_does_not_leave() -> None:
    files = (file(1, bought("o1", "a", 1)),)
    baskets = (carts(1, left("c1", "a", 1, 1)), carts(3, left("c2", "a", 3, 3)))
    after = replace(CART, on_at=june(1))
    lived = run(world(after, SECOND, WIN_BACK, order_files=files, cart_files=baskets, cap=Cap(1, 3), days=4))
    assert told(lived)[0] == "2 cart a refused ordered"
    quiet = (carts(1, left("c1", "a", 1, 1)), carts(3, left("c2", "a", 3, 3)))
    late = (file(1, bought("o1", "a", 1), known=june(4, "06:00")),)
    lived = run(world(after, SECOND, WIN_BACK, order_files=late, cart_files=quiet, cap=Cap(1, 3), days=4))
    assert told(lived) == [
        "2 cart a send",
        "4 cart a refused cap",
        "4 second-purchase a refused cap",
        "4 win-back a refused cap",
    ]


def test_the_cap_counts_local_dates_and_lets_go_on_the_last() -> None:
    baskets = tuple(carts(day, left(f"c{day}", "a", day, day)) for day in (1, 2, 3, 4))
    lived = run(world(CART, cart_files=baskets, cap=Cap(1, 3)))
    assert told(lived) == ["2 cart a send", "3 cart a refused cap", "4 cart a refused cap", "5 cart a send"]


def test_two_carts_of_one_contact_share_a_message_and_the_cap_counts_it_once() -> None:
    baskets = (carts(1, left("c1", "a", 1, 1), left("c2", "a", 1, 1)), carts(2, left("c3", "a", 2, 2)))
    lived = run(world(CART, cart_files=baskets, cap=Cap(2, 7)))
    assert told(lived) == ["2 cart a send", "2 cart a send", "3 cart a send"]


def test_one_address_of_two_contacts_gets_one_message_even_if_its_keeper_is_held_out() -> None:
    files = (file(1, bought("o1", "a", 1), bought("o2", "b", 1)),)
    shared = (Contact("a", email="x@example.test"), Contact("b", email="X@example.test"))
    lived = run(world(replace(SECOND, holdout=1.0), order_files=files, contacts=shared))
    assert told(lived) == ["4 second-purchase a held_out holdout", "4 second-purchase b refused same_address"]


def test_an_address_is_free_when_its_first_contact_is_refused_before() -> None:
    files = (file(1, bought("o1", "a", 1), bought("o2", "b", 1)),)
    shared = (Contact("a", "institution", "x@example.test"), Contact("b", email="x@example.test"))
    lived = run(world(SECOND, order_files=files, contacts=shared))
    assert told(lived) == ["4 second-purchase a refused not_targeted", "4 second-purchase b send"]


def test_the_newest_period_owns_the_lines_whatever_comes_later() -> None:
    newer = file(2, bought("o1", "a", 1, quantity=0))
    older = file(1, bought("o1", "a", 1), known=june(3, "06:00"))
    assert told(run(world(SECOND, order_files=(newer, older)))) == []
    assert told(run(world(SECOND, order_files=(older,)))) == ["4 second-purchase a send"]


def test_a_cancellation_learnt_in_time_undoes_the_first_order() -> None:
    wrong, right = file(1, bought("o1", "a", 1)), file(2, bought("o1", "a", 1, cancelled=True))
    assert told(run(world(SECOND, order_files=(wrong, right)))) == []


def test_a_late_earlier_order_moves_the_date_but_not_a_second_message() -> None:
    files = (file(2, bought("o2", "a", 2)), file(1, bought("o1", "a", 1), known=june(5, "06:00")))
    assert told(run(world(SECOND, order_files=files))) == ["5 second-purchase a refused more_than_one_order"]


def test_what_the_lookback_cannot_see_is_counted_every_turn() -> None:
    late = (file(1, bought("o1", "a", 1), known=june(13, "06:00")),)
    lived = run(world(SECOND, order_files=late, days=14))
    assert told(lived) == []
    assert [one.too_old_to_see for one in lived.reports][-3:] == [0, 1, 1]


def test_a_late_order_inside_the_lookback_is_a_candidate_and_too_late() -> None:
    late = (file(1, bought("o1", "a", 1), known=june(11, "06:00")),)
    assert told(run(world(SECOND, order_files=late, days=14))) == ["11 second-purchase a refused too_late"]


@pytest.mark.parametrize(("fresh", "outcome"), [(47, "refused too_late"), (48, "send")])
def test_exactly_as_old_as_allowed_is_still_fresh(fresh: int, outcome: str) -> None:
    quick = replace(SECOND, fresh_days=None, fresh_hours=fresh)
    home = world(quick, order_files=(file(1, bought("o1", "a", 1)),), turns=(Turn(june(1)), Turn(june(6, "09:00"))))
    assert told(run(home)) == [f"6 second-purchase a {outcome}"]


def test_those_past_due_at_switch_on_are_a_number_and_enter_only_when_asked() -> None:
    late_on = replace(SECOND, on_at=june(5))
    home = world(late_on, order_files=(file(1, bought("o1", "a", 1)),))
    assert told(run(home)) == [] and dict(run(home).already_past) == {"second-purchase": 1}
    asked = (*home.turns[:5], Turn(june(6, "09:00"), (("second-purchase", date(2026, 6, 1)),)))
    assert told(run(replace(home, turns=asked))) == ["6 second-purchase a send"]


def test_a_cart_is_reminded_again_only_for_a_new_item() -> None:
    touched = (carts(1, left("c", "a", 1, 1)), carts(2, left("c", "a", 2, 1)))
    assert told(run(world(CART, cart_files=touched))) == ["2 cart a send"]
    added = (*touched, carts(3, left("c", "a", 3, 1, 3)))
    lived = run(world(CART, cart_files=added))
    assert [(one.turn.day, one.occurrence) for one in lived.decisions] == [(2, "c/1"), (4, "c/2")]


def test_an_emptied_cart_is_no_candidate() -> None:
    assert told(run(world(CART, cart_files=(carts(1, left("c", "a", 1)),)))) == []


def test_win_back_begins_again_with_each_new_silence() -> None:
    files = (file(1, bought("o1", "a", 1)), file(5, bought("o2", "a", 5)))
    lived = run(world(WIN_BACK, order_files=files))
    assert [(one.turn.day, one.occurrence) for one in lived.decisions] == [(4, "o1"), (8, "o2")]


@pytest.mark.parametrize(
    ("zone", "day", "clock", "expected"),
    [
        ("America/Toronto", date(2026, 3, 8), time(2, 30), "2026-03-08T07:00Z"),
        ("America/Toronto", date(2026, 11, 1), time(1, 30), "2026-11-01T05:30Z"),
        ("America/Toronto", date(2026, 3, 8), time(9), "2026-03-08T13:00Z"),
        ("Pacific/Kiritimati", date(2026, 3, 10), time(9), "2026-03-09T19:00Z"),
        ("America/Santiago", date(2026, 9, 6), time(0), "2026-09-06T04:00Z"),
    ],
)
def test_local_times_that_do_not_exist_or_exist_twice(zone: str, day: date, clock: time, expected: str) -> None:
    assert instant(zone, day, clock) == datetime.fromisoformat(expected)


def test_a_week_back_keeps_the_clock_time_over_a_change() -> None:
    nine = instant("America/Toronto", date(2026, 3, 10), time(9))
    assert days_before("America/Toronto", nine, 7) == nine - timedelta(days=7) + timedelta(hours=1)


def test_the_draw_does_not_change() -> None:
    assert drawn("check", "second-purchase", "tone", "12347") == pytest.approx(0.041838540, abs=1e-9)
