"""What a page says of a scenario's worth: an amount, that it is too early, or that there is nothing to compare."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from relance.base.spans import Span
from relance.policy.equation import Equation
from relance.reports.accounts import Account
from relance.reports.arms import Arm, Arms
from relance.reports.intervals import Spending
from relance.reports.results import Result, result_of
from relance.web.reading.results import compared, earned_by
from relance.web.voice import Voice

FIRST, LAST, NOW = (datetime(2026, 3, day, 13, tzinfo=UTC) for day in (1, 20, 31))
FRENCH = Voice("fr", "America/Toronto", ("fr-CA", "en-CA"))
ENGLISH = Voice("en", "America/Toronto", ("fr-CA", "en-CA"))


def arm(people: int, buyers: int) -> Arm:
    """So many people, of whom some spent forty dollars each."""
    spent = Spending(people, buyers, 40.0 * buyers, 1600.0 * buyers)
    return Arm(people, people, buyers, buyers, {"CAD": Decimal(40 * buyers)}, {"CAD": spent})


def result(treated: Arm, held_out: Arm, share: float = 0.1) -> Result:
    versions = {1: (treated.people + held_out.people, held_out.people)}
    arms = Arms("birthday", Span(days=30), treated, held_out, versions, FIRST, LAST)
    return result_of(arms, {1: share}, "CAD", NOW)


def note(found: Result, voice: Voice) -> str:
    """What stands on the overview where an amount would, beside a scenario whose gain is known."""
    nothing = Equation("", 0, {}, 0, 0, 0, 0, {}, {})
    other = result(arm(1800, 360), arm(200, 16))
    accounts = [Account(name, {}, nothing, (), each) for name, each in (("one", found), ("other", other))]
    earned, _ = earned_by(accounts, voice)
    assert not earned["one"].solid and not earned["one"].drawn
    return earned["one"].note


@pytest.mark.parametrize(("treated", "held_out"), [(23, 4), (7, 0)])
def test_it_is_too_early_where_people_are_held_out_or_will_be(treated: int, held_out: int) -> None:
    found = result(arm(treated, 0), arm(held_out, 0))
    assert (note(found, FRENCH), note(found, ENGLISH)) == ("trop tôt", "too early")


def test_there_is_no_control_group_only_where_none_was_asked_for() -> None:
    found = result(arm(900, 200), arm(0, 0), 0.0)
    assert (note(found, FRENCH), note(found, ENGLISH)) == ("pas de groupe témoin", "no control group")


def test_a_group_of_nobody_is_not_drawn() -> None:
    early = compared(result(arm(7, 1), arm(0, 0)), FRENCH)
    assert early.treated and early.held_out is None
    assert (early.verdict, early.patience) == (
        "Trop tôt pour conclure",
        "Personne n’est encore dans le groupe témoin.",
    )
    none = compared(result(arm(900, 200), arm(0, 0), 0.0), ENGLISH)
    assert none.treated and none.held_out is None and not none.sentence and not none.money
    both = compared(result(arm(23, 2), arm(4, 0)), FRENCH)
    assert both.held_out and both.held_out[1].startswith("0 a commandé, sur 4")
