"""Fifty thousand books, paper and digital: what they are, what they cost when, and how many are left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from relance.demo import words
from relance.demo.calendar import HISTORY_ENDS, Flags, Real, Whole, day_number, midnight, seconds_at, utc
from relance.demo.titles import make_titles

PRODUCTS = 50_000
_SKEW = 3.2  # the higher, the more of the sales fall on few titles
_PRICED_FROM = date(2024, 9, 1)
_SITE = "https://www.lireici.example.test"


@dataclass(frozen=True)
class Shelves:
    """Books in the order of their code, with what the other rooms of the demo ask about them.

    `by_category` lists the books category by category, best sellers first; a category's part begins at
    `start` and has `size` books. `paper_instead` is the book itself, or the next paper one for an e-book.
    `cents` is the price before `changes_on` (a numbered day), `later_cents` from that day on.
    """

    table: pa.Table
    codes: pa.Array
    digital: Flags
    paper_instead: Whole
    by_category: Whole
    start: Whole
    size: Whole
    share: Real
    cents: Whole
    later_cents: Whole
    changes_on: Whole

    def draw(self, rng: np.random.Generator, category: Whole) -> Whole:
        """A book of each category, popular ones far more often."""
        depth = rng.random(len(category)) ** _SKEW
        return np.asarray(self.by_category[self.start[category] + (depth * self.size[category]).astype(int)])

    def price(self, book: Whole, day: Whole) -> Whole:
        """Cents asked for each book on each day."""
        return np.asarray(np.where(day >= self.changes_on[book], self.later_cents[book], self.cents[book]))


def fill_shelves(rng: np.random.Generator, count: int = PRODUCTS) -> Shelves:
    """Makes the books of the cooperative's site."""
    rows = words.fields("categories")
    share = np.array([float(row[1]) for row in rows]) / sum(float(row[1]) for row in rows)
    category = rng.choice(len(rows), count, p=share)
    digital = rng.random(count) < 0.18
    codes = _codes(rng, count)
    usual = np.array([float(row[2]) for row in rows])[category] * np.where(digital, 0.68, 1.0)
    cents = _ends_in_95(usual * rng.lognormal(0, 0.22, count))
    changes = rng.random(count) < 0.12
    changes_on = np.where(changes, rng.integers(30, day_number(HISTORY_ENDS) - 4, count), 10**6)
    later = _ends_in_95(cents / 100 * rng.choice([0.8, 0.9, 1.05, 1.1], count))
    size = np.bincount(category, minlength=len(rows))
    by_category = np.argsort(category + rng.random(count), kind="stable")
    return Shelves(
        table=_table(rng, codes, [row[0] for row in rows], category, digital),
        codes=codes,
        digital=digital,
        paper_instead=_paper_instead(by_category, digital),
        by_category=by_category,
        start=np.cumsum(size) - size,
        size=size,
        share=share,
        cents=cents,
        later_cents=later,
        changes_on=changes_on,
    )


def prices(shelves: Shelves) -> pa.Table:
    """The list of prices: one from the beginning for each book, another where it changed."""
    changed = np.flatnonzero(shelves.changes_on < 10**6)
    everyone = np.arange(len(shelves.cents))
    book = np.concatenate([everyone, changed])
    day = np.concatenate([np.full(len(everyone), day_number(_PRICED_FROM)), shelves.changes_on[changed]])
    cents = np.concatenate([shelves.cents, shelves.later_cents[changed]])
    since = instants(utc(midnight(day)))
    return pa.table({"ean": shelves.codes.take(book), "depuis": since, "prix": dollars(cents)})


def coming_round() -> pa.Table:
    """What is bought again and again: exercise books, every term."""
    return pa.table(
        {
            "categorie": ["scolaire"],
            "jours": ["90"],
            "conseil": ["Un cahier commencé en janvier est plein en avril : pensez au prochain trimestre."],
            "conseil_anglais": ["An exercise book begun in January is full by April: think of the next term."],
        }
    )


def first_count(rng: np.random.Generator, shelves: Shelves) -> tuple[pa.Table, Whole]:
    """A count of every paper book on the last evening of the history; also the counts by book."""
    paper = ~shelves.digital
    left = np.where(rng.random(len(paper)) < 0.045, 0, rng.negative_binomial(1.2, 0.09, len(paper)))
    return _counted(shelves, np.flatnonzero(paper), left, seconds_at(date(2026, 2, 28), time(22))), left


