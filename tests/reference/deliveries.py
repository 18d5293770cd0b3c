"""Purchases and baskets as they happened go in; files that tell of them late, twice or corrected come out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Generic, TypeVar

from tests.reference.local_time import instant
from tests.reference.world import Cart, CartFile, CartLine, Complete, Order, OrderFile, OrderLine

HORIZON = 13
MORNING = time(8)
PRICE, FREE = Decimal("10.00"), Decimal("0.00")
Row = TypeVar("Row", Order, Cart)


@dataclass(frozen=True)
class Frame:
    """The zone of a world, its day 0 from which days are counted, and whether its feeds come twice a day."""

    zone: str
    first: date
    twice_daily: bool = False

    def day(self, number: int) -> date:
        return self.first + timedelta(days=number)

    def at(self, number: int, clock: str = "12:00") -> datetime:
        return instant(self.zone, self.day(number), time.fromisoformat(clock))

    def period(self, number: int, clock: str) -> Period:
        return Period(number, self.twice_daily and time.fromisoformat(clock) < MORNING)


@dataclass(frozen=True)
class Period:
    """A day's file, or the one of its morning where the feed comes twice a day."""

    day: int
    morning: bool = False

    def ends(self, frame: Frame) -> datetime:
        """The local end of the period, naive; a later end is a newer file."""
        start = datetime.combine(frame.day(self.day), time())
        return datetime.combine(start, MORNING) if self.morning else start + timedelta(days=1)

    def known(self, frame: Frame) -> datetime:
        return frame.at(self.day, "08:30") if self.morning else frame.at(self.day + 1, "06:00")


@dataclass(frozen=True)
class Again:
    """An order told again, changed: by the file of `days` later, or (0) by a correction of its own file."""

    change: str
    days: int


@dataclass(frozen=True)
class Purchase:
    """An order as it happened; `who` counts the contacts, None is a stranger."""

    who: int | None
    day: int
    clock: str
    lines: tuple[OrderLine, ...]
    cancellation: bool = False
    again: Again | None = None
    received: tuple[int, str] | None = None
    coupon: str | None = None


@dataclass(frozen=True)
class Visit:
    """What was done to a basket `gap` days after the last visit: a product, `look`, `take out` or `empty`.

    Of what is taken out the file says so; what is emptied is in no file any more. `stage`: how far it has got.
    """

    gap: int
    clock: str
    deed: str
    stage: str | None = None


@dataclass(frozen=True)
class Basket:
    """The visits to one cart; `who` counts the contacts, None is a visitor."""

    who: int | None
    logged_in: bool
    day: int
    visits: tuple[Visit, ...]


@dataclass(frozen=True)
class Mishaps:
    """Days whose files come some days late, and days whose files are imported twice."""

    late: tuple[tuple[int, int], ...] = ()
    twice: tuple[int, ...] = ()


@dataclass(frozen=True)
class Delivery(Generic[Row]):
    """One file before it knows which feed it is."""

    period: datetime
    known_at: datetime
    rows: tuple[Row, ...]


def order_files(
    frame: Frame, ids: Sequence[str], purchases: Iterable[Purchase], mishaps: Mishaps
) -> tuple[OrderFile, ...]:
    """A file per period with orders; second tellings in the file of a later day, or as a correction."""
    told: dict[Period, list[Order]] = defaultdict(list)
    corrected: list[tuple[Period, Order]] = []
    for number, one in enumerate(purchases, start=1):
        order, home = _order(frame, ids, f"o{number}", one), frame.period(one.day, one.clock)
        told[home].append(order)
        if one.again and one.again.days:
            told[Period(one.day + one.again.days)].append(_changed(frame, ids, order, one))
        elif one.again:
            corrected.append((home, _changed(frame, ids, order, one)))
    made = _deliver(frame, told, corrected, mishaps)
    return tuple(OrderFile(one.period, one.known_at, one.rows) for one in made)


def _order(frame: Frame, ids: Sequence[str], name: str, one: Purchase) -> Order:
    received = frame.at(*one.received) if one.received else None
    at = frame.at(one.day, one.clock)
    return Order(name, _who(ids, one.who), at, one.lines, one.cancellation, received, one.coupon)


