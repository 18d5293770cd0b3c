"""Accounts come in; the published shape of `report --json` and of the API goes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from relance.reports.accounts import Account, Overview
from relance.reports.arms import Arm
from relance.reports.intervals import Interval
from relance.reports.metrics import Figure
from relance.reports.results import Effect, Result
from relance.reports.words import VERDICTS


def shape_of(found: Overview) -> dict[str, Any]:
    """Keys are never taken away; money and shares are numbers as text and as floats, instants ISO 8601 in UTC."""
    return {
        "as_of": _instant(found.as_of),
        "from": found.period.since and found.period.since.isoformat(),
        "to": found.period.until and found.period.until.isoformat(),
        "currency": found.currency,
        "earned": {**_interval(found.earned), "verdict": found.verdict, "said": dict(VERDICTS[found.verdict])},
        "figures": [_figure(each) for each in found.figures],
        "scenarios": [_account(each) for each in found.accounts],
    }


def _account(account: Account) -> dict[str, Any]:
    return {
        "id": account.scenario,
        "title": dict(account.title),
        "equation": {name: value for name, value in asdict(account.equation).items() if name != "scenario"},
        "figures": [_figure(each) for each in account.figures],
        "result": account.result and _result(account.result),
    }


def _result(result: Result) -> dict[str, Any]:
    return {
        "horizon": result.horizon,
        "entered": {"first": _instant(result.first), "last": _instant(result.last)},
        "verdict": result.verdict,
        "said": dict(VERDICTS[result.verdict]),
        "treated": _arm(result.treated),
        "held_out": _arm(result.held_out),
        "split": {**asdict(result.split), "fair": result.split.fair},
        "conversion": _effect(result.conversion),
        "money": {currency: _effect(effect) for currency, effect in result.money.items()},
    }


def _effect(effect: Effect) -> dict[str, Any]:
    return {
        "treated": effect.treated,
        "held_out": effect.held_out,
        "difference": _interval(effect.difference),
        "earned": _interval(effect.earned),
        "verdict": effect.verdict,
        "people_needed": effect.people_needed,
        "days_more": effect.days_more,
    }


def _arm(arm: Arm) -> dict[str, Any]:
    net = {currency: str(amount) for currency, amount in arm.net.items()}
    return {
        "people": arm.people,
        "complete": arm.complete,
        "buyers": arm.buyers,
        "orders": arm.orders,
        "net": net,
    }


def _interval(found: Interval) -> dict[str, float | None]:
    return {"estimate": found.estimate, "low": found.low, "high": found.high}


def _figure(figure: Figure) -> Mapping[str, Any]:
    """Money as text, so that no cent is lost; what a figure is not told apart by is left out."""
    said = {"metric": figure.metric, "value": _value(figure.value)}
    parts = {"part": _value(figure.part), "whole": _value(figure.whole)} if figure.whole is not None else {}
    groups = {name: getattr(figure, name) for name in ("currency", "step", "reason") if getattr(figure, name)}
    return {**said, **parts, **groups}


def _value(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value


def _instant(moment: datetime) -> str:
    return moment.isoformat()
