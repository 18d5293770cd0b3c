"""Two arms come in as counts and sums; the difference and its 95 % interval go out.

Conversion: Newcombe's hybrid score interval (Statistics in Medicine 17, 1998, method 10), which never leaves
[-1, 1] and also holds where nobody ordered.

Money per head: most heads spend nothing and a few spend much, and the held-out arm is small. Its own sample
variance then misses the tail exactly when its mean is too low, so the usual interval misses on one side. Here the
sizes of what people spend (first and second moment, whichever arm they are in) are learned from both arms, the
share of those who spend from each arm alone with one spender and one other added (A. Agresti and B. Caffo, The
American Statistician 54, 2000), and the interval is normal around the plain difference of means. Nothing is
winsorised and nothing is drawn at random. `docs/decisions/0091-…` shows how often it holds, beside others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

LEVEL = 0.95
Z = NormalDist().inv_cdf(0.5 + LEVEL / 2)
POWER = NormalDist().inv_cdf(0.8)  # an effect of this many errors more than Z is seen four times in five


@dataclass(frozen=True)
class Interval:
    """An estimate and its 95 % interval; bounds are None where nothing can be said."""

    estimate: float
    low: float | None = None
    high: float | None = None

    @property
    def sign(self) -> int:
        """1 or -1 where the whole interval lies on one side of zero, else 0."""
        if self.low is None or self.high is None:
            return 0
        return (self.low > 0) - (self.high < 0)

    @property
    def error(self) -> float | None:
        """The standard error that an interval of this width has."""
        return None if self.low is None or self.high is None else (self.high - self.low) / (2 * Z)

    def times(self, factor: float) -> Interval:
        """The same for so many heads."""
        low, high = (None if each is None else each * factor for each in (self.low, self.high))
        return Interval(self.estimate * factor, low, high)


@dataclass(frozen=True)
class Spending:
    """Money per head of one arm: `spenders` of `people` spent `total`; `squares` is the sum of each one's squared."""

    people: int
    spenders: int = 0
    total: float = 0.0
    squares: float = 0.0

    @property
    def per_head(self) -> float:
        return self.total / self.people if self.people else 0.0


def wilson(part: int, whole: int) -> tuple[float, float]:
    """Wilson's score interval of one share."""
    share, weight = part / whole, Z * Z / whole
    centre, half = share + weight / 2, sqrt(weight * (share * (1 - share) + weight / 4))
    return max(0.0, (centre - half) / (1 + weight)), min(1.0, (centre + half) / (1 + weight))


def shares(part: int, whole: int, other: int, all_others: int) -> Interval:
    """Share of the first arm less share of the second."""
    if not whole or not all_others:
        return Interval(0.0)
    p, q = part / whole, other / all_others
    (low, high), (low_q, high_q) = wilson(part, whole), wilson(other, all_others)
    below = sqrt((p - low) ** 2 + (high_q - q) ** 2)
    above = sqrt((high - p) ** 2 + (q - low_q) ** 2)
    return Interval(p - q, p - q - below, p - q + above)


def per_head(one: Spending, other: Spending) -> Interval:
    """Mean of the first arm less mean of the second, in the unit of the money."""
    difference = one.per_head - other.per_head
    spenders = one.spenders + other.spenders
    if not one.people or not other.people or not spenders:
        return Interval(difference)
    size, square = (one.total + other.total) / spenders, (one.squares + other.squares) / spenders
    reach = Z * sqrt(sum(_variance(each, size, square) / each.people for each in (one, other)))
    return Interval(difference, difference - reach, difference + reach)


def together(parts: Sequence[Interval]) -> Interval:
    """The sum of independent estimates (MOVER: G. Zou and A. Donner, Statistics in Medicine 27, 2008)."""
    total = sum(each.estimate for each in parts)
    below, above = 0.0, 0.0
    for each in parts:
        if each.low is None or each.high is None:
            return Interval(total)
        below += (each.estimate - each.low) ** 2
        above += (each.high - each.estimate) ** 2
    return Interval(total, total - sqrt(below), total + sqrt(above)) if parts else Interval(0.0)


def times_as_many(found: Interval) -> float | None:
    """How many times as many people would show an effect as large as the one estimated, four times in five."""
    if found.error is None or found.estimate == 0:
        return None
    return max(1.0, ((Z + POWER) * found.error / found.estimate) ** 2)


def _variance(arm: Spending, size: float, square: float) -> float:
    share = (arm.spenders + 1) / (arm.people + 2)
    return max(0.0, share * square - (share * size) ** 2)
