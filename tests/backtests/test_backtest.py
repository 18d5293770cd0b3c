"""The time machine on a small bookshop: what was lived is found again, what was not is foretold, nothing is written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from relance.backtests.asked import asked_of, version_named
from relance.backtests.stored import decisions_of, read_backtest, stored_backtests
from relance.backtests.summary import ASSUMPTIONS
from relance.backtests.walk import backtest
from relance.base.errors import BadDocument, NotFound, Refused
from relance.flow import plan
from relance.scenarios.switching import switch_off
from tests.stories.bookshop import Bookshop, bookshop, copy_of, local, order, person, yes
from tests.stories.test_pressure import after_order

FIRST, LAST = date(2026, 3, 2), date(2026, 3, 12)
_KEY = ("at", "scenario", "contact", "visitor", "occurrence", "step", "outcome", "reason")
PEOPLE = ("marie", "paul", "rose", "zoe")


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eleven days with two scenarios and a cap of one in three days; Zoé refuses half-way."""
    shop = bookshop(tmp_path_factory.mktemp("lived") / "home", "[pressure]\nmessages = 1\ndays = 3\n")
    shop.write_message("hello", "A word", "Hello {{ contact.first_name | default('you') }}.", {})
    shop.deliver("2026-03-01 06:00", contacts=[person(one) for one in PEOPLE])
    shop.deliver("2026-03-01 07:00", consent_acts=[yes(one, "2026-02-28 12:00") for one in PEOPLE])
    shop.deliver("2026-03-01 08:00", orders=order("o-1", "marie", "2026-03-01 07:00"))
    again = [{"send": {"channel": "email", "message": "hello"}, "name": "first"}, {"wait": "3d"}]
    again.append({"send": {"channel": "email", "message": "hello"}, "name": "second"})
    shop.publish(after_order("thanks", priority=60, on_lose="wait"), "2026-03-02 08:00")
    shop.publish(after_order("advice", priority=40, steps=again), "2026-03-02 08:00")
    for day in range(2, 13):
        who = PEOPLE[day % 4]
        shop.deliver(f"2026-03-{day:02} 06:00", orders=order(f"o-{day}", who, f"2026-03-{day - 1:02} 15:00"))
        if day == 7:
            shop.deliver("2026-03-07 07:00", consent_acts=[yes("zoe", "2026-03-06 12:00", act="denied")])
        shop.turn(f"2026-03-{day:02} 09:00")
    shop.close()
    return shop.home.path


@pytest.fixture
def shop(lived: Path, tmp_path: Path) -> Iterator[Bookshop]:
    made = copy_of(lived, tmp_path / "home")
    yield made
    made.close()


def asked(shop: Bookshop, *names: str, first: date = FIRST, last: date = LAST, **how: Any) -> dict[str, Any]:
    return backtest(shop.place, asked_of(shop.place, names, first, last, **how))


def rows_of(shop: Bookshop, found: dict[str, Any]) -> set[tuple[Any, ...]]:
    """What the backtest decided, row by row."""
    rows = decisions_of(shop.home.path / "backtests" / found["id"]).to_pylist()
    return {tuple(row[name] for name in _KEY) for row in rows}


def recorded(shop: Bookshop) -> set[tuple[Any, ...]]:
    rows = shop.place.engine.rows("SELECT * FROM decisions")
    return {tuple(row[name] for name in _KEY) for row in rows}


def unpublished(folder: Path, **said: Any) -> str:
    path = folder / "draft.yaml"
    path.write_text(json.dumps(after_order("thanks", **said)), encoding="utf-8")
    return str(path)


def test_what_was_lived_is_found_again(shop: Bookshop) -> None:
    found = asked(shop)
    assert (found["kind"], found["turns"]) == ("replay", 11)
    assert found["differences"] == {"missing": 0, "added": 0, "rows": []}
    assert rows_of(shop, found) == recorded(shop)
    assert {each["reason"] for each in shop.place.engine.rows("SELECT reason FROM decisions")} >= {"cap", "lost"}


def test_a_replay_goes_on_from_what_stood(shop: Bookshop) -> None:
    found = asked(shop, first=date(2026, 3, 8), continued=True)
    assert found["kind"] == "replay" and found["differences"]["missing"] == found["differences"]["added"] == 0
    began = asked(shop, first=date(2026, 3, 8))
    assert began["kind"] == "forecast", "to begin in the middle is another story than the one that was lived"
    assert [each["already_past"] for each in began["scenarios"]] == [4, 4]


def test_a_backtest_is_what_plan_says_of_each_day(shop: Bookshop) -> None:
    found = asked(shop)
    for day in found["days"]:
        report = shop.plan(f"{day['date']} 09:00").as_dict()
        assert day["scenarios"] == report["scenarios"], day["date"]


