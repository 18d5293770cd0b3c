"""The retailer's own table: members of the reading clubs that meet in the shops."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from relance.demo import words
from relance.demo.calendar import HISTORY_ENDS, day_number, midnight
from relance.demo.people import People
from relance.demo.shelves import dates

_CLUBS = (
    "Polars du jeudi",
    "Lire le Nord",
    "Les bavardes",
    "Poésie et café",
    "Bulles du samedi",
    "Premiers romans",
)
_EVENINGS = ("lundi", "mardi", "mercredi", "jeudi", "samedi", "dimanche")


def join_clubs(rng: np.random.Generator, people: People) -> pa.Table:
    """One reader in fifteen belongs to a club of their shop, under a nickname."""
    end = day_number(HISTORY_ENDS) - 1
    fits = ~people.institution & (people.joined < end - 30) & (rng.random(len(people)) < 0.065)
    who = np.flatnonzero(fits)
    club = rng.integers(0, len(_CLUBS), len(who))
    since = rng.integers(np.maximum(people.joined[who], -300), end)
    number = words.written(np.arange(len(who)) + 1, 5)
    shop = words.joined(words.pick(_CLUBS, club), ", ", people.table["librairie"].combine_chunks().take(pa.array(who)))
    names = words.lines("first_names")
    return pa.table(
        {
            "inscription": words.joined("CL", number),
            "no_membre": people.codes.take(pa.array(who)),
            "club": shop,
            "soir": words.pick(_EVENINGS, club),
            "depuis": dates(midnight(since)),
            "surnom": words.joined("Capitaine ", words.pick(names, rng.integers(0, len(names), len(who)))),
        }
    )
