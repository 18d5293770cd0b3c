"""Two arms become a result that a page can draw and a person can read: effect, interval, verdict, how long until."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Literal

from relance.reports.arms import Arm, Arms
from relance.reports.intervals import Interval, per_head, shares, times_as_many
from relance.reports.split import Split, split_of

Verdict = Literal["gain", "loss", "too_early", "no_holdout", "nobody", "unfair_split"]
FEWEST_BUYERS = 5  # to be expected in the smaller arm: below, no verdict on money deserves trust
LONGEST = 730  # days; a wait beyond two years is no advice


@dataclass(frozen=True)
class Effect:
    """Treated less held out, per head. currency is None for conversion, whose unit is a share.

    earned: the same for all treated heads (buyers more, or money more). days_more: at the pace seen so far, until an
    effect as large as the one estimated would show; None where it shows already or would take over two years.
    """

    currency: str | None
    treated: float
    held_out: float
    difference: Interval
    earned: Interval
    verdict: Verdict
    people_needed: int | None
    days_more: int | None


@dataclass(frozen=True)
class Result:
    """What a scenario was worth. Attributed money is another question and never added to it.

    conversion: share of heads with a valid order within the horizon. money: by currency, net per head. verdict: that
    of the money in the brand's currency, or why there is none.
    """

    scenario: str
    horizon: str
    first: datetime
    last: datetime
    treated: Arm
    held_out: Arm
    split: Split
    conversion: Effect
    money: Mapping[str, Effect]
    currency: str
    verdict: Verdict

    @property
    def main(self) -> Effect:
        """The effect on money in the brand's currency."""
        return self.money[self.currency]


def result_of(arms: Arms, held_out_shares: Mapping[int, float], currency: str, as_of: datetime) -> Result:
    """held_out_shares: what each version asked for. currency: the brand's, shown first."""
    split = split_of(arms.by_version, held_out_shares)
    blocked = _blocked(arms, split)
    days = max(1.0, (min(as_of, arms.last) - arms.first).total_seconds() / 86_400 + 1)
    names = sorted({currency, *arms.treated.net, *arms.held_out.net})
    money = {name: _money(arms, name, blocked, days) for name in names}
    return Result(
        arms.scenario,
        str(arms.horizon),
        arms.first,
        arms.last,
        arms.treated,
        arms.held_out,
        split,
        _conversion(arms, blocked, days),
        money,
        currency,
        money[currency].verdict,
    )


def _blocked(arms: Arms, split: Split) -> Verdict | None:
    if not arms.treated.people + arms.held_out.people:
        return "nobody"
    if not split.asked and not arms.held_out.people:
        return "no_holdout"
    return None if split.fair else "unfair_split"


def _conversion(arms: Arms, blocked: Verdict | None, days: float) -> Effect:
    one, other = arms.treated, arms.held_out
    difference = shares(one.buyers, one.people, other.buyers, other.people)
    rates = one.buyers / max(1, one.people), other.buyers / max(1, other.people)
    return _effect(None, rates, difference, arms, blocked, days)


def _money(arms: Arms, currency: str, blocked: Verdict | None, days: float) -> Effect:
    one, other = arms.treated.spending(currency), arms.held_out.spending(currency)
    rate = (one.spenders + other.spenders) / max(1, one.people + other.people)
    few = rate * min(one.people, other.people) < FEWEST_BUYERS
    difference = per_head(one, other)
    means = one.per_head, other.per_head
    return _effect(currency, means, difference, arms, blocked or ("too_early" if few else None), days)


def _effect(
    currency: str | None,
    means: tuple[float, float],
    difference: Interval,
    arms: Arms,
    blocked: Verdict | None,
    days: float,
) -> Effect:
    signs: dict[int, Verdict] = {1: "gain", -1: "loss", 0: "too_early"}
    verdict = blocked or signs[difference.sign]
    needed, more = _patience(difference, arms, days) if verdict == "too_early" else (None, None)
    earned = difference.times(arms.treated.people)
    return Effect(currency, *means, difference, earned, verdict, needed, more)


def _patience(difference: Interval, arms: Arms, days: float) -> tuple[int | None, int | None]:
    """People in both arms, and days more at this pace, until an effect of this size would show."""
    times = times_as_many(difference)
    if times is None:
        return None, None
    people = arms.treated.people + arms.held_out.people
    more = ceil(days * (times - 1))
    return ceil(people * times), more if more <= LONGEST else None
