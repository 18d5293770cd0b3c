"""Check L8, reviews: asked 21 days after each order of the year, and of nobody twice in ninety days."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from relance.scenarios.switching import switch_on
from tests.stories.online_retail import FIRST, Retailer, at, days, list_hash, retailer

ORDERED = {"date": {"of": "orders.placed_at", "where": "valid", "days": 21}}  # this retailer tells no receipt


def ask_for_reviews(folder: Path, files: Path, last: date) -> Retailer:
    """The library's review request, from the first turn on, day by day."""
    shop = retailer(folder, files)
    shop.morning(FIRST)
    changed = {"trigger": ORDERED, "items": None, "stop": {}, "lookback": "7d"}
    switch_on(shop.place, shop.publish("review", at(FIRST, 8), **changed), at(FIRST, 8))
    shop.turn(FIRST)
    for day in days(FIRST, last)[1:]:
        shop.live(day, day)
    return shop


def refused_for(shop: Retailer, reason: str) -> int:
    """How many occurrences were refused for this reason."""
    text = f"SELECT count(*) FROM decisions WHERE outcome = 'refused' AND reason = '{reason}'"
    return int(shop.place.engine.value(text))


def test_l8_reviews_of_the_first_weeks(daily_files: Path, tmp_path: Path) -> None:
    shop = ask_for_reviews(tmp_path / "home", daily_files, date(2011, 1, 5))
    try:
        sends = shop.decided("review")
        assert (len(sends), len({customer for _, customer in sends})) == (756, 756)
        assert refused_for(shop, "reentry") == 350
        assert list_hash(sends).startswith("af1aa336854cd5e5")
    finally:
        shop.close()
