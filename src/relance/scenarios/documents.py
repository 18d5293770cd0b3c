"""A scenario document (YAML or JSON) becomes a checked definition: target, trigger, stop, steps, goal."""

from __future__ import annotations

import re
from datetime import time
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from relance.base.errors import BadDocument
from relance.base.spans import Span, parse_span

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]
Purpose = Literal["marketing", "service", "transactional"]


def _span(value: Any) -> Any:
    if not isinstance(value, str | int):
        return value
    try:
        return parse_span(str(value))
    except BadDocument as error:
        raise ValueError(str(error)) from None


def _share(value: Any) -> Any:
    match = re.fullmatch(r"(\d{1,2}(?:\.\d+)?)\s*%", value) if isinstance(value, str) else None
    return float(match.group(1)) / 100 if match else value


def _clock(value: Any) -> Any:
    """`09:00`; YAML without quotes reads 9:00 as the number 540, so minutes are understood too."""
    if isinstance(value, int):
        return time(value // 60, value % 60) if 0 <= value < 1440 else value
    return value


SpanField = Annotated[Span, BeforeValidator(_span)]
Share = Annotated[float, BeforeValidator(_share), Field(ge=0, lt=1)]
ClockTime = Annotated[time, BeforeValidator(_clock)]
Conditions = dict[str, Any]  # a criteria tree as written; audiences.criteria checks it
Where = str | dict[str, Any]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Schedule(_Part):
    """Due once a local date, at this clock time."""

    daily: ClockTime


class Need(_Part):
    """A feed that must be complete until the start of the due date; after the deadline it is too late."""

    feed: str
    until: Literal["start_of_today"] = "start_of_today"
    deadline: ClockTime


class DateTrigger(_Part):
    """A date comes: so many days after (or before) an instant or date of the contact's rows."""

    of: str
    where: Where | None = None
    days: int = Field(default=0, ge=-400, le=4000)
    yearly: bool = False


class RowTrigger(_Part):
    """A row appears."""

    table: str
    where: Where | None = None
    days: int = Field(default=0, ge=0, le=400)


class QuietTrigger(_Part):
    """A cart has not been touched for so many local dates."""

    table: Literal["carts"] = "carts"
    days: int = Field(default=1, ge=1, le=60)


class ComesRound(_Part):
    """A purchase of a recurring product or type is nearly used up: interval × quantity, less the lead.

    `quantity: ignored` where people buy to resell. Reminders due within `together` are one message.
    """

    quantity: Literal["counts", "ignored"] = "counts"
    together: SpanField = Span(days=7)


class HandedOver(_Part):
    """Another scenario hands its contacts over."""


class Trigger(_Part):
    """Exactly one kind."""

    date: DateTrigger | None = None
    row: RowTrigger | None = None
    quiet: QuietTrigger | None = None
    comes_round: ComesRound | None = None
    handed_over: HandedOver | None = None

    @model_validator(mode="after")
    def _one(self) -> Trigger:
        kinds = ("date", "row", "quiet", "comes_round", "handed_over")
        if sum(getattr(self, name) is not None for name in kinds) != 1:
            raise ValueError(f"a trigger is exactly one of {', '.join(kinds)}")
        return self


class Reentry(_Part):
    """A contact may enter again so many local dates after the last message of the first step."""

    after: SpanField


class Items(_Part):
    """Products that the message shows, checked again before it leaves."""

    of: Literal["cart_lines"] = "cart_lines"
    drop: tuple[Literal["bought", "out_of_stock"], ...] = ("bought", "out_of_stock")
    carry: int = Field(default=20, ge=1, le=100)


class Send(_Part):
    """One message on one channel."""

    channel: Literal["email"] = "email"
    message: Name


class Wait(_Part):
    """So long, and then at the schedule's slot; or until a clock time, on a weekday if one is named."""

    span: SpanField | None = Field(default=None, alias="for")
    until: ClockTime | None = None
    weekday: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] | None = None

    @model_validator(mode="after")
    def _one(self) -> Wait:
        if (self.span is None) == (self.until is None):
            raise ValueError("a wait is either for a length of time or until a clock time")
        if self.span and not (5 <= self.span.elapsed.total_seconds() / 60 + self.span.days * 1440 <= 400 * 1440):
            raise ValueError("a wait is at least 5 minutes and at most 400 days")
        return self


