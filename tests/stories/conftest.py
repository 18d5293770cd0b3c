"""The year of Online Retail is lived once; what starts from one of its days starts from a copy of its files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.stories.online_retail import FIRST, LAST, Retailer, at, copied, cut_files, days, retailer

QUARTER = date(2011, 3, 10)
KEPT = (date(2011, 5, 9), date(2011, 10, 17))  # days after whose turn a copy of the home is kept
Variant = Callable[[Path], Retailer]


@pytest.fixture(scope="session")
def daily_files(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cut_files(shared_data, tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="session")
def kept_homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("homes")


@pytest.fixture(scope="session")
def quarter(daily_files: Path, kept_homes: Path) -> Iterator[Retailer]:
    """The first hundred days, day by day; both scenarios switched on 2010-12-02 at 08:00."""
    shop = retailer(kept_homes / "quarter", daily_files)
    shop.morning(FIRST)
    shop.start(at(FIRST, 8))
    shop.turn(FIRST)
    shop.live(date(2010, 12, 3), QUARTER)
    shop.copy(kept_homes / str(QUARTER))
    yield shop
    shop.close()


@pytest.fixture(scope="session")
def year(quarter: Retailer, daily_files: Path, kept_homes: Path) -> Iterator[Retailer]:
    """The quarter, lived on to the end: 374 turns and 305 files in all."""
    shop = copied(kept_homes / str(QUARTER), kept_homes / "year", daily_files)
    for day in days(QUARTER + timedelta(days=1), LAST):
        shop.live(day, day)
        if day in KEPT:
            shop.copy(kept_homes / str(day))
    yield shop
    shop.close()


@pytest.fixture
def variant(kept_homes: Path, daily_files: Path, tmp_path: Path) -> Iterator[Callable[[date], Retailer]]:
    """From the copy of a kept day, to be lived on otherwise."""
    opened: list[Retailer] = []

    def start(day: date) -> Retailer:
        opened.append(copied(kept_homes / str(day), tmp_path / f"from-{day}", daily_files))
        return opened[-1]

    yield start
    for shop in opened:
        shop.close()
