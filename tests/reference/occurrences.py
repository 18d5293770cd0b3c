"""A scenario and an instant go in; every occurrence its trigger knows by then comes out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cache

from tests.reference.facts import Facts
from tests.reference.local_time import days_after, instant, local_date
from tests.reference.lots import first, holders
from tests.reference.prices import Fall, falls, off_before, wishes
from tests.reference.restocks import Restock, restocks
from tests.reference.world import Cart, CartLine, Order, Scenario, Wish


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One (contact, occurrence) with its due time; `contact` is None for a visitor, `order` the row behind."""

    contact: str | None
    key: str
    fact: datetime
    fact_date: date
    due_date: date
    due: datetime
    cart: Cart | None = None
    order: str | None = None
    wish: Wish | None = None
    fall: Fall | None = None
    restock: Restock | None = None
    lot: str | None = None


STAGES = {"cart": 2, "checkout": 1, "payment_failed": None}  # dates to wait; none: at once


@dataclass(frozen=True)
class Episodes:
    """Of one cart and scenario: how many were decided, and when the last was, by its first final decision."""

    ended: int
    last_end: datetime


def occurrences(
    scenario: Scenario, facts: Facts, zone: str, moment: datetime, episodes: dict[str, Episodes]
) -> Iterator[Occurrence]:
    """Every occurrence known at an instant, due or not, decided or not."""
    if scenario.trigger == "forgotten_cart":
        return _open_carts(scenario, facts, zone, moment, episodes)
    if scenario.trigger == "stages":
        return _by_stage(scenario, facts, zone, moment, episodes)
    if scenario.trigger == "birthday":
        return _birthdays(scenario, facts, zone, moment)
    if scenario.trigger == "sign_up":
        return _sign_ups(scenario, facts, zone, moment)
    if scenario.trigger == "handed_over":
        return _handed_over(scenario, facts, zone, moment)
    if scenario.trigger in ("entered", "left"):
        return _moves(scenario, facts, zone)
    if scenario.trigger == "price_drop":
        return _wishers(scenario, facts, zone, moment)
    if scenario.trigger == "restock":
        return _who_wait(scenario, facts, zone, moment)
    if scenario.trigger == "expiry":
        return _expiring(scenario, facts, zone, moment)
    if scenario.trigger == "call":
        return _calls(scenario, facts, zone)
    if scenario.trigger in ("order", "received"):
        return _every_order(scenario, facts, zone, moment)
    return _orders_of_buyers(scenario, facts, zone, moment)


def _orders_of_buyers(scenario: Scenario, facts: Facts, zone: str, moment: datetime) -> Iterator[Occurrence]:
    """Second purchase hangs on the first valid order, win-back on the last one."""
    second = scenario.trigger == "second_purchase"
    for contact in facts.buyers():
        orders = facts.valid_orders(contact, moment)
        if orders:
            order = orders[0] if second else orders[-1]
            yield _due(scenario, zone, contact, "once" if second else order.id, order.placed_at, order=order)


def _open_carts(
    scenario: Scenario, facts: Facts, zone: str, moment: datetime, episodes: dict[str, Episodes]
) -> Iterator[Occurrence]:
    """A cart is open while something lies in it that was added after its last final decision."""
    for cart in facts.carts(moment):
        if any(_is_new(line, episodes.get(cart.id)) for line in cart.holds()):
            yield _of_cart(scenario, zone, cart, episodes)


def _by_stage(
    scenario: Scenario, facts: Facts, zone: str, moment: datetime, episodes: dict[str, Episodes]
) -> Iterator[Occurrence]:
    """The same by how far a cart has got; one from which all was taken out is there too, to be told as emptied."""
    for cart in facts.carts(moment):
        if any(_is_new(line, episodes.get(cart.id)) for line in cart.lines):
            days = STAGES.get(cart.stage or "", STAGES["cart"])
            slot = None if days is None else scenario.slot
            yield _of_cart(replace(scenario, days=days or 0, slot=slot), zone, cart, episodes)


def _of_cart(scenario: Scenario, zone: str, cart: Cart, episodes: dict[str, Episodes]) -> Occurrence:
    past = episodes.get(cart.id)
    key = f"{cart.id}/{(past.ended if past else 0) + 1}"
    return _due(scenario, zone, cart.contact, key, cart.touched_at, cart=cart)


def _is_new(line: CartLine, past: Episodes | None) -> bool:
    return past is None or line.added_at > past.last_end


def _birthdays(scenario: Scenario, facts: Facts, zone: str, moment: datetime) -> Iterator[Occurrence]:
    """One a year, by the clocks of the contact if the scenario keeps to them; 29 February falls on the 28th."""
    for one in facts.contacts(moment):
        home = home_of(scenario, facts, zone, one.id, moment)
        this_year = local_date(home, moment).year
        for year in range(this_year - 1, this_year + 2):
            if one.born is not None and one.born.year <= year:
                yield _of_day(scenario, home, one.id, str(year), _in_year(one.born, year))


