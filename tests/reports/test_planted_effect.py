"""The planted-effect check: the report's interval holds what only the truth file knows, also where it is nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from relance.demo.reacting import TRUTH
from relance.reports.intervals import Interval
from tests.conftest import PROJECT
from tests.reports.planted import month

SEEDS, PEOPLE, HOLDS = range(1, 21), 1_000, 17


def holds(found: Interval, truth: float) -> bool:
    return found.low is not None and found.high is not None and found.low <= truth <= found.high


@pytest.mark.slow
@pytest.mark.parametrize("effect", [0.12, 0.0])
def test_planted_effect_check_over_20_seeds(effect: float, tmp_path: Path) -> None:
    found = {seed: month(tmp_path / str(seed) / "home", seed, PEOPLE, effect) for seed in SEEDS}
    held = [seed for seed, (result, truth) in found.items() if holds(result.main.difference, truth)]
    assert len(held) >= HOLDS, {seed: (result.main.difference, truth) for seed, (result, truth) in found.items()}
    assert all(result.split.fair for result, _ in found.values())


def test_the_effect_of_one_small_shop(tmp_path: Path) -> None:
    result, truth = month(tmp_path / "home", seed=1, people=400, effect=0.2)
    assert result.treated.people + result.held_out.people == 400
    assert truth > 0 and holds(result.main.difference, truth)
    assert result.conversion.difference.estimate > 0
    assert (tmp_path / "home" / TRUTH).exists()


def test_reports_never_open_the_truth() -> None:
    for room in ("reports", "cli"):
        for path in (PROJECT / "src" / "relance" / room).glob("*.py"):
            assert TRUTH not in path.read_text(encoding="utf-8"), path