def test_nothing_is_written_and_the_same_request_gives_the_same_bytes(shop: Bookshop) -> None:
    before = shop.place.engine.contents_hash(), shop.place.ledger.contents_hash()
    found = asked(shop, "thanks", beside="none")
    folder = shop.home.path / "backtests" / found["id"]
    kept = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "measured.json"}
    again = asked(shop, "thanks", beside="none")
    assert again["id"] == found["id"]
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "measured.json"} == kept
    assert set(kept) == {"request.json", "versions.json", "summary.json", "decisions-2026-03.parquet"}
    assert (shop.place.engine.contents_hash(), shop.place.ledger.contents_hash()) == before
    assert [one["id"] for one in stored_backtests(shop.home)] == [found["id"]]
    assert read_backtest(shop.home, found["id"])["scenarios"] == found["scenarios"]


def test_every_figure_of_a_forecast(shop: Bookshop, tmp_path: Path) -> None:
    found = asked(shop, unpublished(tmp_path, fresh_for="1d", holdout="25%"), beside="none", compare=True)
    [one] = found["scenarios"]
    assert (found["kind"], found["differences"], one["version"]) == ("forecast", None, 0)
    parts = one["send"] + one["held_out"] + one["deferred"] + one["waiting"] + one["ended"]
    assert one["candidates"] == parts + sum(one["refused"].values()) == 12
    assert sum(one["per_contact"][name] for name in ("0", "1", "2", "3+")) == len(PEOPLE)
    assert sum(day["messages"] for day in found["days"]) == one["messages"] == one["send"]
    assert len(found["days"]) == 11 and tuple(found["assumptions"]) == ASSUMPTIONS
    assert len(one["samples"]) == min(3, one["messages"])
    assert one["placed_anyway"]["orders"] >= 1 and set(one["placed_anyway"]["amounts"]) == {"CAD"}
    [force] = [each for each in found["in_force"]["scenarios"] if each["chosen"]]
    assert (force["id"], force["version"], force["held_out"]) == ("thanks", 1, 0)


def test_who_loses_is_said_with_the_winner(shop: Bookshop) -> None:
    found = asked(shop)
    advice = next(each for each in found["scenarios"] if each["id"] == "advice")
    assert set(advice["lost_to"]) == {"thanks"} and advice["refused"]["lost"] == sum(advice["lost_to"].values())


def test_touches_before_the_first_date_count_for_the_cap_alone(shop: Bookshop) -> None:
    found = asked(shop, "thanks", first=date(2026, 3, 8), beside="none")
    capped = sum(day["scenarios"][0]["refused"].get("cap", 0) for day in found["days"][:1])
    on_that_day = {row[0:1] + row[5:] for row in rows_of(shop, found) if row[0].day == 8}
    live = {row for row in recorded(shop) if row[0].day == 8 and row[1] == "thanks"}
    assert capped == len([row for row in live if row[-1] == "cap"]), on_that_day


def test_dates_of_which_nothing_was_known_are_refused_with_the_first_honest_one(shop: Bookshop) -> None:
    with pytest.raises(Refused, match="--from 2026-03-01"):
        asked(shop, first=date(2026, 2, 1))
    with pytest.raises(Refused, match="has not come yet"):
        asked(shop, last=date(2030, 1, 1))
    with pytest.raises(Refused, match="lies before"):
        asked(shop, first=LAST, last=FIRST)


def test_a_plan_takes_what_is_not_on_as_if_it_had_been(shop: Bookshop, tmp_path: Path) -> None:
    draft = version_named(shop.place, unpublished(tmp_path, holdout="99%"))
    when = local("2026-03-13 09:00")
    shop.deliver("2026-03-13 06:00", orders=order("o-13", "marie", "2026-03-12 15:00"))
    supposed = plan(shop.place, when, supposed=[draft])
    assert [(each.id, each.version, each.candidates) for each in supposed.scenarios] == [("thanks", 0, 1)]
    both = plan(shop.place, when, ["advice"], supposed=[draft])
    assert [(each.id, each.version) for each in both.scenarios] == [("advice", 1), ("thanks", 0)]


def test_what_is_asked_for_must_exist(shop: Bookshop, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there is no scenario"):
        asked(shop, "nothing")
    with pytest.raises(BadDocument, match=r"draft\.yaml"):
        asked(shop, unpublished(tmp_path, fresh_for="soon"))
    with pytest.raises(Refused, match="named twice"):
        asked(shop, "thanks", "thanks@1")
    switch_off(shop.place, "thanks", 1, local("2026-03-12 10:00"))
    switch_off(shop.place, "advice", 1, local("2026-03-12 10:00"))
    with pytest.raises(Refused, match="no scenario is on"):
        asked(shop)
    assert asked(shop, "thanks@1")["scenarios"][0]["candidates"] == 12
