"""The model against a real year: checks 2 to 6 and the holdout, before the engine meets it."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import cache

import pytest

from tests.reference import online_retail as year
from tests.reference.gate import drawn, held_out
from tests.reference.local_time import instant
from tests.reference.model import run
from tests.reference.world import Decision, Run

pytestmark = pytest.mark.skipif(not year.PARQUET.exists(), reason=f"{year.PARQUET} is not here")

SECOND = year.scenario("second-purchase", 30, fresh_days=3)
WIN_BACK = year.scenario("win-back", 90, fresh_days=14)


@cache
def the_year() -> Run:
    return run(year.world((SECOND, WIN_BACK)))


def sends(lived: Run, scenario: str) -> list[Decision]:
    return [one for one in lived.decisions if one.scenario == scenario and one.outcome == "send"]


def by_month(decisions: list[Decision]) -> list[int]:
    counts = Counter((one.turn.year, one.turn.month) for one in decisions)
    return [counts[month] for month in sorted(counts)]


def fingerprint(decisions: list[Decision]) -> str:
    lines = sorted(f"{one.turn.date()},{one.contact}\n" for one in decisions)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def test_check_2_second_purchase() -> None:
    sent = sends(the_year(), "second-purchase")
    assert len(sent) == len({one.contact for one in sent}) == 3199
    assert by_month(sent) == [52, 530, 310, 363, 361, 255, 230, 203, 152, 137, 244, 273, 89]
    assert fingerprint(sent) == "95c5217beb86e1a5dc12e6dece045f340c0cd9038d3b571c5df4c2956c67cb2c"


def test_check_3_win_back() -> None:
    sent = sends(the_year(), "win-back")
    assert (len(sent), len({one.contact for one in sent})) == (3245, 2717)
    assert by_month(sent) == [409, 273, 344, 389, 304, 434, 391, 333, 278, 90]
    assert fingerprint(sent) == "6f774c15a0d4eb397050e13128ce21dbb1668bf02134f30e641cc56a164b82dc"


def test_check_4_a_week_of_files_comes_a_week_late() -> None:
    arrival = instant(year.ZONE, date(2011, 10, 28), time(6))
    late = {date(2011, 10, day): arrival for day in range(17, 22)}
    lived = run(year.world((SECOND, WIN_BACK), year.files(late)))
    for name, expected, more in (("second-purchase", 3202, 3), ("win-back", 3257, 12)):
        sent = set(sends(lived, name))
        assert len(sent) == len({(one.contact, one.occurrence) for one in sent}) == expected
        assert set(sends(the_year(), name)) <= sent
        assert len(sent - set(sends(the_year(), name))) == more


def test_check_5_five_days_without_a_turn() -> None:
    away = tuple(date(2011, 5, day) for day in range(10, 15))
    lived = run(year.world((SECOND,), without=away))
    (back,) = [one for one in lived.reports if one.turn.date() == date(2011, 5, 15)]
    assert (back.candidates, back.send) == (94, 52)
    assert dict(back.refused) == {"too_late": 28, "more_than_one_order": 14}


def test_check_6_switched_on_in_the_middle() -> None:
    on_at = instant(year.ZONE, date(2011, 7, 1), time(8))
    on = tuple(replace(one, on_at=on_at) for one in (SECOND, WIN_BACK))
    lived = run(year.world(on, from_day=date(2011, 7, 1)))
    first = {one.scenario: one.send for one in lived.reports if one.turn.date() == date(2011, 7, 1)}
    assert first == {"second-purchase": 7, "win-back": 0}
    assert dict(lived.already_past) == {"second-purchase": 1139, "win-back": 991}
    assert [len(sends(lived, one.id)) for one in on] == [1098, 1830]


def test_the_past_day_rule_holds_without_looking_ahead() -> None:
    """Forgetting every file that came after a day changes nothing of what that day decided."""
    last = datetime.combine(date(2011, 3, 31), time())
    early = tuple(file for file in year.files() if file.period < last)
    cut = year.world((SECOND, WIN_BACK), early)
    turns = tuple(turn for turn in cut.turns if turn.at.date() <= last.date())
    lived = run(replace(cut, turns=turns))
    until = last.date() + timedelta(days=1)
    assert list(lived.decisions) == [one for one in the_year().decisions if one.turn.date() < until]


def test_holdout_of_a_fifth_takes_the_published_people() -> None:
    second, win_back = replace(SECOND, holdout=0.2), replace(WIN_BACK, holdout=0.1)
    world = year.world((second, win_back), order_files=())
    spared = [one for one in sends(the_year(), "second-purchase") if held_out(world, second, one.contact)]
    assert len(spared) == 650
    spared = [one for one in sends(the_year(), "win-back") if held_out(world, win_back, one.contact)]
    assert (len(spared), len({one.contact for one in spared})) == (345, 286)


@pytest.mark.parametrize(("contact", "u"), [("12347", 0.041838540), ("12349", 0.474106227), ("17850", 0.560882981)])
def test_l13_the_draw_of_three_known_people(contact: str, u: float) -> None:
    assert drawn("check", "second-purchase", "tone", contact) == pytest.approx(u, abs=1e-9)
