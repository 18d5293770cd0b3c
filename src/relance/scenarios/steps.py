"""How a scenario document says what follows: its steps, each exactly one kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from relance.scenarios.fields import ClockTime, Conditions, Name, Part, SpanField, Where

Attribute = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
NO_CONSENT = "consent is never set by a scenario; it is an act of the person"


class Send(Part):
    """One message on one channel; `coupon` names the pool of codes of which it prints one."""

    channel: Literal["email"] = "email"
    message: Name
    coupon: Name | None = None


class Event(Part):
    """A row of the contact's that a wait may end with: at or after the fact that began the journey, another than it."""

    row: str
    where: Where | None = None


class Wait(Part):
    """So long, and then at the schedule's slot; until a clock time, on a weekday if one is named; or for an event.

    A wait for an event is over when it is known, and goes on with `happened`; else `at_most` after its beginning,
    with `otherwise`. Both go on with what follows the wait.
    """

    span: SpanField | None = Field(default=None, alias="for")
    until: ClockTime | None = None
    weekday: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] | None = None
    event: Event | None = None
    at_most: SpanField | None = None
    happened: tuple[Step, ...] = ()
    otherwise: tuple[Step, ...] = ()

    @model_validator(mode="after")
    def _one(self) -> Wait:
        if [self.span, self.until, self.event].count(None) != 2:
            raise ValueError("a wait is for a length of time, until a clock time, or for an event")
        if self.weekday and self.until is None:
            raise ValueError("a weekday goes with “until” and a clock time")
        if (self.event is None) != (self.at_most is None):
            raise ValueError("a wait for an event says how long at most: event and at_most go together")
        if self.event is None and (self.happened or self.otherwise):
            raise ValueError("“happened” and “otherwise” belong to a wait for an event")
        length = self.span or self.at_most
        if length and not (5 <= length.elapsed.total_seconds() / 60 + length.days * 1440 <= 400 * 1440):
            raise ValueError("a wait is at least 5 minutes and at most 400 days")
        return self


class Arm(Part):
    """One way out of a branch; the last has no condition."""

    when: Conditions | None = Field(default=None, alias="if")
    then: tuple[Step, ...] = ()
    otherwise: tuple[Step, ...] | None = Field(default=None, alias="else")


class SplitWay(Part):
    """One way out of a random split: how much of the whole, by weight, takes it."""

    weight: float = Field(gt=0, le=1_000_000)
    name: Name
    then: tuple[Step, ...] = ()


class SetValue(Part):
    """What the journey notes about its contact; conditions read it as `contact_values.ATTRIBUTE` from the next turn."""

    attribute: Attribute
    value: str = Field(min_length=1, max_length=200)

    @model_validator(mode="after")
    def _no_consent(self) -> SetValue:
        if "consent" in self.attribute:
            raise ValueError(NO_CONSENT)
        return self


class Webhook(Part):
    """A call to a system of the shop's own, signed, made again where it fails for now.

    `fields`: columns of the contact that go with it; `sets`: what the answer may set, read by conditions as
    `contact_values.NAME`. The journey waits for the answer only where it can matter, two days at most.
    """

    url: str = Field(pattern=r"^https?://[^\s]{1,500}$")
    fields: tuple[Attribute, ...] = Field(default=(), max_length=30)
    sets: tuple[Attribute, ...] = Field(default=(), max_length=20)
    on_failure: Literal["go_on", "exit"] = "go_on"

    @model_validator(mode="after")
    def _no_consent(self) -> Webhook:
        if any("consent" in name for name in self.sets):
            raise ValueError(NO_CONSENT)
        return self


class OnStop(Part):
    """What follows where a condition stops a journey that has begun: another scenario takes the contact on."""

    hand_over: Name


class Step(Part):
    """Exactly one of STEPS; the name is optional but then unique."""

    name: Name | None = None
    send: Send | None = None
    wait: Annotated[Wait | None, BeforeValidator(lambda v: {"for": v} if isinstance(v, str) else v)] = None
    branch: tuple[Arm, ...] | None = None
    split: tuple[SplitWay, ...] | None = Field(default=None, min_length=2, max_length=20)
    set_: SetValue | None = Field(default=None, alias="set")
    webhook: Webhook | None = None
    exit: Name | None = None
    go_to: Name | None = None
    hand_over: Name | None = None

    @property
    def kind(self) -> str:
        """Its word in the document."""
        return next(kind for kind in STEPS if getattr(self, _FIELDS.get(kind, kind)) is not None)

    @model_validator(mode="after")
    def _one(self) -> Step:
        given = [kind for kind in STEPS if getattr(self, _FIELDS.get(kind, kind)) is not None]
        if len(given) != 1:
            raise ValueError(f"a step is exactly one of {', '.join(STEPS)}")
        if self.webhook and not self.name:
            raise ValueError("a webhook has a name, under which the other side hears of it")
        return self


Place = tuple[str | int, ...]  # ("steps", 0, "branch", 1, "then", 0)
STEPS = ("send", "wait", "branch", "split", "set", "webhook", "exit", "go_to", "hand_over")
_FIELDS = {"set": "set_"}

for _part in (Wait, Arm, SplitWay, Step):
    _part.model_rebuild()


def every_step(steps: Sequence[Step], place: tuple[str | int, ...] = ("steps",)) -> Iterator[tuple[Place, Step]]:
    """Each step with its place in the document, those inside another right behind it, in the order of writing."""
    for number, step in enumerate(steps):
        own = (*place, number)
        yield own, step
        for inner, more in _inside(step):
            yield from every_step(inner, (*own, *more))


def steps_of(arm: Arm) -> tuple[Step, ...]:
    """The steps of an arm of a branch."""
    return arm.then if arm.otherwise is None else arm.otherwise


def _inside(step: Step) -> Iterator[tuple[tuple[Step, ...], Place]]:
    for number, arm in enumerate(step.branch or ()):
        yield steps_of(arm), ("branch", number, "then" if arm.otherwise is None else "else")
    for number, way in enumerate(step.split or ()):
        yield way.then, ("split", number, "then")
    if step.wait:
        yield step.wait.happened, ("wait", "happened")
        yield step.wait.otherwise, ("wait", "otherwise")
