"""How often intervals hold the truth, in worlds where it is known: few heads, rare orders, a few large ones."""

from __future__ import annotations

import numpy as np
import pytest

from relance.reports.intervals import Interval, Spending, per_head, shares, times_as_many, together
from relance.reports.split import split_of

WORLDS = 600
ARMS = [(90, 10), (450, 50), (900, 100), (1600, 400)]


def spending(rng: np.random.Generator, people: int, rate: float, skew: float) -> Spending:
    """An arm whose members spend a lognormal sum, each with a probability."""
    spent = np.exp(rng.normal(3.5, skew, rng.binomial(people, rate)))
    return Spending(people, len(spent), float(spent.sum()), float((spent**2).sum()))


@pytest.mark.parametrize("skew", [0.5, 1.2])
@pytest.mark.parametrize("rate", [0.04, 0.15])
@pytest.mark.parametrize("arms", ARMS)
def test_the_interval_of_money_holds_the_true_effect(arms: tuple[int, int], rate: float, skew: float) -> None:
    rng = np.random.default_rng(sum(arms))
    for lift in (0.0, 0.5):
        truth = rate * lift * float(np.exp(3.5 + skew**2 / 2))
        held = 0
        for _ in range(WORLDS):
            one, other = spending(rng, arms[0], rate * (1 + lift), skew), spending(rng, arms[1], rate, skew)
            found = per_head(one, other)
            held += found.low is None or found.high is None or found.low <= truth <= found.high
        assert held / WORLDS > 0.92, f"{held} of {WORLDS} worlds, lift {lift}"


@pytest.mark.parametrize("rates", [(0.02, 0.02), (0.10, 0.05), (0.3, 0.3)])
@pytest.mark.parametrize("arms", ARMS)
def test_the_interval_of_conversion_holds_the_true_effect(arms: tuple[int, int], rates: tuple[float, float]) -> None:
    rng = np.random.default_rng(7)
    one, other = (rng.binomial(people, rate, WORLDS) for people, rate in zip(arms, rates, strict=True))
    truth = rates[0] - rates[1]
    found = [shares(int(a), arms[0], int(b), arms[1]) for a, b in zip(one, other, strict=True)]
    held = sum(each.low <= truth <= each.high for each in found if each.low is not None and each.high is not None)
    assert held / WORLDS > 0.92


def test_newcombes_own_example() -> None:
    """56 of 70 against 48 of 80: 0.0524 to 0.3339 (Newcombe 1998, table II, method 10, contrast a)."""
    found = shares(56, 70, 48, 80)
    assert (found.low, found.high) == (pytest.approx(0.0524, abs=5e-5), pytest.approx(0.3339, abs=5e-5))


def test_nothing_is_said_of_arms_without_people_or_money() -> None:
    assert shares(0, 0, 1, 10) == Interval(0.0)
    assert per_head(Spending(10), Spending(10)) == Interval(0.0)
    assert times_as_many(Interval(0.0)) is None


def test_a_holdout_in_which_nobody_ordered_still_has_an_interval() -> None:
    found = per_head(Spending(100, 10, 500.0, 30_000.0), Spending(10))
    assert found.low is not None and found.low < 0 < 5.0 == found.estimate


def test_errors_of_independent_effects_add_like_independent_ones() -> None:
    found = together([Interval(3.0, 0.0, 7.0), Interval(4.0, 0.0, 7.0)])
    assert (found.estimate, found.low, found.high) == (7.0, 2.0, 12.0)


def test_four_times_the_people_show_half_the_effect() -> None:
    once, half = times_as_many(Interval(1.0, -1.0, 3.0)), times_as_many(Interval(0.5, -1.5, 2.5))
    assert once and half == pytest.approx(4 * once)


def test_the_split_is_checked_against_what_each_version_asked_for() -> None:
    assert split_of({1: (200, 21)}, {1: 0.1}).fair
    assert not split_of({1: (200, 45)}, {1: 0.1}).fair
    assert split_of({1: (10_000, 1000), 2: (10_000, 2000)}, {1: 0.1, 2: 0.2}).fair
    assert not split_of({1: (10_000, 1000), 2: (10_000, 2000)}, {1: 0.1, 2: 0.1}).fair
    assert not split_of({1: (50, 1)}, {1: 0.0}).fair, "nobody asked for anybody to be held out"


def test_the_exact_chance_of_a_split() -> None:
    """Three of ten at one half: 1, 2, 3, 7, 8, 9, 10 and 0 heads are no likelier."""
    assert split_of({1: (10, 3)}, {1: 0.5}).chance == pytest.approx(352 / 1024)
