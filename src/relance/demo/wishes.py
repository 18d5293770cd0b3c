"""Books that members wish for; and, because of them, books that cost less or are there again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from relance.demo import words
from relance.demo.calendar import DAY, DAYS, HISTORY_ENDS, Whole, day_number, day_of, local, midnight, utc
from relance.demo.people import People
from relance.demo.shelves import Shelves, dollars, instants

_WISHING = 0.16  # of the people
_MOST = 6
_TAKEN_BACK = 0.06
_ON_TOP = 60  # so many of the most wished books are what everybody talks of
_CUT, _CUTS = 0.85, 25  # books of a price list that cost so much of what they did
_BACK = 0.35  # of wished books that are out of stock, at each count


@dataclass(frozen=True)
class Wishes:
    """One row a wish, in order of time: who, which book, since when, until when (0 = still)."""

    who: Whole
    book: Whole
    at: Whole
    taken_back: Whole

    def stands(self, at: int) -> Whole:
        """Books wished for at an instant, once for each wish."""
        return np.asarray(self.book[(self.at <= at) & ((self.taken_back == 0) | (self.taken_back > at))])


def make_wishes(rng: np.random.Generator, people: People, shelves: Shelves) -> Wishes:
    """Some members keep a list; a third of their wishes are the same few books."""
    lists = np.flatnonzero(~people.institution & (rng.random(len(people)) < _WISHING))
    who = np.repeat(lists, rng.integers(1, _MOST + 1, len(lists)))
    own = shelves.draw(rng, people.favourite[who])
    top = rng.choice(np.flatnonzero(~shelves.digital), _ON_TOP, replace=False)
    book = np.where(rng.random(len(who)) < 0.34, top[rng.integers(0, _ON_TOP, len(who))], own)
    since = np.maximum(people.joined[who] + 1, day_number(HISTORY_ENDS) - 200)
    day = since + (rng.random(len(who)) * np.maximum(1, DAYS - 1 - since)).astype(np.int64)
    at = utc(midnight(day) + rng.integers(8 * 3600, 22 * 3600, len(who)))
    back = np.where(rng.random(len(who)) < _TAKEN_BACK, at + rng.integers(1, 20, len(who)) * DAY, 0)
    _, once = np.unique(who * len(shelves.cents) + book, return_index=True)
    order = once[np.argsort(at[once], kind="stable")]
    return Wishes(who[order], book[order], at[order], back[order])


def wishes_table(people: People, shelves: Shelves, wishes: Wishes, since: int, until: int) -> pa.Table:
    """What an export says: wishes made or taken back since the one before."""
    made = (wishes.at > since) & (wishes.at <= until)
    ended = (wishes.taken_back > since) & (wishes.taken_back <= until)
    rows = np.flatnonzero(made | ended)
    over = (wishes.taken_back[rows] > 0) & (wishes.taken_back[rows] <= until)
    return pa.table(
        {
            "envie": words.joined("E", words.written(rows + 1, 6)),
            "no_membre": people.codes.take(pa.array(wishes.who[rows])),
            "ean": shelves.codes.take(pa.array(wishes.book[rows])),
            "ajoutee_le": instants(wishes.at[rows]),
            "retiree_le": words.chosen(over, instants(wishes.taken_back[rows]), None),
        }
    )


def price_cuts(
    rng: np.random.Generator, shelves: Shelves, wishes: Wishes, cut: Whole, at: int
) -> tuple[pa.Table, Whole]:
    """A price list of a morning: some wished books that were not cut before, in force at once; also all cut so far."""
    wished = np.setdiff1d(wishes.stands(at), cut)
    book = np.sort(rng.choice(wished, min(_CUTS, len(wished)), replace=False))
    asked = shelves.price(book, np.full(len(book), int(day_of(local(np.array([at])))[0])))
    cents = (asked * _CUT).astype(np.int64)
    since = instants(np.full(len(book), at - 3600))
    said = pa.table({"ean": shelves.codes.take(pa.array(book)), "depuis": since, "prix": dollars(cents)})
    return said, np.union1d(cut, book)


def come_back(rng: np.random.Generator, shelves: Shelves, wishes: Wishes, left: Whole, at: int) -> Whole:
    """The counts, in which some books that were out of stock and are wished for are there again, a few of each."""
    out = np.unique(wishes.stands(at))
    out = out[(left[out] == 0) & ~shelves.digital[out]]
    back = out[rng.random(len(out)) < _BACK]
    now = left.copy()
    now[back] = rng.integers(1, 5, len(back))
    return now
