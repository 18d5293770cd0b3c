"""The steps of a scenario as frozen dataclasses, in the words of library.md; a journey stands before one of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

Steps = tuple["Step", ...]


@dataclass(frozen=True)
class Send:
    """One message."""

    name: str


@dataclass(frozen=True)
class Wait:
    """So many local days, so many hours, or until a clock time (of a weekday, 0 is Monday)."""

    name: str
    days: int = 0
    hours: int = 0
    until: time | None = None
    weekday: int | None = None


@dataclass(frozen=True)
class Await:
    """Until another valid order is known, at most so many local days."""

    name: str
    days: int
    happened: Steps = ()
    otherwise: Steps = ()


@dataclass(frozen=True)
class Branch:
    """By at least so many valid orders known, or by the last value set of an attribute; else the other way."""

    name: str
    orders: int = 0
    value: tuple[str, str] | None = None
    then: Steps = ()
    otherwise: Steps = ()


@dataclass(frozen=True)
class Split:
    """Ways by weight: (weight, name, steps)."""

    name: str
    ways: tuple[tuple[int, str, Steps], ...]


@dataclass(frozen=True)
class SetValue:
    """A value noted about the contact."""

    name: str
    attribute: str
    value: str


@dataclass(frozen=True)
class Exit:
    """The end, for a reason."""

    name: str
    reason: str


@dataclass(frozen=True)
class HandOver:
    """The end here, and the beginning of another scenario."""

    name: str
    to: str


Step = Send | Wait | Await | Branch | Split | SetValue | Exit | HandOver


def said(steps: Steps) -> str:
    """In few words: `first, wait 2 days, again`."""
    return ", ".join(map(_said, steps)) or "nothing"


def _said(step: Step) -> str:
    if isinstance(step, Wait):
        until = f"until {step.until:%H:%M}" if step.until else ""
        weekday = "" if step.weekday is None else f" of weekday {step.weekday}"
        return f"{step.name}: wait {until or (f'{step.hours} hours' if step.hours else f'{step.days} days')}{weekday}"
    if isinstance(step, Await):
        ways = f"(happened: {said(step.happened)}; otherwise: {said(step.otherwise)})"
        return f"{step.name}: another order within {step.days} days {ways}"
    if isinstance(step, Branch):
        asks = f"{step.value[0]} is {step.value[1]}" if step.value else f"{step.orders} orders"
        return f"{step.name}: if {asks} ({said(step.then)}), else ({said(step.otherwise)})"
    if isinstance(step, Split):
        return f"{step.name}: split " + " ".join(
            f"{name} {weight} ({said(ahead)})" for weight, name, ahead in step.ways
        )
    if isinstance(step, SetValue):
        return f"{step.name}: set {step.attribute} {step.value}"
    if isinstance(step, Exit):
        return f"{step.name}: exit {step.reason}"
    return f"{step.name}: hand over to {step.to}" if isinstance(step, HandOver) else f"send {step.name}"
