"""What a member's card and the site's pages of books hold: points that expire, and opinions on what was read."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from relance.demo import words
from relance.demo.calendar import DAY, Whole, day_number, day_of, local, midnight, utc
from relance.demo.people import People
from relance.demo.purchases import Purchases
from relance.demo.shelves import Shelves, dates, instants
from relance.demo.timetable import HISTORY

_EARNS = 0.3  # of the orders of a member bring points to the card
_LASTS = 400  # days
_OPINIONS = 0.05  # of the orders; said a week to two months after
_WORDS = ("Lu d’une traite.", "Un peu long, mais quelle fin !", "Offert deux fois déjà.", "Pas pour moi.", "")


def points_table(rng: np.random.Generator, people: People, bought: Purchases) -> pa.Table:
    """Points of the last thirteen months, lot by lot: ten for a dollar spent."""
    first, last = day_number(HISTORY[0]) - _LASTS, day_number(HISTORY[0])
    day = day_of(local(bought.at))
    earned = (bought.who >= 0) & (bought.undone_at == 0) & (day > first) & (day < last)
    order = np.flatnonzero(earned & (rng.random(len(bought)) < _EARNS))
    order = order[~people.institution[bought.who[order]]]
    return pa.table(
        {
            "lot": words.joined("L", words.written(order + 1, 7)),
            "no_membre": people.codes.take(pa.array(bought.who[order])),
            "gagnes_le": instants(bought.at[order]),
            "echeance": dates(midnight(day[order] + _LASTS)),
            "points": words.written(bought.total[order] // 10, 1),
        }
    )


def opinions_table(
    rng: np.random.Generator, people: People, shelves: Shelves, bought: Purchases, until: int
) -> pa.Table:
    """Opinions that members gave on the first book of an order, until an instant."""
    may = (bought.who >= 0) & (bought.undone_at == 0)
    order = np.flatnonzero(may & (rng.random(len(bought)) < _OPINIONS))
    order = order[~people.institution[bought.who[order]]]
    said: Whole = utc(local(bought.at[order]) + rng.integers(7, 60, len(order)) * DAY)
    order, said = order[said <= until], said[said <= until]
    mark = 1 + rng.choice(5, len(order), p=(0.04, 0.06, 0.15, 0.35, 0.4))
    return pa.table(
        {
            "avis": words.joined("AV", words.written(order + 1, 7)),
            "no_membre": people.codes.take(pa.array(bought.who[order])),
            "no_commande": words.joined("W", words.written(400_000 + order, 7)),
            "ean": shelves.codes.take(pa.array(bought.book[bought.first[order]])),
            "date": instants(said),
            "note": words.written(mark, 1),
            "texte": words.pick(_WORDS, rng.integers(0, len(_WORDS), len(order))),
        }
    )
