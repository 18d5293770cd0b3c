"""A number of worlds and a seed go in; model and product live them all, and what was met on the way is counted.

From the command line: `python -m tests.reference.compare --worlds 2000 --seed 1`, of people with first messages
alone; with `--journeys`, of people under way through scenarios of many steps.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import gettempdir
from time import process_time
from typing import TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

from relance.engines.texts import keep_texts, remember_texts
from tests.reference import journeys, lives, worlds
from tests.reference.adapter import engine_under_test
from tests.reference.streets import assert_all_alike
from tests.reference.world import Run, World

Crowds = Callable[[int, int, int], list[tuple[World, ...]]]
Drawn = TypeVar("Drawn")
SIZE, MANY = 16, 96
TEXTS = Path(gettempdir()) / "worlds-texts.json"  # queries of runs before, as long as the code is the same


@dataclass
class Tally:
    """How many worlds were decided alike, how much of the CPU it took, and what was decided in them."""

    worlds: int = 0
    seconds: float = 0.0
    decided: Counter[str] = field(default_factory=Counter)

    def add(self, runs: Sequence[Run], seconds: float) -> None:
        self.worlds += len(runs)
        self.seconds += seconds
        for one in runs:
            self.decided.update(d.reason or d.outcome for d in one.decisions)
            self.decided["too old to see"] += sum(report.too_old_to_see for report in one.reports)
            self.decided["already past"] += sum(number for _, number in one.already_past)
            self.decided["held back at hand-over"] += len(one.held_back)

    def reached(self) -> set[str]:
        """Every outcome, reason and count that was met."""
        return {name for name, number in self.decided.items() if number}

    def __str__(self) -> str:
        each = self.seconds / max(self.worlds, 1)
        counted = ", ".join(f"{name} {number}" for name, number in self.decided.most_common())
        return f"{self.worlds} worlds alike in {self.seconds:.0f} s of CPU ({each:.2f} s a world): {counted}"


def first_messages(number: int, start: int, size: int) -> list[tuple[World, ...]]:
    """So many crowds of this seed, of worlds with first messages alone."""
    return drawn(worlds.crowds(size), number, start)


def under_way(number: int, start: int, size: int) -> list[tuple[World, ...]]:
    """So many crowds of people under way; each world by itself, for there is an end to what one draw can hold."""
    found = enumerate(drawn(journeys.settings(), number, start))
    return [tuple(drawn(lives.peopled(one), size, start * 1000 + place)) for place, one in found]


def drawn(of: SearchStrategy[Drawn], number: int, start: int) -> list[Drawn]:
    """So many examples of this seed. The first that is drawn is the plainest of all, and left out."""
    found: list[Drawn] = []

    @seed(start)
    @settings(
        max_examples=number + 1,
        phases=(Phase.generate,),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(of)
    def keep(one: Drawn) -> None:
        found.append(one)

    keep()
    return found[1:]


def compare(number: int, start: int, size: int = SIZE, aloud: bool = False, crowds: Crowds = first_messages) -> Tally:
    """Lives at least so many worlds, `size` at once; AssertionError with a story where model and product differ."""
    tally = Tally()
    for crowd in crowds(-(-number // size), start, size):
        began = process_time()
        tally.add(assert_all_alike(crowd, engine_under_test), process_time() - began)
        if aloud:
            print(f"{tally.worlds} worlds, {tally.seconds:.0f} s", flush=True)
    return tally


def main(words: Sequence[str]) -> int:
    """Exit code 1 and the smallest story where they differ."""
    parser = argparse.ArgumentParser(prog="python -m tests.reference.compare")
    parser.add_argument("--worlds", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--journeys", action="store_true")
    parser.add_argument("--size", type=int, default=0)
    asked = parser.parse_args(words)
    remember_texts(TEXTS)
    crowds, size = (under_way, MANY) if asked.journeys else (first_messages, SIZE)
    try:
        print(compare(asked.worlds, asked.seed, asked.size or size, aloud=True, crowds=crowds))
    except AssertionError as error:
        print(error)
        return 1
    finally:
        keep_texts(TEXTS)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
