"""Check 6: a retailer who joins on the first of July writes to nobody for what is long past."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.stories.online_retail import FIRST_FILE, LAST, at, days, retailer

JULY = date(2011, 7, 1)


@pytest.mark.slow
def test_check_6_switched_on_in_july(daily_files: Path, tmp_path: Path) -> None:
    shop = retailer(tmp_path / "home", daily_files)
    past = [path for day in days(FIRST_FILE, date(2011, 6, 30)) for path in shop.file_of(day)]
    shop.take(past, at(JULY, 6))
    assert shop.start(at(JULY, 8)) == {"second-purchase": 1139, "win-back": 991}
    first = shop.turn(JULY)
    assert (first.scenario("second-purchase").send, first.scenario("win-back").send) == (7, 0)
    shop.live(date(2011, 7, 2), LAST)
    assert len(shop.decided("second-purchase")) == 1098
    assert len(shop.decided("win-back")) == 1830
    shop.close()
