"""Points that expire, spent or extended on the way; model and product agree, told as a story each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from tests.reference.adapter import engine_under_test
from tests.reference.model import run
from tests.reference.points import Balance, Lot
from tests.reference.smaller import assert_alike
from tests.reference.steps import Send, Wait
from tests.reference.test_engine_alike import LONG_AGO, day, shop
from tests.reference.world import Scenario, Turn

TWICE = (Send("first"), Wait("pause", days=2), Send("again"))
POINTS = Scenario("points", "expiry", LONG_AGO, days=-4, fresh_days=7, steps=TWICE)
LOT = Lot("l1", "anna", date(2026, 3, 8), 100, LONG_AGO)
LATER = Lot("l2", "anna", date(2026, 3, 12), 50, LONG_AGO)


def told(lots: Sequence[Lot], balances: Sequence[Balance] = ()) -> list[tuple[int, str, str, str]]:
    """Day of March, occurrence, step and what became of it, turn after turn at nine."""
    world = shop(POINTS, turns=tuple(Turn(day(number)) for number in range(3, 12)))
    world = replace(world, lots=tuple(lots), balances=tuple(balances))
    assert_alike(world, engine_under_test)
    return [(one.turn.day, one.occurrence, one.step, one.reason or one.outcome) for one in run(world).decisions]


def test_what_is_spent_is_spent_of_the_earliest_lot_and_the_next_one_comes_first() -> None:
    """A hundred and ten of a hundred and fifty are spent on the 5th: forty are left of the second lot."""
    assert told((LOT, LATER), (Balance("anna", 40, day(5, "06:00")),)) == [
        (4, "2026-03-08", "first", "send"),
        (5, "2026-03-08", "again", "points_spent"),
        (8, "2026-03-12", "first", "send"),
        (10, "2026-03-12", "again", "send"),
    ]


def test_a_lot_that_is_extended_is_told_again_by_its_new_day() -> None:
    extended = replace(LOT, expires_on=date(2026, 3, 11), known_at=day(5, "06:00"))
    assert told((LOT, extended)) == [
        (4, "2026-03-08", "first", "send"),
        (5, "2026-03-08", "again", "points_extended"),
        (7, "2026-03-11", "first", "send"),
        (9, "2026-03-11", "again", "send"),
    ]
