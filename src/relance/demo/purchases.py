"""Eighteen months of orders, online and in the shops: who, when, which books, what was undone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relance.demo.calendar import DAY, DAYS, Flags, Real, Whole, day_of, day_weights, local, midnight, utc
from relance.demo.people import People
from relance.demo.shelves import Shelves

_SITE_HOURS = (9, 4, 2, 1, 1, 3, 9, 18, 26, 32, 36, 38, 44, 38, 36, 37, 40, 44, 50, 68, 92, 88, 52, 22)
_SHOP_HOURS = (0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 30, 42, 52, 50, 56, 58, 56, 46, 22, 18, 12, 0, 0, 0)
_DESK_HOURS = (0, 0, 0, 0, 0, 0, 0, 4, 20, 34, 38, 34, 14, 26, 34, 34, 26, 8, 2, 0, 0, 0, 0, 0)
_ONCE, _NOW_AND_THEN, _OFTEN = 0.34, 0.50, 0.16  # kinds of buyers
_VISITORS = 0.05  # sales at the till without a card


@dataclass(frozen=True)
class Purchases:
    """Orders by the instant they were placed; who is -1 for a customer without a card.

    `undone_at` is when the whole order was cancelled, `refunded_at` when money was given back, 0 for never.
    Lines of order n are `book[first[n]:first[n] + count[n]]`.
    """

    who: Whole
    at: Whole
    online: Flags
    shop: Whole
    undone_at: Whole
    refunded_at: Whole
    whole_refund: Flags
    count: Whole
    first: Whole
    book: Whole
    quantity: Whole
    cents: Whole

    def __len__(self) -> int:
        return len(self.at)

    @property
    def owner(self) -> Whole:
        """The order of each line."""
        return np.repeat(np.arange(len(self)), self.count)

    @property
    def total(self) -> Whole:
        """Cents of each order."""
        return np.add.reduceat(self.quantity * self.cents, self.first)

    def first_order(self, members: int) -> Whole:
        """The instant of each member's first order that was never undone, 0 for none."""
        found = np.full(members, np.iinfo(np.int64).max)
        known = (self.who >= 0) & (self.undone_at == 0)
        np.minimum.at(found, self.who[known], self.at[known])
        return np.where(found == np.iinfo(np.int64).max, 0, found)


def live_through(rng: np.random.Generator, people: People, shelves: Shelves, shops: int) -> Purchases:
    """Everything that the members and passers-by bought."""
    who, day = _visits(rng, people)
    guests = int(len(who) * _VISITORS)
    who = np.concatenate([who, np.full(guests, -1)])
    day = np.concatenate([day, rng.choice(DAYS, guests, p=day_weights() / day_weights().sum())])
    desk = (who >= 0) & people.institution[who]
    online = np.where(desk, rng.random(len(who)) < 0.9, rng.random(len(who)) < 0.62) & (who >= 0)
    at = utc(midnight(day) + _clock(rng, online, desk))
    keep = at < utc(midnight(DAYS - 1) + 8 * 3600 + 1800)
    order = np.flatnonzero(keep)[np.argsort(at[keep], kind="stable")]
    return _filled(rng, people, shelves, shops, who[order], at[order], online[order])


def _visits(rng: np.random.Generator, people: People) -> tuple[Whole, Whole]:
    """Who buys on which numbered day: a first order, then as the kind of buyer will."""
    size = len(people)
    new = people.joined >= 0
    buys = rng.random(size) < np.where(new, 0.90, 0.80)
    wait = np.where(rng.random(size) < 0.72, 0, rng.exponential(14, size))
    first = np.where(new, people.joined + wait, rng.exponential(85, size)).astype(np.int64)
    who = np.flatnonzero(buys & (first < DAYS))
    again, when = _repeats(rng, people.institution[who], first[who])
    return np.concatenate([who, who[again]]), np.concatenate([first[who], when])