def _who(ids: Sequence[str], number: int | None) -> str | None:
    return None if number is None else ids[number % len(ids)]


def _changed(frame: Frame, ids: Sequence[str], order: Order, one: Purchase) -> Order:
    """The order as told again: cancelled or not after all, with other lines, another's, or of the evening."""
    changes = {
        "cancelled": replace(order, cancellation=not order.cancellation),
        "shorter": replace(order, lines=order.lines[1:] or (replace(order.lines[0], quantity=0),)),
        "longer": replace(order, lines=(*order.lines, OrderLine("atlas", 1, PRICE))),
        "another's": replace(order, contact=_who(ids, (one.who or 0) + 1)),
        "nobody's": replace(order, contact=None),
        "in the evening": replace(order, placed_at=frame.at(one.day, "23:30")),
    }
    return changes[one.again.change] if one.again else order


def cart_files(frame: Frame, ids: Sequence[str], baskets: Iterable[Basket], mishaps: Mishaps) -> tuple[CartFile, ...]:
    """Carts as they stood at the end of each period in which somebody touched them."""
    told: dict[Period, list[Cart]] = defaultdict(list)
    for number, one in enumerate(baskets, start=1):
        empty = Cart(f"c{number}", _who(ids, one.who), one.logged_in, frame.at(-1), ())
        for period, cart in _states(frame, empty, one).items():
            told[period].append(cart)
    made = _deliver(frame, told, [], mishaps)
    return tuple(CartFile(one.period, one.known_at, one.rows) for one in made)


def _states(frame: Frame, cart: Cart, basket: Basket) -> dict[Period, Cart]:
    """A cart after each period with a visit; visits that would go back in time are left out."""
    states: dict[Period, Cart] = {}
    day = basket.day
    for visit in basket.visits:
        day += visit.gap
        moment = frame.at(day, visit.clock)
        if moment > cart.touched_at:
            cart = replace(_visited(cart, visit.deed, moment), stage=visit.stage)
            states[frame.period(day, visit.clock)] = cart
    return states


def _visited(cart: Cart, deed: str, moment: datetime) -> Cart:
    if deed == "take out":
        gone = tuple(replace(line, removed=line.removed or moment) for line in cart.lines)
        return replace(cart, touched_at=moment, lines=gone)
    added = () if deed in ("look", "empty") else (CartLine(deed, moment),)
    return replace(cart, touched_at=moment, lines=added if deed == "empty" else cart.lines + added)


def _deliver(
    frame: Frame, told: dict[Period, list[Row]], corrected: list[tuple[Period, Row]], mishaps: Mishaps
) -> Iterator[Delivery[Row]]:
    """A file per period, late and twice as the mishaps say, then the corrections, a day after their file.

    A second telling, which says the same in another order, comes before any correction of its period: which of the
    two would win is not a question a shop should ask.
    """
    late, known = dict(mishaps.late), dict[Period, datetime]()
    for period, rows in sorted(told.items(), key=lambda item: item[0].ends(frame)):
        known[period] = period.known(frame) + timedelta(days=late.get(period.day, 0))
        yield Delivery(period.ends(frame), known[period], tuple(rows))
        if period.day in mishaps.twice:
            yield Delivery(period.ends(frame), known[period] + timedelta(hours=2), tuple(reversed(rows)))
    for period in dict.fromkeys(period for period, _ in corrected):
        again = tuple(row for place, row in corrected if place == period)
        yield Delivery(period.ends(frame), known[period] + timedelta(days=1), again)


def statements(frame: Frame, odd: Iterable[tuple[int, int, str | None]]) -> tuple[Complete, ...]:
    """Every night's orders are said to be complete at six, but for odd ones (day, how many, hour)."""
    exceptions = {day + n: clock for day, nights, clock in odd for n in range(nights)}
    clocks = ((day, exceptions.get(day, "06:00")) for day in range(HORIZON + 2))
    return tuple(Complete("orders", frame.at(day, "00:00"), frame.at(day, clock)) for day, clock in clocks if clock)
