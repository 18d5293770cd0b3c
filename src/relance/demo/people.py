"""Members of the cooperative, people and institutions: who they are, where they live, when they joined."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from relance.demo import words
from relance.demo.calendar import DAYS, Flags, Whole, day_weights, midnight
from relance.demo.shelves import dates
from relance.demo.shops import Shops, postal_codes, the_towns

MAIL_HOUSES = ("courriel", "boite", "poste", "fibre", "nuage", "riveraine")
_INSTITUTIONS = ("bibliothèque", "école", "cégep", "université")
_INSTITUTION_NAMES = ("Bibliothèque municipale de", "École secondaire de", "Cégep de", "Université de")


@dataclass(frozen=True)
class People:
    """Members in the order in which they joined; `joined` is a numbered day, negative before the history.

    `favourite` is the category a member likes best. `mate` is the earlier member whose address, written
    in another case, a member shares, -1 for nearly all.
    """

    table: pa.Table
    codes: pa.Array
    institution: Flags
    joined: Whole
    favourite: Whole
    shop: Whole
    reachable: Flags
    english: Flags
    mate: Whole

    def __len__(self) -> int:
        return len(self.joined)


def gather_people(rng: np.random.Generator, count: int, shops: Shops, share: np.ndarray) -> People:
    """Makes the members; `share` is the weight of each category of books."""
    joined = _join_days(rng, count)
    institution = (rng.random(count) < 0.13) & (joined < 0)
    shop = rng.choice(len(shops.town), count, p=shops.weight)
    mate = _mates(rng, institution)
    reachable = (rng.random(count) >= 0.02) | (mate >= 0)
    reachable[mate[mate >= 0]] = True
    codes = words.joined("C", words.written(100_001 + np.arange(count), 6))
    favourite = rng.choice(len(share), count, p=share)
    english = rng.random(count) < np.where(_provinces(shops, shop) == "QC", 0.07, 0.32)
    people = People(pa.table({}), codes, institution, joined, favourite, shop, reachable, english, mate)
    return _described(rng, people, shops)


def _join_days(rng: np.random.Generator, count: int) -> Whole:
    """A third joined before the history, some ten years ago; the others ever more often during it."""
    old = int(count * 0.32)
    before = -1 - np.minimum(rng.exponential(900, old), 4000).astype(np.int64)
    growth = day_weights() * np.linspace(1.0, 1.9, DAYS)
    during = rng.choice(DAYS, count - old, p=growth / growth.sum())
    return np.sort(np.concatenate([before, during]))


def _mates(rng: np.random.Generator, institution: Flags) -> Whole:
    """One member in a hundred shares the address of one who joined earlier; no chains of three."""
    count = len(institution)
    mate = np.full(count, -1, dtype=np.int64)
    homes = rng.permutation(np.flatnonzero(~institution))[: max(8, count // 100) * 2]
    pairs = np.sort(homes.reshape(-1, 2), axis=1)
    mate[pairs[:, 1]] = pairs[:, 0]
    return mate


def _provinces(shops: Shops, shop: Whole) -> np.ndarray:
    return np.array(the_towns().provinces)[shops.town[shop]]


def _described(rng: np.random.Generator, people: People, shops: Shops) -> People:
    """The members' export, columns as the shop's system names them."""
    town, size = shops.town[people.shop], len(people)
    first = rng.integers(0, len(words.lines("first_names")), size)
    last = rng.integers(0, len(words.lines("surnames")), size)
    kind = np.where(people.institution, 1 + rng.choice(4, size, p=(0.45, 0.38, 0.11, 0.06)), 0)
    columns = {
        "no_membre": people.codes,
        "type": words.pick(["particulier", *_INSTITUTIONS], kind),
        "langue": words.pick(["français", "anglais"], people.english.astype(np.int64)),
        "prenom": words.chosen(people.institution, no_text(size), words.pick(words.lines("first_names"), first)),
        "nom": _last_names(kind, last, town),
        "courriel": _addresses(rng, people, first, last),
        "telephone": _phones(rng, size),
        "naissance": _birthdays(rng, people),
        "ville": words.pick(the_towns().names, town),
        "code_postal": postal_codes(rng, town),
        "province": words.pick(the_towns().provinces, town),
        "librairie": shops.codes.take(pa.array(people.shop)),
        "inscrit_le": dates(midnight(people.joined)),
        "genre_prefere": _declared_taste(rng, people),
    }
    return People(**{**vars(people), "table": pa.table(columns)})


def no_text(size: int) -> pa.Array:
    """So many empty texts."""
    return pa.nulls(size, pa.string())


def _last_names(kind: Whole, last: Whole, town: Whole) -> pa.Array:
    prefix = words.pick(["", *_INSTITUTION_NAMES], kind)
    institution = words.joined(prefix, " ", words.pick(the_towns().names, town))
    return words.chosen(kind > 0, institution, words.pick(words.lines("surnames"), last))


def _addresses(rng: np.random.Generator, people: People, first: Whole, last: Whole) -> pa.Array:
    """prenom.nom123@courriel.example.test; a mate's is the other's with capitals."""
    size = len(people)
    house = rng.choice(len(MAIL_HOUSES), size, p=(0.42, 0.2, 0.14, 0.1, 0.08, 0.06))
    given = words.pick([_plain(name) for name in words.lines("first_names")], first)
    family = words.pick([_plain(name) for name in words.lines("surnames")], last)
    number = words.written(np.arange(size) + 1, 1)
    own = words.joined(given, ".", family, number, "@", words.pick(MAIL_HOUSES, house), ".example.test")
    shared = pc.utf8_title(own.take(pa.array(np.maximum(people.mate, 0))))
    return words.chosen(people.reachable, words.chosen(people.mate >= 0, shared, own), None)


def _phones(rng: np.random.Generator, size: int) -> pa.Array:
    area = words.pick(["418", "514", "819", "450", "506"], rng.integers(0, 5, size))
    number = words.joined(area, "-555-01", words.written(rng.integers(0, 100, size), 2))
    return words.chosen(rng.random(size) < 0.62, number, None)


def _birthdays(rng: np.random.Generator, people: People) -> pa.Array:
    """Known of half the people; between 18 and 90 years old."""
    day = rng.integers(-31_000, -6_300, len(people)) + 546
    known = (rng.random(len(people)) < 0.5) & ~people.institution
    return words.chosen(known, dates(midnight(day)), None)


def _declared_taste(rng: np.random.Generator, people: People) -> pa.Array:
    names = [row[0] for row in words.fields("categories")]
    return words.chosen(rng.random(len(people)) < 0.3, words.pick(names, people.favourite), None)


def _plain(name: str) -> str:
    """Lower case, no accents: what an address may hold."""
    letters = unicodedata.normalize("NFD", name.lower())
    return "".join(letter for letter in letters if letter.isalnum())
