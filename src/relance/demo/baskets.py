"""Carts: those that became orders, those left behind, those of visitors, with what was put in and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from relance.demo.calendar import (
    DAY,
    DAYS,
    Flags,
    Whole,
    day_number,
    day_of,
    day_weights,
    local,
    midnight,
    utc,
)
from relance.demo.people import People
from relance.demo.purchases import Purchases, books_for
from relance.demo.shelves import Shelves

CARTS_FROM = date(2025, 11, 1)  # the site keeps carts four months; Christmas is among them
OPEN, ORDERED, EMPTIED = range(3)
CART, CHECKOUT, PAYMENT_FAILED = range(3)
_DAILY = 0.0077  # carts left behind a day, per member
_BECAME_ORDERS = 0.45  # of the online orders, those whose cart the site still shows


@dataclass(frozen=True)
class Baskets:
    """Carts as they were last touched; who is -1 for a visitor, `before` an earlier day's last touch or 0.

    Lines of cart n are `book[first[n]:first[n] + count[n]]`, in the order in which they were added.
    """

    who: Whole
    logged_in: Flags
    started: Whole
    touched: Whole
    before: Whole
    stage: Whole
    status: Whole
    first: Whole
    count: Whole
    book: Whole
    added: Whole
    removed: Whole
    copies: Whole

    def __len__(self) -> int:
        return len(self.who)


@dataclass(frozen=True)
class _Made:
    """Carts of one kind, before they are put in order; `order` is the purchase that each has to do with."""

    who: Whole
    started: Whole
    touched: Whole
    before: Whole
    status: Whole
    order: Whole
    count: Whole


def fill_baskets(rng: np.random.Generator, people: People, shelves: Shelves, bought: Purchases) -> Baskets:
    """Every cart of the last months."""
    kinds = [
        _left(rng, people, bought),
        _became_orders(rng, bought),
        _beside_orders(rng, bought),
        _partly_bought(rng, bought),
        _of_mates(rng, people),
    ]
    made = _Made(*(np.concatenate([vars(kind)[name] for kind in kinds]) for name in _Made.__annotations__))
    end = utc(midnight(DAYS - 1))
    order = np.argsort(made.started, kind="stable")
    order = order[(made.touched[order] < end) & (made.started[order] >= utc(midnight(day_number(CARTS_FROM))))]
    return _lined(rng, people, shelves, bought, _Made(*(value[order] for value in vars(made).values())))


def _left(rng: np.random.Generator, people: People, bought: Purchases) -> _Made:
    """Carts left behind: a third by visitors, the others by members, those who buy often more often."""
    since = day_number(CARTS_FROM)
    mean = day_weights()[since:] * _DAILY * len(people)
    day = np.repeat(np.arange(since, DAYS), rng.poisson(mean))
    size = len(day)
    newest = np.searchsorted(people.joined, day, side="right")
    anyone = (rng.random(size) * newest).astype(np.int64)
    orders = np.searchsorted(bought.at, utc(midnight(day)))
    buyer = bought.who[(orders - 1 - rng.random(size) * orders * 0.6).astype(np.int64)]
    known = np.where((rng.random(size) < 0.55) & (buyer >= 0), buyer, anyone)
    who = np.where(rng.random(size) < 0.33, -1, known)
    started = utc(midnight(day) + _evening(rng, size))
    stay = np.minimum(rng.exponential(1500, size) + 20, 4 * 3600).astype(np.int64)
    again = (rng.random(size) < 0.08) & (who >= 0)
    before = np.where(again, started + stay, 0)
    touched = np.where(again, before + rng.integers(DAY, 4 * DAY, size), started + stay)
    emptied = np.where(rng.random(size) < 0.03, EMPTIED, OPEN)
    return _Made(who, started, touched, before, emptied, np.full(size, -1), rng.geometric(0.48, size).clip(1, 9))


def _became_orders(rng: np.random.Generator, bought: Purchases) -> _Made:
    order = _orders(rng, bought, _BECAME_ORDERS)
    started = bought.at[order] - rng.integers(240, 5400, len(order))
    return _about(bought, order, started, bought.at[order], 0, ORDERED, bought.count[order])


def _beside_orders(rng: np.random.Generator, bought: Purchases) -> _Made:
    """Left in the evening by someone who orders something the same night or the next morning."""
    order = _orders(rng, bought, 0.09, online=False)
    size = len(order)
    touched = bought.at[order] - rng.integers(1200, 14 * 3600, size)
    started = touched - rng.integers(120, 3600, size)
    return _about(bought, order, started, touched, 0, OPEN, rng.geometric(0.5, size).clip(1, 8))


def _partly_bought(rng: np.random.Generator, bought: Purchases) -> _Made:
    """A cart of which one book was bought on the way, and that was touched again two days later."""
    order = _orders(rng, bought, 0.05, online=False)
    size = len(order)
    before = bought.at[order] - rng.integers(3600, 20 * 3600, size)
    started = before - rng.integers(300, 3600, size)
    touched = bought.at[order] + rng.integers(26 * 3600, 50 * 3600, size)
    return _about(bought, order, started, touched, before, OPEN, 1 + rng.geometric(0.4, size).clip(1, 6))


def _of_mates(rng: np.random.Generator, people: People) -> _Made:
    """Some who share an address leave a cart on the same evening of the last month."""
    second = np.flatnonzero((people.mate >= 0) & (people.joined < day_number(date(2026, 3, 1))))
    second = second[: max(2, len(second) // 6)]
    day = day_number(date(2026, 3, 3)) + np.arange(len(second)) % 26
    evening = utc(midnight(day) + 20 * 3600 + rng.integers(0, 3600, len(second)))
    who = np.concatenate([people.mate[second], second])
    started = np.concatenate([evening, evening + 600])
    size = len(who)
    none = np.zeros(size, dtype=np.int64)
    return _Made(who, started, started + 500, none, none, none - 1, rng.geometric(0.5, size).clip(1, 5))


def _orders(rng: np.random.Generator, bought: Purchases, share: float, online: bool = True) -> Whole:
    """A share of members' orders since carts are kept, online ones or all."""
    fits = (bought.who >= 0) & (bought.at > utc(midnight(day_number(CARTS_FROM) + 3)))
    fits &= bought.online if online else True
    return np.flatnonzero(fits & (rng.random(len(bought)) < share))


