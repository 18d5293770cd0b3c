"""Random small worlds: hypothesis draws go in, worlds that shrink to a readable story come out.

The plainest choice comes first everywhere; `smaller.py` then takes away what does not matter to a failure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from hypothesis import strategies as st

from tests.reference.deliveries import (
    FREE,
    HORIZON,
    PRICE,
    Again,
    Basket,
    Frame,
    Mishaps,
    Purchase,
    Visit,
    cart_files,
    order_files,
    statements,
)
from tests.reference.local_time import local_date
from tests.reference.world import Cap, ConsentAct, Contact, OrderLine, Product, Scenario, StockRow, Turn, World

Shopping = TypeVar("Shopping", Basket, Purchase)

NAMES = ("anna", "ben", "chloe", "denis", "emma", "farid")
CLOCKS = ("12:00", "09:00", "08:59", "23:55", "00:05", "07:30", "02:30", "01:30")
CALENDARS = (
    ("UTC", date(2026, 6, 8)),
    ("America/Toronto", date(2026, 3, 4)),
    ("America/Toronto", date(2026, 10, 28)),
    ("America/Toronto", date(2026, 8, 27)),
    ("Europe/London", date(2026, 3, 25)),
    ("Europe/London", date(2026, 10, 21)),
    ("Europe/London", date(2028, 2, 25)),
    ("Pacific/Kiritimati", date(2026, 1, 27)),
    ("Pacific/Kiritimati", date(2027, 12, 27)),
    ("America/Santiago", date(2026, 9, 2)),
    ("America/Santiago", date(2026, 4, 1)),
)
CASES = ("plain",) * 7 + ("sharing",) * 3 + ("institution", "no address", "refused", "silent")
CHANGES = ("cancelled", "shorter", "longer", "another's", "nobody's", "in the evening")
BOUGHT = (
    (OrderLine("novel", 1, PRICE),),
    (OrderLine("atlas", 1, PRICE),),
    (OrderLine("novel", 1, PRICE), OrderLine("ebook", 2, PRICE)),
    (OrderLine("novel", 1, PRICE), OrderLine("atlas", -1, PRICE)),
    (OrderLine("novel", 1, PRICE), OrderLine("atlas", 1, FREE)),
    (OrderLine("ebook", 0, PRICE),),
    (OrderLine("novel", 1, FREE),),
    (OrderLine("novel", -1, Decimal("-10.00")),),
)

clocks = st.sampled_from(CLOCKS)
people = st.integers(0, len(NAMES) - 1)
somebody = st.sampled_from((0, 0, 0, 1, 1, 2, 3, None))
days = st.integers(0, HORIZON - 2)
late = st.sampled_from((0, 0, 0, 1, 4))

purchases = st.builds(
    Purchase,
    who=somebody,
    day=days,
    clock=clocks,
    lines=st.sampled_from(BOUGHT[:1] * 6 + BOUGHT[1:]),
    cancellation=st.sampled_from((False,) * 9 + (True,)),
    again=st.sampled_from((None,) * 24 + tuple(Again(change, after) for change in CHANGES for after in (0, 1, 3))),
)
visits = st.builds(
    Visit,
    gap=st.sampled_from((0, 1, 1, 3)),
    clock=clocks,
    deed=st.sampled_from(("novel", "novel", "atlas", "ebook", "look", "empty")),
)
baskets = st.builds(
    Basket,
    who=somebody,
    logged_in=st.sampled_from((True,) * 7 + (False,)),
    day=days,
    visits=st.lists(visits, min_size=1, max_size=6).map(tuple),
)
mishaps = st.builds(
    Mishaps,
    late=st.lists(st.tuples(days, st.sampled_from((1, 2, 5, 9, 11))), max_size=2).map(tuple),
    twice=st.lists(days, max_size=1).map(tuple),
)


@dataclass(frozen=True)
class Setting:
    """What many worlds may have in common: all but the people and what they do. `world` holds nobody."""

    frame: Frame
    world: World
    orders: Mishaps
    carts: Mishaps


def worlds() -> st.SearchStrategy[World]:
    """A fortnight of at most six contacts, with up to three scenarios."""
    return crowds(1).map(lambda alone: alone[0])


@st.composite
def crowds(draw: st.DrawFn, size: int) -> tuple[World, ...]:
    """So many worlds of one setting, of people who know nothing of one another."""
    setting = draw(_settings())
    return tuple(draw(_peopled(setting)) for _ in range(size))


@st.composite
def _settings(draw: st.DrawFn) -> Setting:
    """Calendar, scenarios, turns, stock, statements, caps and the bad luck of the feeds."""
    zone, first = draw(st.sampled_from(CALENDARS))
    frame = Frame(zone, first, draw(st.booleans()))
    scenarios = draw(_scenarios(frame))
    needing = any(scenario.needs for scenario in scenarios)
    world = World(
        zone=zone,
        contacts=(),
        products=draw(_products(frame)),
        scenarios=scenarios,
        turns=draw(turns_of(frame, scenarios)),
        complete=statements(frame, draw(odd_nights)) if needing else (),
        cap=draw(st.sampled_from((None, None, Cap(1, 1), Cap(1, 3), Cap(1, 7), Cap(2, 7)))),
        global_holdout=draw(st.sampled_from((0.0, 0.0, 0.0, 0.3))),
        seed=draw(st.sampled_from(("check", "autre"))),
    )
    return Setting(frame, world, draw(mishaps), draw(mishaps))


@st.composite
def _peopled(draw: st.DrawFn, setting: Setting) -> World:
    """The people of one world, and what they do."""
    frame = setting.frame
    contacts, consents = draw(cast(frame))
    ids = [contact.id for contact in contacts]
    home = household(contacts)
    made: list[Basket] = []
    if any(one.id == "cart" for one in setting.world.scenarios):
        made = draw(st.lists(baskets, min_size=1, max_size=5)) + each(home, draw(st.lists(baskets, max_size=1)))
    bought = draw(st.lists(purchases, min_size=2, max_size=9)) + each(home, draw(st.lists(purchases, max_size=1)))
    bought += draw(_bought_after(made))
    return replace(
        setting.world,
        contacts=contacts,
        consents=consents,
        order_files=order_files(frame, ids, bought, setting.orders),
        cart_files=cart_files(frame, ids, made, setting.carts) if made else (),
    )


odd_nights = st.lists(
    st.tuples(days, st.sampled_from((1, 2, 3)), st.sampled_from((None, "10:30", "13:00"))), max_size=3
)


def household(contacts: Sequence[Contact]) -> list[int]:
    """The places of those who share the first address, if there is more than one."""
    shared = [place for place, one in enumerate(contacts) if (one.email or "").lower().startswith(NAMES[0])]
    return shared if len(shared) > 1 else []


def each(home: Sequence[int], alike: Sequence[Shopping]) -> list[Shopping]:
    """What people of one household do alike, on the same day."""
    return [replace(one, who=place) for one in alike for place in home]


@st.composite
def cast(draw: st.DrawFn, frame: Frame) -> tuple[tuple[Contact, ...], tuple[ConsentAct, ...]]:
    """Rows in either order; most said yes long ago; some change their minds and the file may be late."""
    cases = draw(st.lists(st.sampled_from(CASES), min_size=1, max_size=len(NAMES)))
    contacts = tuple(_contact(number, case) for number, case in enumerate(cases))
    said = {"refused": "refused", "silent": None}
    long_ago = frame.at(-30)
    acts = [
        _consent(one.id, said.get(case, "granted"), long_ago, long_ago)
        for one, case in zip(contacts, cases, strict=True)
        if said.get(case, "granted")
    ]
    minds = st.tuples(people, st.sampled_from(("refused", "granted")), days, clocks, late)
    for number, word, day, clock, delay in draw(st.lists(minds, max_size=2)):
        known = frame.at(day + 1 + delay, "06:00")
        acts.append(_consent(contacts[number % len(contacts)].id, word, frame.at(day, clock), known))
    return contacts[:: -1 if draw(st.booleans()) else 1], tuple(acts)


def _contact(number: int, case: str) -> Contact:
    """An address of one's own, none, or the first contact's in capitals."""
    own = f"{NAMES[number]}@example.test"
    shared = f"{NAMES[0]}@example.test".upper()
    email = {"no address": None, "sharing": shared}.get(case, own)
    return Contact(NAMES[number], "institution" if case == "institution" else "individual", email)


def _consent(contact: str, word: str | None, happened: datetime, known: datetime) -> ConsentAct:
    return ConsentAct(contact, "granted" if word == "granted" else "refused", happened, known)


@st.composite
def _bought_after(draw: st.DrawFn, made: Sequence[Basket]) -> list[Purchase]:
    """Some who filled a basket buy on that day or the next; the order may have any file's bad luck."""
    bought = []
    for basket in made:
        gap = draw(st.sampled_from((None, None, None, 0, 1)))
        if gap is not None and basket.who is not None:
            lines = draw(st.sampled_from(BOUGHT[:5]))
            bought.append(Purchase(basket.who, basket.day + gap, draw(clocks), lines))
    return bought


