"""Random small worlds in which people are under way: dates, waits, ways, purposes, re-entry, edits in the middle.

The scenarios are few, so that the product compiles their queries once; numbers, dates and people differ.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from tests.reference.deliveries import HORIZON, Frame, statements
from tests.reference.lives import A_DAY, peopled
from tests.reference.steps import Await, Branch, Exit, HandOver, Send, SetValue, Split, Wait
from tests.reference.world import (
    Cap,
    Edit,
    PriceRow,
    Product,
    Quiet,
    Scenario,
    Turn,
    World,
)
from tests.reference.worlds import (
    CALENDARS,
    Setting,
    clocks,
    common,
    days,
    mishaps,
    odd_nights,
    turns_of,
)

AMOUNTS = tuple(map(Decimal, ("20.00", "15.00", "19.00", "19.01", "14.00", "21.00", "12.00")))
QUIET = (None, None, None, Quiet(time(21), time(8)), Quiet(time(8, 30), time(12)))
LATER = Wait("pause", days=2)
TONE = ("tone", "warm")
SOME = Split("some", ((1, "noted", (SetValue("note-some", *TONE),)), (2, "not", ())))
# What may stand in a library of scenarios: each is one document, whose numbers are drawn.
KINDS: dict[str, dict[str, Any]] = {
    "second-purchase": {
        "trigger": "second_purchase",
        "days": (1, 2, 3),
        "fresh": (3, 1),
        "slots": (None, time(9)),
        "steps": (Send("first"), LATER, Send("again")),
    },
    "win-back": {
        "trigger": "win_back",
        "days": (2, 1, 3),
        "fresh": (14, 2),
        "steps": (Send("first"), Wait("tuesday", until=time(10), weekday=1), Send("again")),
        "reentry": ("each", 4),
    },
    "review": {
        "trigger": "received",
        "purpose": "service",
        "days": (2, 1),
        "instead": 1,
        "fresh": (7, 1),
        "steps": (
            Send("ask"),
            Wait("thirty-hours", hours=30),
            Branch("often", orders=2, then=(SetValue("note", *TONE),), otherwise=(Send("remind"),)),
        ),
        "reentry": (3, "never", "each"),
    },
    "confirmation": {
        "trigger": "order",
        "purpose": "transactional",
        "days": (0,),
        "slot": None,
        "hours": (24, 48),
        "steps": (Send("confirm"), Wait("on-its-way", days=1), Send("left")),
    },
    "birthday": {
        "trigger": "birthday",
        "days": (0, 0, -1, 2),
        "fresh": (0, 0, 2),
        "steps": (Send("wish"),),
        "own_zone": (True,),
    },
    "first-purchase": {
        "trigger": "sign_up",
        "days": (1, 0, 3),
        "fresh": (3, 1),
        "steps": (
            Send("first"),
            Wait("pause", days=1),
            Split("tone", ((1, "warm", (Send("warm"),)), (1, "plain", (Wait("more", until=time(8)), Send("plain"))))),
        ),
        "own_zone": (True, False),
    },
    "until-order": {
        "trigger": "second_purchase",
        "days": (0, 1),
        "fresh": (3, 1),
        "steps": (
            Await(
                "another",
                3,
                happened=(SetValue("note", *TONE), Send("thanks")),
                otherwise=(Send("question"), SOME, HandOver("hand", "taken-on")),
            ),
        ),
        "stops": ("cancelled",),
    },
    "taken-on": {
        "trigger": "handed_over",
        "days": (0,),
        "slot": None,
        "hours": (48,),
        "steps": (Branch("tone", value=TONE, then=(Exit("enough", "warm_already"),), otherwise=(Send("word"),)),),
    },
    "came": {
        "trigger": "entered",
        "days": (0,),
        "fresh": (3, 0),
        "steps": (Send("welcome"), Wait("pause", days=1), Send("still-here")),
        "reentry": ("each", 2),
        "slots": (time(9), None),
    },
    "gone": {
        "trigger": "left",
        "days": (0,),
        "fresh": (3, 1),
        "steps": (Send("ask"),),
        "reentry": ("each", 4, "never"),
        "slots": (time(9), None),
    },
    "on-call": {
        "trigger": "call",
        "days": (0,),
        "slot": None,
        "hours": (24, 48),
        "steps": (Send("word"), Wait("thirty-hours", hours=30), Send("again")),
        "reentry": ("each", 3),
    },
    "price-down": {
        "trigger": "price_drop",
        "days": (0,),
        "slot": None,
        "hours": (48, 24),
        "steps": (Send("word"),),
        "reentry": (7, "each", 2),
    },
    "back-in-stock": {
        "trigger": "restock",
        "days": (0,),
        "slot": None,
        "fresh": (3, 1),
        "steps": (Send("word"),),
        "reentry": ("each", 14, 2),
        "a_unit": (1, 1, 2),
    },
    "cart-by-stage": {
        "trigger": "stages",
        "days": (0,),
        "hours": (48, 24),
        "steps": (Send("first"), LATER, Send("again")),
        "reentry": ("each", "each", 3),
    },
    "points": {
        "trigger": "expiry",
        "days": (-4, -5),
        "fresh": (7, 1),
        "steps": (Send("first"), LATER, Send("again")),
    },
    "slow": {
        "trigger": "order",
        "days": (1, 0),
        "fresh": (3, 1),
        "steps": (Wait("night", days=1), Wait("eight", until=time(8)), Send("word")),
        "reentry": ("each", 2, "never"),
        "wants": (None, None, TONE),
        "slots": (time(9), None),
        "needs": ((), (), ("orders",)),
        "own_zone": (False, True),
    },
}
# How a scenario may be written anew while people are under way in it: (what becomes of them, its steps then).
AGAIN = (Send("first"), LATER, Send("again"), Wait("one-more", days=1), Send("last"))
EDITS = {
    "second-purchase": tuple((live, AGAIN) for live in ("move:again", "finish", "stop")),
    "until-order": (
        ("move:another", (Await("another", 2, otherwise=(Send("other-question"),)),)),
        ("stop", (Await("another", 2, otherwise=(Send("other-question"),)),)),
    ),
    "review": (
        ("move:often", (Send("ask"), Wait("a-day", days=1), Branch("often", orders=3, otherwise=(Send("why"),)))),
    ),
}
TOGETHER = (
    ("birthday", "first-purchase"),
    ("review", "win-back"),
    ("until-order", "taken-on"),
    ("confirmation", "review"),
    ("second-purchase", "slow", "confirmation"),
    ("second-purchase", "slow"),
    ("first-purchase", "slow"),
    ("win-back", "second-purchase", "birthday"),
    ("until-order", "taken-on", "slow"),
    ("review", "slow"),
    ("review", "until-order", "taken-on"),
    ("review", "until-order", "taken-on"),
    ("came", "gone"),
    ("came", "on-call"),
    ("gone", "on-call", "birthday"),
    ("came", "confirmation"),
    ("price-down",),
    ("price-down",),
    ("price-down", "win-back"),
    ("price-down", "birthday"),
    ("back-in-stock",),
    ("back-in-stock",),
    ("back-in-stock", "win-back"),
    ("cart-by-stage",),
    ("cart-by-stage",),
    ("cart-by-stage", "confirmation"),
    ("points",),
)


def worlds() -> st.SearchStrategy[World]:
    """A fortnight of at most six contacts, with two or three scenarios of more than one step."""
    return settings().flatmap(peopled)


@st.composite
def settings(draw: st.DrawFn) -> Setting:
    """Calendar, scenarios, turns, statements, caps and the bad luck of the feeds; nobody yet."""
    zone, first = draw(st.sampled_from(CALENDARS))
    frame = Frame(zone, first, draw(st.booleans()))
    scenarios = draw(_scenarios(frame))
    turns = draw(turns_of(frame, scenarios))
    quiet = draw(st.sampled_from(QUIET))
    waves = any(one.trigger == "restock" for one in scenarios)
    if quiet or waves or draw(st.sampled_from((False, False, True))):
        turns = tuple(sorted({*turns, *_between(frame, waves)}, key=lambda one: one.at))
    world = World(
        zone=zone,
        contacts=(),
        products=(Product("novel"), Product("atlas"), Product("ebook")),
        scenarios=scenarios,
        turns=turns,
        complete=statements(frame, draw(odd_nights)) if any(map(_needy, scenarios)) else (),
        quiet=quiet,
        prices=draw(_prices(frame)) if any(one.trigger == "price_drop" for one in scenarios) else (),
        again=draw(st.sampled_from((None, None, frame.at(draw(days), "12:30")))),
        cap=draw(st.sampled_from((None, None, None, Cap(1, 1), Cap(1, 3)))),
        global_holdout=draw(st.sampled_from((0.0, 0.0, 0.0, 0.3))),
        seed=draw(st.sampled_from(("check", "autre"))),
    )
    return Setting(frame, world, draw(mishaps), draw(mishaps))


def _needy(one: Scenario) -> bool:
    return bool(one.needs or any(change.needs for change in one.edits))


def _between(frame: Frame, waves: bool) -> list[Turn]:
    """Some evenings; where people wait for a wave, the hour before noon too."""
    hours = ("11:00", "18:00") if waves else ("18:00",)
    return [Turn(frame.at(day, clock)) for day in range(2, HORIZON, 2) for clock in hours]


@st.composite
def _scenarios(draw: st.DrawFn, frame: Frame) -> tuple[Scenario, ...]:
    names = draw(st.sampled_from(TOGETHER))
    priorities = draw(st.permutations((60, 50, 40)))
    made = [draw(_changed(frame, draw(_scenario(frame, name)))) for name in names]
    return tuple(replace(one, priority=priority) for one, priority in zip(made, priorities, strict=False))


def _scenario(frame: Frame, name: str) -> st.SearchStrategy[Scenario]:
    kind = KINDS[name]
    given = {word: st.just(kind[word]) for word in ("trigger", "steps", "purpose", "stops") if word in kind}
    fresh = {"fresh_hours": kind["hours"]} if "hours" in kind else {"fresh_days": kind["fresh"]}
    drawn = {"days": kind["days"], **fresh, "reentry": kind.get("reentry", ("each",))}
    drawn["wants"] = kind.get("wants", (None,))
    drawn["waits_if_lost"] = (False, False, True)
    drawn["needs"] = kind.get("needs", ((),))
    drawn["own_zone"] = kind.get("own_zone", (False,))
    drawn |= {"slot": kind["slots"]} if "slots" in kind else {}
    drawn |= {"a_unit": kind["a_unit"]} if "a_unit" in kind else {}
    plain = {word: kind[word] for word in ("slot", "instead") if word in kind}
    return st.builds(
        Scenario,
        id=st.just(name),
        **given,
        **{word: st.sampled_from(choices) for word, choices in drawn.items()},
        **{word: st.just(value) for word, value in plain.items()},
        **common(frame),
    )


@st.composite
def _changed(draw: st.DrawFn, frame: Frame, one: Scenario) -> Scenario:
    """Some are off for some days, or edited between two turns, and some edits are undone within the hour."""
    what = draw(st.sampled_from(("edited", "edited", None, None, "off")))
    day = draw(st.integers(3, 9))
    if what == "off" and frame.at(day) > one.on_at:
        return replace(one, off=(frame.at(day, "10:30"), frame.at(day + draw(st.sampled_from((1, 3))), "10:30")))
    if what == "edited" and frame.at(day) > one.on_at:
        live, steps = draw(st.sampled_from((*EDITS.get(one.id, ()), ("finish", one.steps))))
        undone = draw(st.sampled_from((None, None, frame.at(day, "11:30"))))
        fresh = draw(st.sampled_from((None, 0, 1, 9)))
        needs = draw(st.sampled_from((None, (), ("orders",)))) if "needs" in KINDS[one.id] else None
        own_zone = draw(st.sampled_from((None, False))) if one.own_zone else None
        change = Edit(frame.at(day, "10:30"), live, steps, undone, fresh, needs, own_zone)
        return replace(one, edits=(change,) if change.of(one) != one else ())
    return one


@st.composite
def _prices(draw: st.DrawFn, frame: Frame) -> tuple[PriceRow, ...]:
    """Prices go up and down; some are announced, some told late, some told wrong at first."""
    words = st.tuples(st.integers(-2, HORIZON - 2), clocks, st.sampled_from(AMOUNTS), st.sampled_from((-1, 0, 0, 1, 3)))
    rows = []
    for product in ("novel", "atlas", "ebook"):
        start = frame.at(draw(st.sampled_from((-60, -20))), "00:05")
        rows.append(PriceRow(product, AMOUNTS[0], start, frame.at(-59, "06:00")))
        fallen = draw(st.lists(words, min_size=1, max_size=4, unique_by=lambda one: one[0]))
        for day, clock, amount, delay in fallen:
            known = frame.at(day + delay, "06:00")
            rows.append(PriceRow(product, amount, frame.at(day, clock), known))
            if draw(st.sampled_from((False, False, False, True))):
                rows.append(PriceRow(product, draw(st.sampled_from(AMOUNTS)), frame.at(day, clock), known + A_DAY))
    return tuple(rows)