def _about(
    bought: Purchases,
    order: Whole,
    started: Whole,
    touched: Whole,
    before: Whole | int,
    status: int,
    count: Whole,
) -> _Made:
    size = len(order)
    before_each = np.broadcast_to(np.asarray(before, dtype=np.int64), size)
    return _Made(bought.who[order], started, touched, before_each, np.full(size, status), order, count)


def _evening(rng: np.random.Generator, size: int) -> Whole:
    """A time of day in seconds, mostly after supper; never near the hour that clocks skip."""
    late = np.clip(rng.normal(20.6, 1.6, size), 7.0, 23.9)
    day = rng.uniform(7.0, 23.5, size)
    return np.asarray(np.where(rng.random(size) < 0.6, late, day) * 3600).astype(np.int64)


def _lined(rng: np.random.Generator, people: People, shelves: Shelves, bought: Purchases, made: _Made) -> Baskets:
    size, first = len(made.who), np.cumsum(made.count) - made.count
    owner = np.repeat(np.arange(size), made.count)
    ordinal = np.arange(len(owner)) - first[owner]
    book = books_for(rng, people, shelves, made.who[owner])
    same = (made.order[owner] >= 0) & ((made.status[owner] == ORDERED) | (ordinal == 0) & (made.before[owner] > 0))
    book[same] = bought.book[bought.first[made.order[owner[same]]] + ordinal[same]]
    until = np.where(
        (made.before[owner] > 0) & (ordinal * 2 <= made.count[owner]), made.before[owner], made.touched[owner]
    )
    since = made.started[owner]
    added = since + (until - since) * (ordinal + 0.5) / made.count[owner]
    gone = (made.status[owner] == EMPTIED) | (rng.random(len(owner)) < 0.04) & (ordinal > 0) & (
        made.status[owner] == OPEN
    )
    stage = np.where(made.status == ORDERED, CHECKOUT, rng.choice(3, size, p=(0.8, 0.16, 0.04)))
    logged_in = (made.who >= 0) & ((made.status == ORDERED) | (rng.random(size) < 0.87))
    return Baskets(
        who=made.who,
        logged_in=logged_in,
        started=made.started,
        touched=made.touched,
        before=made.before,
        stage=np.where(logged_in, stage, CART),
        status=made.status,
        first=first,
        count=made.count,
        book=book,
        added=added.astype(np.int64),
        removed=np.where(gone, made.touched[owner], 0),
        copies=1 + (rng.random(len(owner)) < 0.04),
    )


def last_touch_day(baskets: Baskets) -> Whole:
    """The numbered local day of each cart's last touch."""
    return day_of(local(baskets.touched))
