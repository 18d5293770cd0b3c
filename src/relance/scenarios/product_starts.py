"""How a scenario document says that a product changes (its price, its stock, its coming back), and who wants it."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field, model_validator

from relance.base.spans import Span
from relance.scenarios.fields import Part, Share, SpanField, Where


class Wanted(Part):
    """Who wants a product: rows of a table with contact and product; of the last days before, where it says so.

    A row with `removed_at` is no longer a wish from then on.
    """

    table: str = "wishlists"
    where: Where | None = None
    last: SpanField | None = None

    @model_validator(mode="after")
    def _in_days(self) -> Wanted:
        if self.last and (not self.last.days or self.last.days > 4000):
            raise ValueError("“last” is a number of days up to 4000, like 90d")
        return self


class PriceDrop(Part):
    """A price falls well below the lowest of the 30 local days before, for those who want the product."""

    by: Share = Field(default=0.05, gt=0)
    wanted: Wanted = Wanted()


class Restock(Part):
    """A product that was out comes back, for those who want it: in waves, so many people a unit in stock."""

    wanted: Wanted = Wanted()
    out_for: SpanField = Span(elapsed=timedelta(hours=24))
    people_a_unit: int = Field(default=4, ge=1, le=1000)
    every: SpanField = Span(elapsed=timedelta(hours=4))


class ComesBack(Part):
    """A row about a product appears after a silence of so many local days, for those who wanted it before."""

    table: str
    where: Where | None = None
    after: SpanField
    wanted: Wanted = Wanted()

    @model_validator(mode="after")
    def _in_days(self) -> ComesBack:
        if not 1 <= self.after.days <= 4000:
            raise ValueError("“after” is a number of days from 1 to 4000, like 60d")
        return self
