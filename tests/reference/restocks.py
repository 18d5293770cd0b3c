"""Counts of stock of a world go in; which product came back when, and how many may be told of it now, come out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.reference.world import Product, StockRow, World

OUT_FOR = timedelta(hours=24)
EVERY = timedelta(hours=4)


@dataclass(frozen=True)
class Restock:
    """A product that had been out for a day is there again."""

    product: str
    at: datetime

    @property
    def key(self) -> str:
        return f"{self.product}/{self.at:%Y-%m-%d %H:%M:%S}"


def counted(product: Product, moment: datetime) -> list[StockRow]:
    """Its counts as last told by then, earliest first; one instant has one count. None where no stock is kept."""
    told: dict[datetime, StockRow] = {}
    for row in sorted(product.stock, key=lambda one: one.known_at):
        if product.stock_policy == "tracked" and row.known_at <= moment and row.happened_at <= moment:
            told[row.happened_at] = row
    return [told[at] for at in sorted(told)]


def restocks(world: World, moment: datetime) -> Iterator[Restock]:
    """Every return known by then: from 3 to 10 is none, nor is the first count there ever was."""
    for product in world.products:
        out_since: datetime | None = None
        for row in counted(product, moment):
            if row.quantity > 0:
                if out_since is not None and row.happened_at - out_since >= OUT_FOR:
                    yield Restock(product.id, row.happened_at)
                out_since = None
            elif out_since is None:
                out_since = row.happened_at


def since(world: World, restock: Restock, moment: datetime) -> list[StockRow]:
    """The counts from the restock on, as known by then."""
    (product,) = (one for one in world.products if one.id == restock.product)
    return [row for row in counted(product, moment) if row.happened_at >= restock.at]


def out_again(world: World, restock: Restock, moment: datetime) -> bool:
    """Some count since says that nothing is left: who was not told by then waits for the next restock."""
    return any(row.quantity <= 0 for row in since(world, restock, moment))


def places(world: World, restock: Restock, a_unit: int, last_wave: datetime | None, moment: datetime) -> int:
    """How many may be told now: in the first wave, after four hours, and when stock has been counted since the last."""
    rows = since(world, restock, moment)
    counted_since = last_wave is not None and any(max(row.happened_at, row.known_at) > last_wave for row in rows)
    if last_wave is None or moment >= last_wave + EVERY or counted_since:
        return max(rows[-1].quantity * a_unit, 1)
    return 0
