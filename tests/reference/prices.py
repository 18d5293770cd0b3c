"""Prices and wishes of a world go in; which prices are a drop, and who wished for the product, come out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tests.reference.local_time import days_before
from tests.reference.world import PriceRow, Wish, World

DAYS = 30
LEAST = Decimal("0.95")  # a drop is to at most so much of the lowest


@dataclass(frozen=True)
class Fall:
    """A price row well below the lowest before it; `short`: fewer than the thirty days before are known."""

    row: PriceRow
    short: bool

    @property
    def key(self) -> str:
        return f"{self.row.product}/{self.row.valid_from:%Y-%m-%d %H:%M:%S}"


def rows_known(world: World, product: str, moment: datetime) -> list[PriceRow]:
    """The prices of a product as last told by then, earliest first; one instant has one price."""
    last: dict[datetime, PriceRow] = {}
    for row in sorted(world.prices, key=lambda one: one.known_at):
        if row.product == product and row.known_at <= moment:
            last[row.valid_from] = row
    return [last[start] for start in sorted(last)]


def falls(world: World, moment: datetime) -> Iterator[Fall]:
    """Every price by then in force that is at least 5 % under the lowest of the thirty local days before it."""
    for product in world.products:
        known = rows_known(world, product.id, moment)
        for place, row in enumerate(known):
            begun = days_before(world.zone, row.valid_from, DAYS)
            before = known[:place]
            ends = [one.valid_from for one in known[1 : place + 1]]
            lowest = min((one.amount for one, end in zip(before, ends, strict=True) if end > begun), default=None)
            if lowest is not None and row.valid_from <= moment and row.amount <= LEAST * lowest:
                yield Fall(row, before[0].valid_from > begun)


def price_back(world: World, row: PriceRow, moment: datetime) -> bool:
    """It costs more by now."""
    now = [one for one in rows_known(world, row.product, moment) if one.valid_from <= moment]
    return now[-1].amount > row.amount


def wishes(world: World, product: str, moment: datetime) -> Iterator[Wish]:
    """Who has wished for it by then, as far as is known."""
    return (one for one in world.wishes if one.product == product and max(one.at, one.known_at) <= moment)


def wished_no_more(wish: Wish, moment: datetime) -> bool:
    """It has been taken off the list by then, and that is known."""
    return wish.removed is not None and max(wish.removed) <= moment


def off_before(wish: Wish, fall: datetime, moment: datetime) -> bool:
    """It is known by now that it was off the list when the price fell."""
    return wish.removed is not None and wish.removed[0] <= fall and wish.removed[1] <= moment