@st.composite
def _products(draw: st.DrawFn, frame: Frame) -> tuple[Product, ...]:
    """A novel whose stock nobody counts, an atlas whose stock changes, an e-book that never runs out."""
    rows = st.tuples(st.integers(-1, 9), clocks, st.sampled_from((0, 3, -1)), late)
    counted = draw(st.lists(rows, max_size=3, unique_by=lambda row: frame.at(row[0], row[1])))
    stock = tuple(
        StockRow(pieces, frame.at(day, clock), frame.at(day + 1 + delay, "06:00"))
        for day, clock, pieces, delay in sorted(counted)
    )
    return Product("novel", "tracked"), Product("atlas", "tracked", stock), Product("ebook", "unlimited")


@st.composite
def _scenarios(draw: st.DrawFn, frame: Frame) -> tuple[Scenario, ...]:
    """One to three, each with its own priority."""
    drawn = draw(st.tuples(_second_purchase(frame), _win_back(frame), _cart(frame)))
    places = draw(st.sampled_from(((0, 1, 2), (2, 1, 0), (0, 1), (0, 2), (1, 2), (0,), (1,), (2,))))
    priorities = draw(st.permutations((60, 50, 40)))
    return tuple(replace(drawn[place], priority=priorities[place]) for place in places)


def _second_purchase(frame: Frame) -> st.SearchStrategy[Scenario]:
    return st.builds(
        Scenario,
        id=st.just("second-purchase"),
        trigger=st.just("second_purchase"),
        days=st.sampled_from((2, 1, 3, 5)),
        fresh_days=st.sampled_from((3, 1, 7)),
        **common(frame),
    )


