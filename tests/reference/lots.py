"""Lots and balances of a world go in; what is left of each lot by a day, and which date comes first, come out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from tests.reference.local_time import local_date
from tests.reference.points import Lot
from tests.reference.world import World


def left(world: World, contact: str, moment: datetime) -> dict[str, tuple[date, int]]:
    """By lot, its day and how much is left: where a balance is known, the earliest lots were spent first."""
    today = local_date(world.zone, moment)
    known = _last(one for one in world.lots if one.contact == contact and one.known_at <= moment)
    lots = sorted((one for one in known.values() if one.expires_on >= today), key=lambda one: (one.expires_on, one.id))
    told = [one for one in world.balances if one.contact == contact and one.known_at <= moment]
    held = sum(one.points for one in lots)
    spent = max(held - max(told, key=lambda one: one.known_at).points, 0) if told else 0
    found = {}
    for one in lots:
        gone = min(one.points, spent)
        spent -= gone
        if one.points > gone:
            found[one.id] = (one.expires_on, one.points - gone)
    return found


def first(world: World, contact: str, moment: datetime) -> tuple[date, str] | None:
    """The first day on which something expires, and the lot that heads it."""
    return min(((day, name) for name, (day, _) in left(world, contact, moment).items()), default=None)


def _last(told: Iterable[Lot]) -> dict[str, Lot]:
    return {one.id: one for one in sorted(told, key=lambda one: one.known_at)}


def holders(world: World) -> list[str]:
    """Whoever has or had a lot."""
    return sorted({one.contact for one in world.lots})
