"""Results against the control group become what the pages draw: bars, intervals, and the words beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from relance.base.spans import parse_span
from relance.reports.accounts import Account, Overview
from relance.reports.intervals import Interval
from relance.reports.results import Result
from relance.reports.words import patience, verdict_words
from relance.web.drawing.interval import Axis, axis_of, big_interval, interval, ticks
from relance.web.reading.steps import span_said
from relance.web.voice import Voice

ESTABLISHED = ("gain", "loss")
_NOTES = {"too_early": "overview.too_early", "no_holdout": "overview.no_holdout"}


@dataclass(frozen=True)
class Earned:
    """One scenario in the list of what each earned. `drawn` is empty where there is nothing to compare with."""

    amount: str
    note: str
    drawn: SafeString | str
    solid: bool


@dataclass(frozen=True)
class Head:
    """The finding of the whole house: its sentence's key, the amount, and the drawing."""

    key: str
    amount: str
    low: str
    high: str
    drawn: SafeString | str


def head_of(found: Overview, voice: Voice) -> Head | None:
    """None where no scenario has anything to compare with."""
    earned = found.earned
    if earned.low is None or earned.high is None or found.verdict not in (*ESTABLISHED, "too_early"):
        return None
    key = {"gain": "overview.gain", "loss": "overview.loss"}.get(found.verdict, "overview.early")
    drawn = _big(earned, found.currency, voice, solid=found.verdict in ESTABLISHED)
    low, high = (voice.money(end, found.currency, 0) for end in (earned.low, earned.high))
    return Head(key, voice.money(abs(earned.estimate), found.currency, 0), low, high, drawn)


def earned_by(accounts: Sequence[Account], voice: Voice) -> tuple[dict[str, Earned], SafeString | str]:
    """By scenario, all on one axis, and the axis."""
    results = {each.scenario: each.result for each in accounts if each.result}
    bounds = [end for one in results.values() for end in _bounds(one.main.earned)]
    if not bounds:
        return {name: _earned(one, None, voice) for name, one in results.items()}, ""
    axis = axis_of(bounds)
    currency = next(iter(results.values())).currency
    shared = ticks(axis, lambda value: voice.money(value, currency, 0))
    return {name: _earned(one, axis, voice) for name, one in results.items()}, shared


def _earned(one: Result, axis: Axis | None, voice: Voice) -> Earned:
    earned, verdict = one.main.earned, one.main.verdict
    note = "" if verdict in ESTABLISHED else voice.say(_NOTES[verdict]) if verdict in _NOTES else _verdict(one, voice)
    if axis is None or earned.low is None or earned.high is None or verdict in ("no_holdout", "nobody"):
        return Earned("", note, "", False)
    solid = verdict in ESTABLISHED
    said = _said(earned, one.currency, voice)
    drawn = interval(axis, earned.estimate, earned.low, earned.high, said, solid=solid)
    return Earned(voice.signed(earned.estimate, one.currency), note, drawn, solid)


@dataclass(frozen=True)
class Compared:
    """The two arms of one scenario. Widths are percent of the longer bar; sentences are whole.

    An arm is None where there is nobody in it.
    """

    verdict: str
    sentence: str
    treated: tuple[str, str, str] | None
    held_out: tuple[str, str, str] | None
    money: str
    drawn: SafeString | str
    patience: str


def compared(one: Result, voice: Voice) -> Compared:
    """share, how many, and width of each arm; then the money with its interval."""
    shares = one.conversion.treated, one.conversion.held_out
    widest = max(*shares, 0.0001)
    treated, held_out = (
        (voice.share(share), voice.say("result.of", n=arm.buyers, people=arm.people), f"{100 * share / widest:.1f}")
        if arm.people
        else None
        for share, arm in zip(shares, (one.treated, one.held_out), strict=True)
    )
    earned = one.main.earned
    key = "result.more" if earned.estimate >= 0 else "result.less"
    money, drawn = "", SafeString("")
    if earned.low is not None and earned.high is not None:
        low, high = (voice.money(end, one.currency, 0) for end in (earned.low, earned.high))
        money = voice.say(key, amount=voice.money(abs(earned.estimate), one.currency, 0), low=low, high=high)
        drawn = _big(earned, one.currency, voice, solid=one.main.verdict in ESTABLISHED)
    wait = voice.typeset(patience(one, voice.locale))
    return Compared(_verdict(one, voice), _sentence(one, voice), treated, held_out, money, drawn, wait)


def _sentence(one: Result, voice: Voice) -> str:
    difference = one.conversion.difference
    if difference.low is None or difference.high is None:
        return ""
    return voice.say(
        "result.compared",
        span=span_said(parse_span(one.horizon), voice),
        treated=voice.share(one.conversion.treated),
        held_out=voice.share(one.conversion.held_out),
        difference=_points(difference.estimate, voice),
        low=voice.number(round(100 * difference.low, 1), 1),
        high=voice.number(round(100 * difference.high, 1), 1),
    )


def _points(share: float, voice: Voice) -> str:
    points = round(100 * share, 1)
    return voice.say("result.points", n=points, number=voice.number(points, 1))


def _verdict(one: Result, voice: Voice) -> str:
    return voice.typeset(verdict_words(one.main.verdict, "fr" if voice.language == "fr" else "en"))


def _bounds(found: Interval) -> list[float]:
    return [end for end in (found.low, found.high) if end is not None]


def _said(found: Interval, currency: str, voice: Voice) -> str:
    ends = (voice.money(end, currency, 0) for end in (found.low or 0, found.high or 0))
    low, high = ends
    return voice.say("overview.interval", estimate=voice.money(found.estimate, currency, 0), low=low, high=high)


def _big(found: Interval, currency: str, voice: Voice, *, solid: bool) -> SafeString:
    assert found.low is not None and found.high is not None
    axis = axis_of([found.low, found.high])
    said = _said(found, currency, voice)
    return big_interval(
        axis, found.estimate, found.low, found.high, lambda value: voice.money(value, currency, 0), said, solid=solid
    )