def _win_back(frame: Frame) -> st.SearchStrategy[Scenario]:
    return st.builds(
        Scenario,
        id=st.just("win-back"),
        trigger=st.just("win_back"),
        days=st.sampled_from((3, 1, 2, 5)),
        fresh_days=st.sampled_from((14, 2)),
        **common(frame),
    )


def _cart(frame: Frame) -> st.SearchStrategy[Scenario]:
    return st.builds(
        Scenario,
        id=st.just("cart"),
        trigger=st.just("forgotten_cart"),
        fresh_hours=st.sampled_from((48, 24, 27)),
        needs=st.sampled_from(((), ("orders",))),
        **common(frame),
    )


def common(frame: Frame) -> dict[str, st.SearchStrategy[Any]]:
    """What every scenario has; most are switched on before anything happens."""
    instants = ((-1, "12:00"),) * 4 + ((2, "08:00"), (4, "09:00"), (5, "10:00"))
    return {
        "on_at": st.sampled_from([frame.at(*one) for one in instants]),
        "holdout": st.sampled_from((0.0, 0.0, 0.0, 0.1, 0.5)),
        "lookback_days": st.sampled_from((7, 7, 2)),
    }


@st.composite
def turns_of(draw: st.DrawFn, frame: Frame, scenarios: tuple[Scenario, ...]) -> tuple[Turn, ...]:
    """Every morning at nine but for days off, some at other hours, at times one as a Phase 1."""
    away = draw(st.lists(st.tuples(days, st.sampled_from((1, 2, 4, 9))), max_size=1))
    off = {day for start, length in away for day in range(start, start + length)}
    daily = [frame.at(day, "09:00") for day in range(HORIZON + 1) if day not in off]
    hours = st.sampled_from(("12:00", "15:00", "08:00", "00:05"))
    extra = [frame.at(day, clock) for day, clock in draw(st.lists(st.tuples(days, hours), max_size=3))]
    moments = sorted({*daily, *extra})
    asked = st.tuples(st.sampled_from(moments), st.sampled_from(scenarios), st.integers(0, 7))
    phase_one = draw(st.lists(asked, max_size=1))
    return tuple(Turn(moment, _entered(frame, moment, phase_one)) for moment in moments)


def _entered(
    frame: Frame, moment: datetime, asked: list[tuple[datetime, Scenario, int]]
) -> tuple[tuple[str, date], ...]:
    """Phase 1 is only asked of a scenario that is on, from some local days back."""
    today = local_date(frame.zone, moment)
    return tuple(
        (scenario.id, today - timedelta(days=back))
        for when, scenario, back in asked
        if when == moment and scenario.since(moment)
    )
