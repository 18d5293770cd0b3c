"""Shares asked for and arms seen come in; whether the draw can have been fair goes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import comb, sqrt
from statistics import NormalDist

EXACT_UP_TO = 500  # people; beyond, the normal law is as good
ALARM = 0.001  # what fields that watch many experiments use, so that a warning means something


@dataclass(frozen=True)
class Split:
    """Share held out as asked for and as seen; `chance` is how often a fair draw is at least this far off."""

    asked: float
    seen: float
    chance: float

    @property
    def fair(self) -> bool:
        """Nothing speaks against the draw."""
        return self.chance >= ALARM


def split_of(by_version: Mapping[int, tuple[int, int]], shares: Mapping[int, float]) -> Split:
    """by_version: all people and those held out; shares: what each version asked for."""
    people = sum(every for every, _ in by_version.values())
    held = sum(out for _, out in by_version.values())
    expected = sum(every * shares[version] for version, (every, _) in by_version.items())
    asked = expected / people if people else 0.0
    if not people or not 0 < asked < 1:
        return Split(asked, held / people if people else 0.0, 1.0 if held == expected else 0.0)
    if people <= EXACT_UP_TO and len({shares[version] for version in by_version}) == 1:
        return Split(asked, held / people, _exact(held, people, asked))
    variance = sum(every * shares[version] * (1 - shares[version]) for version, (every, _) in by_version.items())
    far = max(0.0, abs(held - expected) - 0.5) / sqrt(variance)
    return Split(asked, held / people, 2 * (1 - NormalDist().cdf(far)))


def _exact(held: int, people: int, asked: float) -> float:
    """The binomial law: all outcomes that are no likelier than this one."""
    every = [comb(people, k) * asked**k * (1 - asked) ** (people - k) for k in range(people + 1)]
    return min(1.0, sum(each for each in every if each <= every[held] * (1 + 1e-9)))
