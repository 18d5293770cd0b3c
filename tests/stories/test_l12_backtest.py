"""L12: over the retailer's year, what the backtest foretells is what the turns did and what plans say of each day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from relance.backtests.asked import asked_of
from relance.backtests.stored import decisions_of
from relance.backtests.walk import backtest
from tests.stories.conftest import QUARTER
from tests.stories.online_retail import (
    BOTH,
    FIRST,
    FIRST_FILE,
    LAST,
    SETTINGS,
    Retailer,
    at,
    by_month,
    days,
    list_hash,
    retailer,
)
from tests.stories.test_year import SECOND_PURCHASE, WIN_BACK

AFTER_ALL = date(2011, 12, 20)
CAP = "[pressure]\nmessages = 1\ndays = 14\n"
_KEY = ("at", "scenario", "contact", "visitor", "occurrence", "step", "outcome", "reason")


def of_history(folder: Path, files: Path, last: date) -> Retailer:
    """A home filled at once, long after: `import --history` says since when each fact was known."""
    shop = retailer(folder, files)
    shop.take([path for day in days(FIRST_FILE, last) for path in shop.file_of(day)], at(AFTER_ALL, 6), history=True)
    for name in BOTH:
        shop.publish(name, at(AFTER_ALL, 7))
    return shop


@pytest.fixture(scope="module")
def history(daily_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Retailer]:
    shop = of_history(tmp_path_factory.mktemp("history") / "home", daily_files, LAST)
    yield shop
    shop.close()


def walked(shop: Retailer, *names: str, first: date = FIRST, last: date = LAST, **how: Any) -> dict[str, Any]:
    return backtest(shop.place, asked_of(shop.place, names, first, last, **how))


def rows_of(shop: Retailer, found: dict[str, Any]) -> list[dict[str, Any]]:
    return decisions_of(shop.home.path / "backtests" / found["id"]).to_pylist()


def sent_of(shop: Retailer, found: dict[str, Any], scenario: str) -> list[tuple[date, str]]:
    """(due date, customer) of every message, sorted."""
    people = {row["contact"]: row["own_id"] for row in shop.place.engine.rows("SELECT * FROM contacts_vault")}
    rows = [row for row in rows_of(shop, found) if row["scenario"] == scenario and row["outcome"] == "send"]
    return sorted((row["due_date"], people[row["contact"]]) for row in rows)


def named(found: dict[str, Any], scenario: str) -> dict[str, Any]:
    return next(each for each in found["scenarios"] if each["id"] == scenario)


def test_l12_the_first_weeks_foretold_from_history_are_those_that_were_lived(
    quarter: Retailer, daily_files: Path, tmp_path: Path
) -> None:
    last = date(2011, 1, 8)
    history = of_history(tmp_path / "history", daily_files, last)
    lived, foretold = walked(quarter, last=last), walked(history, *BOTH, last=last)
    assert (lived["kind"], foretold["kind"]) == ("replay", "forecast")
    assert lived["differences"] == {"missing": 0, "added": 0, "rows": []}
    for name in BOTH:
        assert sent_of(quarter, lived, name) == sent_of(history, foretold, name)
        assert named(lived, name)["refused"] == named(foretold, name)["refused"]
    for day in lived["days"][-3:]:
        assert day["scenarios"] == quarter.plan(date.fromisoformat(day["date"])).as_dict()["scenarios"], day["date"]
    history.close()


@pytest.mark.slow
def test_l12_second_purchase_alone_from_january(history: Retailer) -> None:
    before = history.hashes()
    found = walked(history, "second-purchase", first=date(2011, 1, 1))
    one = named(found, "second-purchase")
    assert (one["send"], one["messages"], one["already_past"]) == (3147, 3147, 52)
    assert list_hash(sent_of(history, found, "second-purchase")).startswith("a0419489c4d21f2e")
    assert history.hashes() == before


@pytest.mark.slow
def test_l12_the_backtest_of_the_year_is_the_year_twice_byte_for_byte(year: Retailer, history: Retailer) -> None:
    found = walked(history, *BOTH)
    folder = history.home.path / "backtests" / found["id"]
    kept = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.name != "measured.json"}
    walked(history, *BOTH)
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "measured.json"} == kept
    for name, months in zip(BOTH, (SECOND_PURCHASE, WIN_BACK), strict=True):
        sent = sent_of(history, found, name)
        assert sent == year.decided(name) and by_month(sent) == months
    replayed = walked(year)
    assert replayed["kind"] == "replay" and replayed["differences"]["rows"] == []


@pytest.mark.slow
def test_l12_with_a_cap_of_one_in_fourteen_days(tmp_path: Path, daily_files: Path) -> None:
    live = retailer(tmp_path / "live", daily_files)
    (live.home.settings_file).write_text(SETTINGS + CAP)
    live.close()
    live = Retailer(live.home, daily_files)
    live.morning(FIRST)
    live.start(at(FIRST, 8))
    live.turn(FIRST)
    live.live(days(FIRST, QUARTER)[1], QUARTER)
    later = of_history(tmp_path / "later", daily_files, QUARTER)
    later.home.settings_file.write_text(SETTINGS + CAP)
    later.close()
    later = Retailer(later.home, daily_files)
    found = walked(later, *BOTH, last=QUARTER)
    for name in BOTH:
        assert sent_of(later, found, name) == live.decided(name)
    assert named(found, "win-back")["refused"].get("cap") or named(found, "second-purchase")["refused"].get("cap")
    live.close()
    later.close()
