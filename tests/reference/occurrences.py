"""A scenario and an instant go in; every occurrence its trigger knows by then comes out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache

from tests.reference.facts import Facts
from tests.reference.local_time import instant, local_date
from tests.reference.world import Cart, CartLine, Scenario


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One (contact, occurrence) with its due time; `contact` is None for a visitor."""

    contact: str | None
    key: str
    fact_date: date
    due_date: date
    due: datetime
    cart: Cart | None = None


@dataclass(frozen=True)
class Episodes:
    """Of one cart and scenario: how many final decisions there were, and when the last was taken."""

    ended: int
    last_end: datetime


def occurrences(
    scenario: Scenario, facts: Facts, zone: str, moment: datetime, episodes: dict[str, Episodes]
) -> Iterator[Occurrence]:
    """Every occurrence known at an instant, due or not, decided or not."""
    if scenario.trigger == "forgotten_cart":
        return _open_carts(scenario, facts, zone, moment, episodes)
    return _orders_of_buyers(scenario, facts, zone, moment)


def _orders_of_buyers(scenario: Scenario, facts: Facts, zone: str, moment: datetime) -> Iterator[Occurrence]:
    """Second purchase hangs on the first valid order, win-back on the last one."""
    first = scenario.trigger == "second_purchase"
    for contact in facts.buyers():
        orders = facts.valid_orders(contact, moment)
        if orders:
            order = orders[0] if first else orders[-1]
            yield _due(scenario, zone, contact, "once" if first else order.id, order.placed_at)


def _open_carts(
    scenario: Scenario, facts: Facts, zone: str, moment: datetime, episodes: dict[str, Episodes]
) -> Iterator[Occurrence]:
    """A cart is open while something lies in it that was added after its last final decision."""
    for cart in facts.carts(moment):
        past = episodes.get(cart.id)
        if any(_is_new(line, past) for line in cart.lines):
            key = f"{cart.id}/{(past.ended if past else 0) + 1}"
            yield _due(scenario, zone, cart.contact, key, cart.touched_at, cart)


def _is_new(line: CartLine, past: Episodes | None) -> bool:
    return past is None or line.added_at > past.last_end


def _due(
    scenario: Scenario, zone: str, contact: str | None, key: str, happened: datetime, cart: Cart | None = None
) -> Occurrence:
    return Occurrence(contact, key, *_slot(zone, happened, scenario.days, scenario.slot), cart)


@cache
def _slot(zone: str, happened: datetime, days: int, slot: time) -> tuple[date, date, datetime]:
    """Local date of a fact, the date N days later, and the instant of the slot on it."""
    fact_date = local_date(zone, happened)
    due_date = fact_date + timedelta(days=days)
    return fact_date, due_date, instant(zone, due_date, slot)
