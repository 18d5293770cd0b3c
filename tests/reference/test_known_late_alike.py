"""What comes to be known when the look-back has passed it is counted by every turn from then on; both agree."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.reference.adapter import engine_under_test
from tests.reference.model import run
from tests.reference.smaller import assert_alike
from tests.reference.steps import Send
from tests.reference.test_engine_alike import LONG_AGO, day, shop
from tests.reference.world import PriceRow, Scenario, Turn, Wish, World

DOWN = Scenario(
    "price-down", "price_drop", LONG_AGO, days=0, slot=None, fresh_hours=48, lookback_days=2, steps=(Send("word"),)
)
USUAL = PriceRow("novel", Decimal("20.00"), day(1) - timedelta(days=60), day(1) - timedelta(days=59))
FALLEN = PriceRow("novel", Decimal("15.00"), day(3, "00:05"), day(3, "06:00"))
WISHED = Wish("w1", "anna", "novel", day(1), day(2, "06:00"))


def too_old(world: World) -> dict[int, int]:
    """By the day of March, how many were too old to see; nobody is ever a candidate."""
    assert_alike(world, engine_under_test)
    lived = run(world)
    assert not lived.decisions
    return {one.turn.day: one.too_old_to_see for one in lived.reports}


@pytest.mark.parametrize(
    ("price", "wish"),
    [(FALLEN, replace(WISHED, known_at=day(6, "06:00"))), (replace(FALLEN, known_at=day(6, "06:00")), WISHED)],
    ids=["the wish", "the price"],
)
def test_a_wish_or_a_price_told_too_late_is_counted_and_stays_counted(price: PriceRow, wish: Wish) -> None:
    """The price fell on the 3rd; the turn of the 6th looks no further back than two days before the 5th."""
    turns = tuple(Turn(day(number)) for number in range(3, 13))
    found = too_old(replace(shop(DOWN, turns=turns), prices=(USUAL, price), wishes=(wish,)))
    assert found == {**dict.fromkeys(range(3, 6), 0), **dict.fromkeys(range(6, 13), 1)}
