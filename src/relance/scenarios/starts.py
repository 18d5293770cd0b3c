"""How a scenario document says what starts it: exactly one kind of trigger."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from relance.base.spans import Span
from relance.scenarios.fields import WEEKDAYS, LocalTime, Name, Part, SpanField, Weekday, Where
from relance.scenarios.product_starts import ComesBack, PriceDrop, Restock, Wanted


class Instead(Part):
    """The column to count from where a row lacks the first one, and how many days later that is."""

    of: str
    days: int = Field(default=0, ge=0, le=400)


class DateTrigger(Part):
    """A date comes: so many days after (or before) an instant or date of the contact's rows.

    `else`: what to count from, with so many days more, where the row lacks it: received, else ordered + 10 days.
    """

    of: str
    where: Where | None = None
    days: int = Field(default=0, ge=-400, le=4000)
    yearly: bool = False
    otherwise: Instead | None = Field(default=None, alias="else")

    @model_validator(mode="after")
    def _same_table(self) -> DateTrigger:
        table, _, column = self.of.partition(".")
        if self.otherwise and (not column or self.yearly or self.otherwise.of.partition(".")[0] != table):
            raise ValueError("“else” names another column of the same table, and nothing yearly")
        return self


class RowTrigger(Part):
    """A row appears."""

    table: str
    where: Where | None = None
    days: int = Field(default=0, ge=0, le=400)


class QuietTrigger(Part):
    """A cart has not been touched for so many local dates; or for so many by its stage, `at_once` for none.

    By stage, a cart whose stage is none of those that are named waits like one at `cart`.
    """

    table: Literal["carts"] = "carts"
    days: int = Field(default=1, ge=1, le=60)
    by_stage: dict[Name, SpanField | Literal["at_once"]] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _whole_days(self) -> QuietTrigger:
        if self.by_stage is None:
            return self
        if "days" in self.model_fields_set:
            raise ValueError("a quiet cart waits either so many days or by_stage")
        if any(
            isinstance(each, Span) and (each.elapsed or not 1 <= each.days <= 60) for each in self.by_stage.values()
        ):
            raise ValueError("a stage waits 1 to 60 whole days, like 2d, or at_once")
        return self

    @property
    def waits(self) -> tuple[tuple[str, int | None], ...]:
        """Each stage with its days, None for at once; nothing where all carts wait alike."""
        stages = (self.by_stage or {}).items()
        return tuple((stage, wait.days if isinstance(wait, Span) else None) for stage, wait in stages)


class ComesRound(Part):
    """A purchase of a recurring product or type is nearly used up: interval × quantity, less the lead.

    `quantity: ignored` where people buy to resell. Reminders due within `together` are one message.
    """

    quantity: Literal["counts", "ignored"] = "counts"
    together: SpanField = Span(days=7)


class HandedOver(Part):
    """Another scenario hands its contacts over."""


class SegmentTrigger(Part):
    """A contact moves between the looks of two turns: into a segment, out of one, or from one to another.

    `cuts: ignored`: whom only new RFM classes have moved has not moved.
    """

    entered: str | None = None
    left: str | None = None
    source: str | None = Field(default=None, alias="from")
    to: str | None = None
    cuts: Literal["ignored", "count"] = "ignored"

    @model_validator(mode="after")
    def _one(self) -> SegmentTrigger:
        given = {name for name in ("entered", "left", "source", "to") if getattr(self, name)}
        if given not in ({"entered"}, {"left"}, {"source", "to"}):
            raise ValueError("a move is exactly one of entered, left, or from and to")
        if self.source == self.to and self.to:
            raise ValueError("a move leads from one segment to another one")
        return self

    @property
    def out_of(self) -> str | None:
        """The segment that is left."""
        return self.left or self.source

    @property
    def into(self) -> str | None:
        """The segment that is entered."""
        return self.entered or self.to


class Calendar(Part):
    """A broadcast to everyone in the target: once, at a local time, or every week on a day, at the schedule's slot."""

    once: LocalTime | None = None
    weekly: Weekday | None = None

    @model_validator(mode="after")
    def _one(self) -> Calendar:
        if (self.once is None) == (self.weekly is None):
            raise ValueError("a calendar says either once or weekly")
        return self

    def falls_on(self, day: date) -> bool:
        """Whether it is due on a local date."""
        return day == self.once.date() if self.once else WEEKDAYS[day.weekday()] == self.weekly

    def name_of(self, day: date) -> str:
        """The occurrence of a local date: the date itself, or its ISO week."""
        year, week, _ = day.isocalendar()
        return day.isoformat() if self.once else f"{year}-W{week:02}"


class Called(Part):
    """Another system, or somebody at the command line, calls the scenario for a contact."""


class Expiry(Part):
    """What a contact holds in lots is about to expire: so many days before the first date (`days` is negative).

    Lots that expire within `together` of the first are told with it. `balance`, where the shop knows only a sum:
    what is spent was spent of the earliest lots first; of `loyalty_lots` it is `loyalty_accounts.points`.
    """

    of: str
    amount: str
    days: int = Field(default=-30, ge=-400, le=0)
    together: SpanField = Span(days=30)
    balance: str | None = None

    @model_validator(mode="after")
    def _columns(self) -> Expiry:
        for name in (self.of, *([self.balance] if self.balance else [])):
            if name.count(".") != 1:
                raise ValueError(f"“{name}” is not a column: write it like loyalty_lots.expires_on")
        if self.together.elapsed:
            raise ValueError("together is said in days, like 30d")
        return self

    @property
    def table(self) -> str:
        """The table of the lots."""
        return self.of.partition(".")[0]


class Trigger(Part):
    """Exactly one kind."""

    date: DateTrigger | None = None
    row: RowTrigger | None = None
    quiet: QuietTrigger | None = None
    comes_round: ComesRound | None = None
    handed_over: HandedOver | None = None
    segment: SegmentTrigger | None = None
    expiry: Expiry | None = None
    calendar: Calendar | None = None
    call: Called | None = None
    price_drop: PriceDrop | None = None
    restock: Restock | None = None
    comes_back: ComesBack | None = None

    @model_validator(mode="after")
    def _one(self) -> Trigger:
        kinds = type(self).model_fields
        if sum(getattr(self, name) is not None for name in kinds) != 1:
            raise ValueError(f"a trigger is exactly one of {', '.join(kinds)}")
        return self

    @property
    def kind(self) -> str:
        """The name of the one that is given."""
        return next(name for name in type(self).model_fields if getattr(self, name) is not None)

    @property
    def wanted(self) -> Wanted | None:
        """Who wants the product, where a product is what changes."""
        kind = self.price_drop or self.restock or self.comes_back
        return kind.wanted if kind else None
