"""L11: who comes into "at least two orders in 90 days" and who leaves it, as each turn of the year read it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from relance.scenarios.switching import switch_on
from tests.stories.online_retail import FIRST, Retailer, at, days, retailer

BEFORE, SINCE = date(2011, 2, 28), date(2011, 3, 1)
LOYAL = """
segment: loyal
criteria: {count: orders, where: valid, window: {last: 90d}, at_least: 2}
"""
MOVES = {"came-in": {"entered": "loyal"}, "went-out": {"left": "loyal"}}


def lived(shop: Retailer, last: date) -> Iterator[date]:
    """Files until the end of February, then a turn every morning; the day, after its turn."""
    for day in days(FIRST, BEFORE):
        shop.morning(day)
    for name, move in MOVES.items():
        document = {"scenario": name, "trigger": {"segment": move}, "target": None, "stop": {}, "reentry": "each"}
        switch_on(shop.place, shop.publish("segment-move", at(BEFORE, 8), **document), at(BEFORE, 8))
    shop.turn(BEFORE)
    for day in days(SINCE, last):
        shop.live(day, day)
        yield day


def members(shop: Retailer, day: date) -> int:
    text = f"SELECT members FROM segment_runs WHERE \"at\" = TIMESTAMP '{at(day, 9):%Y-%m-%d %H:%M:%S}'"
    return int(shop.place.engine.value(text))


@pytest.fixture
def shop(daily_files: Path, tmp_path: Path) -> Iterator[Retailer]:
    made = retailer(tmp_path / "home", daily_files)
    (made.home.definitions / "segments").mkdir()
    (made.home.definitions / "segments" / "loyal.yaml").write_text(LOYAL)
    yield made
    made.close()


def test_l11_every_move_of_the_first_fortnight_is_one_message(shop: Retailer) -> None:
    """What plans say of each day afterwards is what was decided on it."""
    told = {day: {one.id: one.send for one in shop.plan(day).scenarios} for day in lived(shop, date(2011, 3, 14))}
    assert members(shop, BEFORE) == 650
    balance = sum(sent["came-in"] - sent["went-out"] for sent in told.values())
    assert members(shop, date(2011, 3, 14)) == 650 + balance
    assert all(told[day] == {one.id: one.send for one in shop.plan(day).scenarios} for day in told)