def later_count(
    rng: np.random.Generator, shelves: Shelves, left: Whole, come_back: Whole, at: int
) -> tuple[pa.Table, Whole]:
    """A count of the paper books whose number changed; also the new counts by book.

    come_back: the counts by book, with those that have been ordered anew.
    """
    anew = come_back != left
    moved = np.flatnonzero(~shelves.digital & (rng.random(len(left)) < 0.08) & ~anew)
    now = come_back.copy()
    now[moved] = np.maximum(0, left[moved] + rng.integers(-4, 4, len(moved)))
    return _counted(shelves, np.union1d(moved, np.flatnonzero(anew)), now, at), now


def _counted(shelves: Shelves, books: Whole, left: Whole, at: int) -> pa.Table:
    """Twelve counts could not be read from the shelf's scanner and say so."""
    count = pc.cast(pa.array(left[books]), pa.string())
    unread = np.zeros(len(books), dtype=bool)
    unread[:: max(1, len(books) // 12)][:12] = True
    when = instants(np.full(len(books), at))
    return pa.table(
        {
            "ean": shelves.codes.take(books),
            "lieu": pa.array(["ENTREPOT"] * len(books)),
            "compte_le": when,
            "quantite": words.chosen(unread, "n/d", count),
        }
    )


def instants(seconds: Whole) -> pa.Array:
    """Instants as `2026-03-10 13:00:00Z`."""
    return words.joined(clock_times(seconds), "Z")


def clock_times(local: Whole) -> pa.Array:
    """Local seconds as `2026-03-10 09:00:00`."""
    return pc.cast(pa.array(local).cast(pa.timestamp("s")), pa.string())


def dates(local: Whole) -> pa.Array:
    """The dates of local seconds as `2026-03-10`."""
    return pc.cast(pa.array(local).cast(pa.timestamp("s")).cast(pa.date32()), pa.string())


def dollars(cents: Whole) -> pa.Array:
    """Cents as dollars with two decimals, exactly."""
    whole = pc.cast(pa.array(cents // 100), pa.string())
    return words.joined(whole, ".", words.written(cents % 100, 2))


def _ends_in_95(price: Real) -> Whole:
    return np.asarray(np.maximum(4, np.round(price)).astype(np.int64) * 100 - 5)


def _codes(rng: np.random.Generator, count: int) -> pa.Array:
    """Thirteen digits beginning 978-2, the last of them a right check digit, in ascending order."""
    body = 978_200_000_000 + np.cumsum(rng.integers(1, 900, count))
    digits = np.array([body // 10**place % 10 for place in range(12)])
    weighed = (digits * np.where(np.arange(12) % 2 == 0, 3, 1)[:, None]).sum(axis=0)
    return pc.cast(pa.array(body * 10 + (10 - weighed % 10) % 10), pa.string())


def _paper_instead(by_category: Whole, digital: Flags) -> Whole:
    """For each book, the first paper one at or before it on the shelves (itself where it is paper)."""
    on_shelf = ~digital[by_category]
    place = np.maximum.accumulate(np.where(on_shelf, np.arange(len(by_category)), 0))
    found = np.empty_like(by_category)
    found[by_category] = by_category[place]
    return found


def _table(rng: np.random.Generator, codes: pa.Array, names: list[str], category: Whole, digital: Flags) -> pa.Table:
    count = len(category)
    publishers = words.lines("publishers")
    house = (rng.random(count) ** 1.6 * len(publishers)).astype(int)
    return pa.table(
        {
            "ean": codes,
            "titre": make_titles(rng, count),
            "auteur": _authors(rng, count),
            "editeur": words.pick(publishers, house),
            "categorie": words.pick(names, category),
            "format": words.pick(["papier", "numérique"], digital.astype(np.int64)),
            "page": words.joined(f"{_SITE}/livres/", codes),
            "image": words.joined(f"{_SITE}/couvertures/", codes, ".jpg"),
        }
    )


def _authors(rng: np.random.Generator, count: int) -> pa.Array:
    """Six thousand authors, some of whom wrote a great deal."""
    first, last = words.lines("first_names"), words.lines("surnames")
    author = (rng.random(count) ** 1.5 * 6000).astype(int)
    given, family = rng.integers(0, len(first), 6000), rng.integers(0, len(last), 6000)
    return words.joined(words.pick(first, given[author]), " ", words.pick(last, family[author]))
