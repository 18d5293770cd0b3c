"""A scenario document (YAML or JSON) becomes a checked definition: target, trigger, stop, steps, goal."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from relance.base.errors import BadDocument
from relance.base.sentences import first_error, sentence
from relance.base.spans import Span
from relance.scenarios.fields import ClockTime, Conditions, FreshField, Name, Part, Share, SpanField, Where
from relance.scenarios.starts import Trigger
from relance.scenarios.steps import OnStop, Step

LONGEST = 400  # days that something may be fresh, or be looked back for
_LIFE = 4_000  # days until somebody may enter again, or until a goal is reached

Purpose = Literal["marketing", "service", "transactional"]


class Schedule(Part):
    """Due once a local date, at this clock time."""

    daily: ClockTime


class Need(Part):
    """A feed that must be complete until the start of the due date; after the deadline it is too late."""

    feed: str
    until: Literal["start_of_today"] = "start_of_today"
    deadline: ClockTime


class Reentry(Part):
    """A contact may enter again so many local dates after the first message of the last journey."""

    after: SpanField

    @field_validator("after")
    @classmethod
    def _in_a_life(cls, said: Span) -> Span:
        return _not_too_long(said)


class Items(Part):
    """Products that the message shows, checked again before it leaves.

    `none_left`: what it is called where nothing is left to show, among the stop conditions.
    """

    of: Literal["cart_lines", "order_lines"] = "cart_lines"
    drop: tuple[Literal["bought", "out_of_stock", "reviewed"], ...] = ("bought", "out_of_stock")
    carry: int = Field(default=20, ge=1, le=100)
    none_left: Name | None = None


class Goal(Part):
    """What the scenario hopes for; measured, never a condition."""

    row: str
    where: Where | None = None
    within: SpanField

    @field_validator("within")
    @classmethod
    def _in_a_life(cls, said: Span) -> Span:
        return _not_too_long(said)


class Scenario(Part):
    """A whole definition, as its author wrote it, with every default filled in."""

    scenario: Name
    title: dict[str, str] = Field(default_factory=dict)
    about: dict[str, str] = Field(default_factory=dict)
    needs: tuple[Need, ...] = ()
    schedule: Schedule | None = None
    zone: Literal["brand", "contact"] = "brand"
    purpose: Purpose = "marketing"
    priority: int = Field(default=50, ge=0, le=1000)
    sender: str = "default"
    trigger: Trigger
    occurrence: Literal["once", "row", "year", "episode"] | None = None
    lookback: SpanField = Span(days=7)
    fresh_for: FreshField
    target: Conditions | None = None
    stop: dict[Name, Conditions] = Field(default_factory=dict)
    on_stop: dict[Name, OnStop] = Field(default_factory=dict)
    items: Items | None = None
    may_lack: tuple[str, ...] = ()  # tables, and columns as table.column, that a shop need not have
    reentry: Literal["never", "each"] | Reentry | None = None
    holdout: Share = 0.0
    on_lose: Literal["drop", "wait"] = "drop"
    steps: tuple[Step, ...] = Field(min_length=1)
    goal: Goal | None = None

    @field_validator("title", "about")
    @classmethod
    def _both(cls, said: dict[str, str]) -> dict[str, str]:
        missing = [language for language in ("fr", "en") if said and language not in said]
        if missing:
            raise ValueError(f"is not written in “{missing[0]}” yet")
        return said

    @field_validator("fresh_for", "lookback")
    @classmethod
    def _within_a_year(cls, said: Span) -> Span:
        if said.longer_than(LONGEST):
            raise ValueError(f"is longer than {LONGEST} days")
        return said

    @model_validator(mode="after")
    def _slot(self) -> Scenario:
        if self.zone == "contact" and not (self.trigger.date or self.trigger.row):
            raise ValueError("only what starts by a date or a row may keep to the clocks of each contact")
        if self.trigger.comes_round and self.schedule is None:
            raise ValueError("a purchase comes round on a date, so the scenario needs a schedule")
        if self.trigger.calendar and self.trigger.calendar.weekly and self.schedule is None:
            raise ValueError("a weekly broadcast leaves at a clock time, so the scenario needs a schedule")
        return self

    @property
    def looks_back(self) -> Span:
        """How far behind the last turn due times are looked for; a broadcast is decided once, at its first turn."""
        return Span() if self.trigger.calendar else self.lookback

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

    @property
    def limits_reentry(self) -> bool:
        """Whether who had the first message may have to wait, or may never enter again."""
        return self.reentry not in (None, "each")

    @property
    def one_at_a_time(self) -> bool:
        """Whether the occurrence is the contact's own (a silence, a date), so that one journey runs at a time.

        Journeys of objects (an order, a product, a cart) run side by side; what is once in life is alone anyway.
        """
        if self.trigger.segment or self.trigger.calendar:
            return True
        of = self.trigger.date.of if self.trigger.date else ""
        return self.occurs != "once" and (of.startswith("contacts.") or of in ("first_order", "last_order"))

    @property
    def apart_in_a_turn(self) -> bool:
        """Whether journeys that enter in one turn count as one after the other, for each is a message of its own."""
        return self.trigger.date is not None or self.trigger.row is not None


def _not_too_long(said: Span) -> Span:
    if said.longer_than(_LIFE):
        raise ValueError(f"is longer than {_LIFE} days")
    return said


def _date_occurrence(of: str) -> str:
    return "once" if of.startswith("first_") else "row"


def parse_scenario(data: Any, source: str | None = None, line_of: Any = None) -> Scenario:
    """A checked definition, or BadDocument naming the place. `line_of(path)` gives lines where known."""
    if not isinstance(data, dict):
        raise BadDocument("a scenario is a document with scenario, trigger and steps", source=source)
    try:
        return Scenario.model_validate(data)
    except ValidationError as error:
        first = first_error(error.errors())
        path = tuple(first["loc"])
        line = line_of(path) if line_of else None
        said = sentence(first, "is not a word that a scenario knows here")
        raise BadDocument(said, source=source, line=line) from None
