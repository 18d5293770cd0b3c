"""How a scenario document says what follows: its steps, each exactly one kind."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from relance.scenarios.fields import ClockTime, Conditions, Name, Part, SpanField


class Send(Part):
    """One message on one channel."""

    channel: Literal["email"] = "email"
    message: Name


class Wait(Part):
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


class Arm(Part):
    """One way out of a branch; the last has no condition."""

    when: Conditions | None = Field(default=None, alias="if")
    then: tuple[Step, ...] = ()
    otherwise: tuple[Step, ...] | None = Field(default=None, alias="else")


class OnStop(Part):
    """What follows where a condition stops a journey that has begun: another scenario takes the contact on."""

    hand_over: Name


class Step(Part):
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
