"""A reason that a trigger itself knows goes in; whether the fact behind meets it, and what was seen, comes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from relance.explaining import products
from relance.explaining.explanation import Seen
from relance.explaining.found import Found
from relance.explaining.reading import Reading
from relance.explaining.said import Said
from relance.policy.reasons import readable

_STOP = Said("Rien n’arrête ({name})", "Nothing stops it ({name})")
_YES, _NO = Said("oui", "yes"), Said("non", "no")

# What to show beside the verdict; a reason without a line here is answered by yes or no.
SHOWN: Mapping[str, Callable[[Reading], Seen]] = {
    "bought": products.bought,
    "unwished": products.wished,
    "price_back": products.price_now,
    "no_price_history": products.history,
    "out_again": products.stock_now,
}


def question(reason: str) -> Said:
    """The condition, as a person would ask it."""
    return _STOP.put(name=Said(readable(reason, "fr").lower(), readable(reason, "en").lower()))


def found(reading: Reading, reason: str) -> Found:
    """Whether the reason holds for the occurrence that is explained."""
    if reading.case.arrival is None:
        return Found(None, Seen(Said("rien n’est dû", "nothing is due")), fixed=True)
    holds = reason in str(reading.flags["stopped"]).split(",")
    shown = SHOWN.get(reason)
    return Found(holds, shown(reading) if shown else Seen(_YES if holds else _NO, holds))
