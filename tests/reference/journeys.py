"""Random small worlds in which people are under way: dates, waits, ways, purposes, re-entry, edits in the middle.

The scenarios are few, so that the product compiles their queries once; numbers, dates and people differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

from hypothesis import strategies as st

from tests.reference.deliveries import HORIZON, Frame, Purchase, order_files, statements
from tests.reference.steps import Await, Branch, Exit, HandOver, Send, SetValue, Split, Wait
from tests.reference.world import Cap, ConsentAct, Contact, Product, Scenario, World
from tests.reference.worlds import (
    CALENDARS,
    Setting,
    cast,
    clocks,
    common,
    days,
    each,
    household,
    mishaps,
    odd_nights,
    purchases,
    turns_of,
)

ZONES = (None, None, "Pacific/Kiritimati", "Etc/GMT+12", "America/Toronto", "Asia/Kathmandu", "Pacific/Apia")
LEAP_DAY = date(1996, 2, 29)
LATER = Wait("pause", days=2)
TONE = ("tone", "warm")
# What may stand in a library of scenarios: each is one document, whose numbers are drawn.
KINDS: dict[str, dict[str, Any]] = {
    "second-purchase": {
        "trigger": "second_purchase",
        "days": (1, 2, 3),
        "fresh": (3, 1),
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
        "own_zone": True,
    },
    "first-purchase": {
        "trigger": "sign_up",
        "days": (1, 0, 3),
        "fresh": (3, 1),
        "steps": (
            Send("first"),
            Wait("pause", days=1),
            Split("tone", ((2, "warm", (Send("warm"),)), (3, "plain", (Wait("more", until=time(8)), Send("plain"))))),
        ),
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
                otherwise=(Send("question"), HandOver("hand", "taken-on")),
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
    "slow": {
        "trigger": "order",
        "days": (1, 0),
        "fresh": (3, 1),
        "steps": (Wait("night", days=1), Wait("eight", until=time(8)), Send("word")),
        "reentry": ("never", 2, "each"),
        "wants": (None, TONE),
    },
}
TOGETHER = (
    ("birthday", "first-purchase"),
    ("review", "win-back"),
    ("until-order", "taken-on"),
    ("confirmation", "review"),
    ("second-purchase", "slow", "confirmation"),
    ("first-purchase", "slow"),
    ("win-back", "second-purchase", "birthday"),
    ("until-order", "taken-on", "slow"),
    ("review", "slow"),
)


@st.composite
def crowds(draw: st.DrawFn, size: int) -> tuple[World, ...]:
    """So many worlds of one setting, of people who know nothing of one another."""
    setting = draw(_settings())
    return tuple(draw(_peopled(setting)) for _ in range(size))


def worlds() -> st.SearchStrategy[World]:
    """A fortnight of at most six contacts, with two or three scenarios of more than one step."""
    return crowds(1).map(lambda alone: alone[0])


@st.composite
def _settings(draw: st.DrawFn) -> Setting:
    zone, first = draw(st.sampled_from(CALENDARS))
    frame = Frame(zone, first, draw(st.booleans()))
    scenarios = draw(_scenarios(frame))
    world = World(
        zone=zone,
        contacts=(),
        products=(Product("novel"), Product("atlas"), Product("ebook")),
        scenarios=scenarios,
        turns=draw(turns_of(frame, scenarios)),
        complete=statements(frame, draw(odd_nights)) if any(one.needs for one in scenarios) else (),
        cap=draw(st.sampled_from((None, None, None, Cap(1, 1), Cap(1, 3)))),
        global_holdout=draw(st.sampled_from((0.0, 0.0, 0.0, 0.3))),
        seed=draw(st.sampled_from(("check", "autre"))),
    )
    return Setting(frame, world, draw(mishaps), draw(mishaps))


@st.composite
def _scenarios(draw: st.DrawFn, frame: Frame) -> tuple[Scenario, ...]:
    names = draw(st.sampled_from(TOGETHER))
    priorities = draw(st.permutations((60, 50, 40)))
    made = [draw(_scenario(frame, name)) for name in names]
    return tuple(replace(one, priority=priority) for one, priority in zip(made, priorities, strict=False))


def _scenario(frame: Frame, name: str) -> st.SearchStrategy[Scenario]:
    kind = KINDS[name]
    given = {word: st.just(kind[word]) for word in ("trigger", "steps", "purpose", "stops", "own_zone") if word in kind}
    fresh = {"fresh_hours": kind["hours"]} if "hours" in kind else {"fresh_days": kind["fresh"]}
    drawn = {"days": kind["days"], **fresh, "reentry": kind.get("reentry", ("each",))}
    drawn["wants"] = kind.get("wants", (None,))
    drawn["waits_if_lost"] = (False, False, True)
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
def _peopled(draw: st.DrawFn, setting: Setting) -> World:
    frame = setting.frame
    contacts, consents = draw(cast(frame))
    contacts = tuple(draw(_living(frame, one)) for one in contacts)
    ids = [contact.id for contact in contacts]
    bought = draw(st.lists(purchases, min_size=2, max_size=7))
    bought += each(household(contacts), draw(st.lists(purchases, max_size=1)))
    bought = [draw(_delivered(frame, one)) for one in bought]
    return replace(
        setting.world,
        contacts=contacts,
        consents=(*consents, *draw(_objections(frame, ids))),
        order_files=order_files(frame, ids, bought, setting.orders),
    )


@st.composite
def _living(draw: st.DrawFn, frame: Frame, one: Contact) -> Contact:
    """Born on a day of these weeks, or on 29 February; a member since a day of them; somewhere on earth."""
    day = frame.day(draw(st.integers(-2, HORIZON)))
    born = draw(st.sampled_from((None, LEAP_DAY, _born(day), _born(day), _born(day), day)))
    joined = draw(st.sampled_from((None, frame.day(draw(days)), frame.day(draw(days)))))
    return replace(one, born=born, joined=joined, zone=draw(st.sampled_from(ZONES)))


def _born(day: date) -> date:
    """Thirty-two years before, a leap year if this is one."""
    return LEAP_DAY if (day.month, day.day) == (2, 29) else day.replace(year=day.year - 32)


@st.composite
def _delivered(draw: st.DrawFn, frame: Frame, one: Purchase) -> Purchase:
    """Nobody says when it came, or it came so many days later."""
    after = draw(st.sampled_from((None, None, 0, 1, 2)))
    return one if after is None else replace(one, received=(one.day + after, draw(clocks)))


@st.composite
def _objections(draw: st.DrawFn, frame: Frame, ids: Sequence[str]) -> tuple[ConsentAct, ...]:
    """Some want no word about what they bought, some no word at all; some take the former back."""
    words = st.tuples(
        st.integers(0, len(ids) - 1), st.sampled_from(("service", "service", "*")), st.integers(-2, HORIZON - 2)
    )
    acts = []
    for number, purpose, day in draw(st.lists(words, max_size=2)):
        known = frame.at(day + 1, "06:00")
        acts.append(ConsentAct(ids[number], "refused", frame.at(day), known, purpose))
        if purpose == "service" and draw(st.booleans()):
            acts.append(ConsentAct(ids[number], "granted", frame.at(day + 2), known + timedelta(days=3), purpose))
    return tuple(acts)