def _repeats(rng: np.random.Generator, institution: Flags, first: Whole) -> tuple[Whole, Whole]:
    """Later orders of each buyer: index of the buyer and numbered day."""
    size = len(first)
    kind = rng.choice(3, size, p=(_ONCE, _NOW_AND_THEN, _OFTEN))
    yearly = np.choose(kind, [np.zeros(size), rng.gamma(2.4, 1.35, size), np.minimum(rng.gamma(2.5, 5.0, size), 60)])
    yearly = np.where(institution, rng.gamma(2.0, 3.5, size), yearly)
    stays = np.where(institution, 2000.0, rng.exponential(560, size))
    until = np.minimum(first + stays, DAYS - 1)
    many = rng.poisson(yearly * np.maximum(0, until - first) / 365)
    again = np.repeat(np.arange(size), many)
    since: Real = first[again].astype(np.float64) + 1
    return again, _seasonal(rng, since, np.maximum(until[again].astype(np.float64), since))


def _seasonal(rng: np.random.Generator, since: Real, until: Real) -> Whole:
    """A numbered day in each span, busier days more often."""
    busy = np.concatenate([[0.0], np.cumsum(day_weights())])
    days = np.arange(DAYS + 1, dtype=np.float64)
    low, high = np.interp(since, days, busy), np.interp(until, days, busy)
    found = np.interp(low + rng.random(len(low)) * (high - low), busy, days)
    return np.asarray(np.minimum(found.astype(np.int64), DAYS - 1))


def _clock(rng: np.random.Generator, online: Flags, desk: Flags) -> Whole:
    """A time of day in seconds: evenings online, opening hours in the shop and at an institution's desk."""
    size = len(online)
    hours = [rng.choice(24, size, p=np.array(table) / sum(table)) for table in (_SHOP_HOURS, _SITE_HOURS, _DESK_HOURS)]
    hour = np.choose(np.where(desk, 2, online.astype(np.int64)), hours)
    return np.asarray(hour * 3600 + rng.integers(0, 3600, size))


def _filled(
    rng: np.random.Generator,
    people: People,
    shelves: Shelves,
    shops: int,
    who: Whole,
    at: Whole,
    online: Flags,
) -> Purchases:
    size = len(who)
    desk = (who >= 0) & people.institution[who]
    count = np.where(desk, 1 + rng.geometric(0.2, size), rng.geometric(0.46, size)).clip(1, 25)
    book = books_for(rng, people, shelves, np.repeat(who, count))
    book = np.where(np.repeat(online, count), book, shelves.paper_instead[book])
    copies = np.where(np.repeat(desk, count), rng.geometric(0.35, len(book)), 1 + (rng.random(len(book)) < 0.05))
    cents = shelves.price(book, day_of(local(np.repeat(at, count))))
    shop = np.where(rng.random(size) < 0.12, rng.integers(0, shops, size), people.shop[who])
    undone = np.where(rng.random(size) < 0.018, at + rng.integers(1800, 3 * DAY, size), 0)
    back = (undone == 0) & (rng.random(size) < 0.028)
    refunded = np.where(back, at + rng.integers(DAY, 18 * DAY, size), 0)
    return Purchases(
        who=who,
        at=at,
        online=online,
        shop=shop,
        undone_at=undone,
        refunded_at=refunded,
        whole_refund=rng.random(size) < 0.4,
        count=count,
        first=np.cumsum(count) - count,
        book=book,
        quantity=np.where(shelves.digital[book], 1, copies),
        cents=cents,
    )


def books_for(rng: np.random.Generator, people: People, shelves: Shelves, who: Whole) -> Whole:
    """A book for each reader: three in five of the category that the reader likes best."""
    any_category = rng.choice(len(shelves.share), len(who), p=shelves.share)
    likes = (who >= 0) & (rng.random(len(who)) < 0.6)
    return shelves.draw(rng, np.where(likes, people.favourite[who], any_category))
