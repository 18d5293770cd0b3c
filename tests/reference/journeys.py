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
from tests.reference.world import Cap, ConsentAct, Contact, Edit, Product, Quiet, Retold, Scenario, Turn, World
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
            Split("tone", ((2, "warm", (Send("warm"),)), (3, "plain", (Wait("more", until=time(8)), Send("plain"))))),
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
CORRECTED = ("moved", "moved", "born", "born", "joined", "address", "kind", "nothing")
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
    if quiet or draw(st.sampled_from((False, False, True))):
        turns = tuple(sorted({*turns, *_evenings(frame)}, key=lambda one: one.at))
    world = World(
        zone=zone,
        contacts=(),
        products=(Product("novel"), Product("atlas"), Product("ebook")),
        scenarios=scenarios,
        turns=turns,
        complete=statements(frame, draw(odd_nights)) if any(map(_needy, scenarios)) else (),
        quiet=quiet,
        cap=draw(st.sampled_from((None, None, None, Cap(1, 1), Cap(1, 3)))),
        global_holdout=draw(st.sampled_from((0.0, 0.0, 0.0, 0.3))),
        seed=draw(st.sampled_from(("check", "autre"))),
    )
    return Setting(frame, world, draw(mishaps), draw(mishaps))


def _needy(one: Scenario) -> bool:
    return bool(one.needs or any(change.needs for change in one.edits))


def _evenings(frame: Frame) -> list[Turn]:
    return [Turn(frame.at(day, "18:00")) for day in range(2, HORIZON, 2)]


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
def peopled(draw: st.DrawFn, setting: Setting) -> World:
    """The people of one world, who know nothing of those of another."""
    frame = setting.frame
    contacts, consents = draw(cast(frame))
    contacts = tuple(draw(_living(frame, one)) for one in contacts)
    ids = [contact.id for contact in contacts]
    bought = draw(st.lists(purchases, min_size=2, max_size=7))
    alike = draw(st.lists(purchases, max_size=2))
    hours = draw(st.permutations(("12:00", "07:30", "08:59", "17:00", "12:00", "09:00")))
    at_home = household(contacts)
    bought += each(at_home, alike[:1])
    bought += [replace(one, who=place, clock=hours[place]) for one in alike[1:] for place in at_home]
    bought = [draw(_delivered(frame, one)) for one in bought]
    return replace(
        setting.world,
        contacts=contacts,
        retold=draw(_told_again(frame, contacts)),
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
def _told_again(draw: st.DrawFn, frame: Frame, contacts: tuple[Contact, ...]) -> tuple[Retold, ...]:
    """What was wrong about somebody, or has changed: some mornings a file tells them anew."""
    words = st.tuples(days, st.integers(0, len(contacts) - 1), st.sampled_from(CORRECTED))
    now = {one.id: one for one in contacts}
    told = []
    for day, who, what in sorted(draw(st.lists(words, max_size=3, unique_by=lambda one: one[0]))):
        one = now[contacts[who].id]
        near = frame.day(draw(st.integers(-2, HORIZON)))
        changes: dict[str, Contact] = {
            "moved": replace(one, zone=draw(st.sampled_from(ZONES))),
            "born": replace(one, born=draw(st.sampled_from((_born(near), _born(near), LEAP_DAY, None)))),
            "joined": replace(one, joined=draw(st.sampled_from((near, near, None)))),
            "address": replace(one, email=draw(st.sampled_from((f"{one.id}@new.test", contacts[0].email, None)))),
            "kind": replace(one, kind="individual" if one.kind == "institution" else "institution"),
            "nothing": one,
        }
        now[one.id] = changes[what]
        told.append(Retold(frame.at(day, draw(st.sampled_from(("06:00", "10:00")))), (now[one.id],)))
    return tuple(told)


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