def _in_year(born: date, year: int) -> date:
    try:
        return born.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


def _sign_ups(scenario: Scenario, facts: Facts, zone: str, moment: datetime) -> Iterator[Occurrence]:
    for one in facts.contacts(moment):
        if one.joined is not None:
            yield _of_day(scenario, home_of(scenario, facts, zone, one.id, moment), one.id, "once", one.joined)


def _every_order(scenario: Scenario, facts: Facts, zone: str, moment: datetime) -> Iterator[Occurrence]:
    """Each valid order by itself, from when it was placed, or received where that is what counts and is known."""
    for order in facts.every_order(moment):
        by_receipt = scenario.trigger == "received"
        happened = (order.received if by_receipt else None) or order.placed_at
        more = scenario.instead if by_receipt and order.received is None else 0
        home = home_of(scenario, facts, zone, order.contact, moment)
        yield _due(scenario, home, order.contact, order.id, happened, more, order=order)


def _handed_over(scenario: Scenario, facts: Facts, zone: str, moment: datetime) -> Iterator[Occurrence]:
    """Whom another scenario has handed over in an earlier turn."""
    for contact, key, turn in facts.handed[scenario.id]:
        if turn < moment:
            yield _due(scenario, zone, contact, key, turn)


def _moves(scenario: Scenario, facts: Facts, zone: str) -> Iterator[Occurrence]:
    """Who moved as turns saw it, named by the local date: in and out again within one date is one move."""
    told = set()
    for way, contact, turn in facts.moves:
        key = (contact, str(local_date(zone, turn)))
        if way == scenario.trigger and key not in told:
            told.add(key)
            yield _due(scenario, zone, *key, turn)


def _expiring(scenario: Scenario, facts: Facts, zone: str, moment: datetime) -> Iterator[Occurrence]:
    """The first day on which something that is left of a contact's points expires."""
    for contact in holders(facts.world):
        found = first(facts.world, contact, moment)
        if found is not None:
            yield replace(_of_day(scenario, zone, contact, str(found[0]), found[0]), lot=found[1])


def _calls(scenario: Scenario, facts: Facts, zone: str) -> Iterator[Occurrence]:
    """Calls that turns have taken up, each once by its key."""
    told = set()
    for call in facts.calls:
        if call.scenario == scenario.id and call.key not in told:
            told.add(call.key)
            yield _due(scenario, zone, call.contact, call.key, call.at)


def _wishers(scenario: Scenario, facts: Facts, zone: str, moment: datetime) -> Iterator[Occurrence]:
    """Whose wish for a product stood when its price fell."""
    for fall in falls(facts.world, moment):
        for wish in _wished(facts, fall.row.product, fall.row.valid_from, moment):
            due = _due(scenario, zone, wish.contact, fall.key, fall.row.valid_from)
            yield replace(due, wish=wish, fall=fall)


def _who_wait(scenario: Scenario, facts: Facts, zone: str, moment: datetime) -> Iterator[Occurrence]:
    """Whose wish for a product stood when it came back."""
    for restock in restocks(facts.world, moment):
        for wish in _wished(facts, restock.product, restock.at, moment):
            yield replace(_due(scenario, zone, wish.contact, restock.key, restock.at), wish=wish, restock=restock)


def _wished(facts: Facts, product: str, at: datetime, moment: datetime) -> Iterator[Wish]:
    """The wishes that stood at an instant, as known by a turn."""
    made = wishes(facts.world, product, moment)
    return (one for one in made if one.at < at and not off_before(one, at, moment))


def home_of(scenario: Scenario, facts: Facts, zone: str, contact: str | None, moment: datetime) -> str:
    """The zone whose clocks count: the contact's, where the scenario keeps to it and it is known."""
    own = facts.contact(contact, moment).zone if contact is not None and scenario.own_zone else None
    return own or zone


def _of_day(scenario: Scenario, zone: str, contact: str, key: str, day: date) -> Occurrence:
    return _due(scenario, zone, contact, key, instant(zone, day, time(0)))


def _due(
    scenario: Scenario,
    zone: str,
    contact: str | None,
    key: str,
    happened: datetime,
    more: int = 0,
    *,
    cart: Cart | None = None,
    order: Order | None = None,
) -> Occurrence:
    fact_date, due_date, due = _slot(zone, happened, scenario.days + more, scenario.slot)
    return Occurrence(contact, key, happened, fact_date, due_date, due, cart, order.id if order else None)


@cache
def _slot(zone: str, happened: datetime, days: int, slot: time | None) -> tuple[date, date, datetime]:
    """Local date of a fact, the date N days later, and the instant of the slot, or of the same clock time, on it."""
    fact_date = local_date(zone, happened)
    due_date = fact_date + timedelta(days=days)
    return fact_date, due_date, days_after(zone, happened, days) if slot is None else instant(zone, due_date, slot)
