"""What readers are told: one sentence a result, in French and in English, with its interval or with patience."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from relance.base.locale import locale_named
from relance.base.spans import Span
from relance.reports.arms import Arm, Arms
from relance.reports.intervals import Spending
from relance.reports.results import Result, result_of
from relance.reports.words import VERDICTS, conclusion, fairness, horizon_words

FIRST, LAST, NOW = (datetime(2026, 3, day, 13, tzinfo=UTC) for day in (1, 20, 31))
FRENCH, ENGLISH = locale_named("fr-CA"), locale_named("en-CA")


def arm(people: int, buyers: int, each: float = 40.0) -> Arm:
    """So many people, of whom some spent the same sum each."""
    spent = Spending(people, buyers, buyers * each, buyers * each * each)
    return Arm(people, people, buyers, buyers, {"CAD": Decimal(str(buyers * each))}, {"CAD": spent})


def result(treated: Arm, held_out: Arm, share: float = 0.1) -> Result:
    versions = {1: (treated.people + held_out.people, held_out.people)}
    arms = Arms("win-back", Span(days=30), treated, held_out, versions, FIRST, LAST)
    return result_of(arms, {1: share}, "CAD", NOW)


def test_an_established_gain_says_how_much_in_all_and_a_head() -> None:
    found = result(arm(1800, 360), arm(200, 16))
    assert found.verdict == "gain"
    said = conclusion(found, "en", ENGLISH)
    assert said.startswith("Gain established: +$8,640.00 (+$") and "+$4.80 (" in said
    assert conclusion(found, "fr", FRENCH).startswith("Gain établi\u00a0: +8\u00a0640,00\u00a0$ (de +")


def test_a_loss_is_said_as_plainly() -> None:
    assert result(arm(1800, 72), arm(200, 30)).verdict == "loss"


def test_doubt_is_stated_with_how_long_it_lasts() -> None:
    found = result(arm(900, 63), arm(100, 5))
    assert found.verdict == "too_early"
    assert found.main.people_needed and found.main.people_needed > 1000
    assert conclusion(found, "fr", FRENCH).startswith("Trop tôt pour conclure. Un effet de cette taille")
    assert conclusion(found, "en", ENGLISH).startswith("Too early to tell. An effect of this size")


def test_where_hardly_a_buyer_was_to_be_expected_there_is_no_verdict() -> None:
    found = result(arm(200, 20), arm(20, 0))
    assert found.main.verdict == "too_early", "two buyers of twenty would be as good as chance"


def test_nobody_asks_how_long_before_the_first_order() -> None:
    found = result(arm(90, 0), arm(10, 0))
    assert conclusion(found, "en", ENGLISH).endswith("There are not yet enough orders to say when it can be known.")


@pytest.mark.parametrize(("held_out", "share", "verdict"), [(0, 0.0, "no_holdout"), (300, 0.1, "unfair_split")])
def test_without_a_fair_control_group_nothing_is_concluded(held_out: int, share: float, verdict: str) -> None:
    found = result(arm(900, 200), arm(held_out, 0), share)
    assert (found.verdict, found.conversion.verdict) == (verdict, verdict)
    assert conclusion(found, "fr", FRENCH) == f"{VERDICTS[verdict]['fr']}."


def test_the_draw_and_the_horizon_are_named() -> None:
    found = result(arm(900, 63), arm(100, 5))
    assert fairness(found, "fr", FRENCH) == "10,0\u00a0% / 10,0\u00a0% (tirage conforme)"
    assert horizon_words(found, "fr") == "30\u00a0jours"
    assert horizon_words(replace(found, horizon="48h"), "en") == "48h"


def test_nothing_is_said_of_the_draw_of_a_group_of_nobody() -> None:
    for found in (result(arm(900, 200), arm(0, 0), 0.0), result(arm(7, 1), arm(0, 0))):
        assert fairness(found, "fr", FRENCH) == ""
    assert conclusion(result(arm(7, 1), arm(0, 0)), "en", ENGLISH).endswith("Nobody is in the control group yet.")
    assert fairness(result(arm(900, 63), arm(0, 0)), "en", ENGLISH).startswith("0.0% / 10.0%")