class Arm(_Part):
    """One way out of a branch; the last has no condition."""

    when: Conditions | None = Field(default=None, alias="if")
    then: tuple[Step, ...] = ()
    otherwise: tuple[Step, ...] | None = Field(default=None, alias="else")


class OnStop(_Part):
    """What follows where a condition stops a journey that has begun: another scenario takes the contact on."""

    hand_over: Name


class Step(_Part):
    """Exactly one of send, wait, branch, exit, go_to, hand_over; the name is optional but then unique."""

    name: Name | None = None
    send: Send | None = None
    wait: Annotated[Wait | None, BeforeValidator(lambda v: {"for": v} if isinstance(v, str) else v)] = None
    branch: tuple[Arm, ...] | None = None
    exit: Name | None = None
    go_to: Name | None = None
    hand_over: Name | None = None

    @model_validator(mode="after")
    def _one(self) -> Step:
        kinds = ("send", "wait", "branch", "exit", "go_to", "hand_over")
        given = [kind for kind in kinds if getattr(self, kind) is not None]
        if len(given) != 1:
            raise ValueError(f"a step is exactly one of {', '.join(kinds)}")
        return self


Arm.model_rebuild()


class Goal(_Part):
    """What the scenario hopes for; measured, never a condition."""

    row: str
    where: Where | None = None
    within: SpanField


class Scenario(_Part):
    """A whole definition, as its author wrote it, with every default filled in."""

    scenario: Name
    title: dict[str, str] = {}
    about: dict[str, str] = {}
    needs: tuple[Need, ...] = ()
    schedule: Schedule | None = None
    zone: Literal["brand"] = "brand"
    purpose: Purpose = "marketing"
    priority: int = Field(default=50, ge=0, le=1000)
    sender: str = "default"
    trigger: Trigger
    occurrence: Literal["once", "row", "year", "episode"] | None = None
    lookback: SpanField = Span(days=7)
    fresh_for: SpanField
    target: Conditions | None = None
    stop: dict[Name, Conditions] = {}
    on_stop: dict[Name, OnStop] = {}
    items: Items | None = None
    reentry: Reentry | None = None
    holdout: Share = 0.0
    on_lose: Literal["drop", "wait"] = "drop"
    steps: tuple[Step, ...] = Field(min_length=1)
    goal: Goal | None = None

    @model_validator(mode="after")
    def _slot(self) -> Scenario:
        if self.trigger.comes_round and self.schedule is None:
            raise ValueError("a purchase comes round on a date, so the scenario needs a schedule")
        return self

    @property
    def occurs(self) -> str:
        """What may happen once: in life, per row, per year, per episode of a cart."""
        if self.occurrence:
            return self.occurrence
        if self.trigger.quiet:
            return "episode"
        if self.trigger.date:
            return "year" if self.trigger.date.yearly else _date_occurrence(self.trigger.date.of)
        return "row"


def _date_occurrence(of: str) -> str:
    return "once" if of.startswith("first_") else "row"


def parse_scenario(data: Any, source: str | None = None, line_of: Any = None) -> Scenario:
    """A checked definition, or BadDocument naming the place. `line_of(path)` gives lines where known."""
    if not isinstance(data, dict):
        raise BadDocument("a scenario is a document with scenario, trigger and steps", source=source)
    try:
        return Scenario.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        path = tuple(first["loc"])
        line = line_of(path) if line_of else None
        raise BadDocument(_said(first, path), source=source, line=line) from None


def _said(error: Any, path: tuple[Any, ...]) -> str:
    place = ".".join(str(part) for part in path)
    if error["type"] == "extra_forbidden":
        return f"“{place}” is not a word that a scenario knows here"
    if error["type"] == "missing":
        return f"“{place}” is missing"
    return f"“{place}”: {re.sub('^Value error, ', '', str(error['msg']))}"
