"""The setting of many worlds goes in; the people of one of them, what they do, and what files tell of them come out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import strategies as st

from tests.reference.deliveries import HORIZON, Basket, Frame, Purchase, cart_files, order_files
from tests.reference.points import Balance, Lot
from tests.reference.trolleys import trolleys
from tests.reference.world import (
    Call,
    ConsentAct,
    Contact,
    Product,
    Retold,
    Scenario,
    StockRow,
    Wish,
    World,
)
from tests.reference.worlds import Setting, cast, clocks, days, each, household, late, purchases

ZONES = (None, None, "Pacific/Kiritimati", "Etc/GMT+12", "America/Toronto", "Asia/Kathmandu", "Pacific/Apia")
LEAP_DAY = date(1996, 2, 29)
CORRECTED = ("moved", "moved", "born", "born", "joined", "address", "kind", "nothing")
A_DAY = timedelta(days=1)


@st.composite
def peopled(draw: st.DrawFn, setting: Setting) -> World:
    """The people of one world, who know nothing of those of another."""
    frame = setting.frame
    contacts, consents = draw(cast(frame))
    contacts = tuple(draw(_living(frame, one)) for one in contacts)
    contacts, told_again = draw(_told_again(frame, contacts))
    ids = [contact.id for contact in contacts]
    bought = draw(st.lists(purchases, min_size=2, max_size=7))
    alike = draw(st.lists(purchases, max_size=2))
    hours = draw(st.permutations(("12:00", "07:30", "08:59", "17:00", "12:00", "09:00")))
    at_home = household(contacts)
    bought += each(at_home, alike[:1])
    bought += [replace(one, who=place, clock=hours[place]) for one in alike[1:] for place in at_home]
    bought = [draw(_delivered(frame, one)) for one in bought]
    made: list[Basket] = []
    if any(one.trigger == "stages" for one in setting.world.scenarios):
        made, more = draw(trolleys())
        bought += more
    lots: tuple[Lot, ...] = ()
    balances: tuple[Balance, ...] = ()
    if any(one.trigger == "expiry" for one in setting.world.scenarios):
        lots, balances = draw(_points(frame, ids))
    waves = any(one.trigger == "restock" for one in setting.world.scenarios)
    return replace(
        setting.world,
        contacts=contacts,
        calls=draw(_calls(frame, contacts, setting.world.scenarios)),
        wishes=draw(_wishes(frame, ids, 6 if waves else 3)) if setting.world.prices or waves else (),
        lots=lots,
        balances=balances,
        products=draw(_stocked(frame)) if waves else setting.world.products,
        retold=told_again,
        consents=(*consents, *draw(_objections(frame, ids))),
        order_files=order_files(frame, ids, bought, setting.orders),
        cart_files=cart_files(frame, ids, made, setting.carts),
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
def _wishes(draw: st.DrawFn, frame: Frame, ids: Sequence[str], least: int) -> tuple[Wish, ...]:
    """Each wishes for a product once; some take it off their list again; the files of both may be late."""
    pairs = st.tuples(st.integers(0, len(ids) - 1), st.sampled_from(("novel", "novel", "atlas", "ebook")))
    made = []
    drawn = draw(st.lists(pairs, min_size=min(least, 3 * len(ids)), max_size=10, unique=True))
    for number, (who, product) in enumerate(drawn):
        day, delay = draw(st.sampled_from((-8, -5, -3, 1))), draw(st.sampled_from((0, 0, 0, 1, 4, 9, 14)))
        known, gone = frame.at(day + 1 + delay, "06:00"), draw(st.sampled_from((None, None, 3, 6, 9, 12)))
        off = None
        if gone is not None:
            told = frame.at(day + gone + 1 + draw(late), "06:00")
            off = (frame.at(day + gone, "15:00"), max(told, known + A_DAY))
        made.append(Wish(f"wish{number}", ids[who], product, frame.at(day, "14:00"), known, off))
    return tuple(made)


@st.composite
def _points(draw: st.DrawFn, frame: Frame, ids: Sequence[str]) -> tuple[tuple[Lot, ...], tuple[Balance, ...]]:
    """Each has some lots; some are extended or told to be spent; of some a balance is known, which goes down."""
    lots, balances = [], []
    for who in ids:
        for number, day in enumerate(draw(st.lists(st.integers(0, HORIZON + 4), max_size=3))):
            one = Lot(f"{who}-{number}", who, frame.day(day), draw(st.sampled_from((100, 50))), frame.at(-9))
            lots.append(one)
            what = draw(st.sampled_from((None, None, "extended", "spent")))
            if what is not None:
                later = frame.day(day + draw(st.sampled_from((1, 5)))) if what == "extended" else one.expires_on
                points = one.points if what == "extended" else draw(st.sampled_from((0, 0, 30)))
                lots.append(Lot(one.id, who, later, points, frame.at(draw(days), "06:00")))
        told = draw(
            st.lists(st.tuples(days, st.sampled_from((0, 60, 100, 250))), max_size=2, unique_by=lambda one: one[0])
        )
        balances += [Balance(who, points, frame.at(day, "06:00")) for day, points in told]
    return tuple(lots), tuple(balances)


@st.composite
def _stocked(draw: st.DrawFn, frame: Frame) -> tuple[Product, ...]:
    """What there is of each product comes and goes; most counts are known at once, some late, some wrong at first."""
    told = st.sampled_from((None, None, None, 0, 1, 4))
    words = st.tuples(st.integers(-2, HORIZON - 2), clocks, st.sampled_from((1, 0, 1, 2)), told)
    made = []
    for name in ("novel", "atlas", "ebook"):
        rows = [StockRow(draw(st.sampled_from((0, 0, 2))), frame.at(-5), frame.at(-5))]
        counts = st.lists(words, min_size=2, max_size=5, unique_by=lambda one: frame.at(one[0], one[1]))
        for day, clock, pieces, delay in draw(counts):
            happened = frame.at(day, clock)
            known = happened if delay is None else frame.at(day + 1 + delay, "06:00")
            rows.append(StockRow(pieces, happened, known))
            if draw(st.sampled_from((False, False, False, False, True))):
                rows.append(StockRow(draw(st.sampled_from((0, 1, 2))), happened, known + A_DAY))
        made.append(Product(name, "unlimited" if name == "ebook" else "tracked", tuple(rows)))
    return tuple(made)


@st.composite
def _calls(
    draw: st.DrawFn, frame: Frame, contacts: tuple[Contact, ...], scenarios: tuple[Scenario, ...]
) -> tuple[Call, ...]:
    """Some are called while the scenario is on; a call may be made again, and says the same."""
    known = [one.id for one in contacts if one.kind != "unknown"]
    words = st.tuples(days, clocks, st.sampled_from(known or [""]), st.booleans())
    made = []
    for one in scenarios:
        told = draw(st.lists(words, max_size=4)) if one.trigger == "call" and known else []
        for number, (day, clock, who, again) in enumerate(told):
            moments = [frame.at(day, clock), *([frame.at(day + 1, clock)] if again else [])]
            made += [Call(at, one.id, who, f"k{number}") for at in moments if one.since(at)]
    return tuple(made)


@st.composite
def _told_again(
    draw: st.DrawFn, frame: Frame, contacts: tuple[Contact, ...]
) -> tuple[tuple[Contact, ...], tuple[Retold, ...]]:
    """What was wrong about somebody, or has changed: some mornings a file tells them anew, or for the first time."""
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
    late = {told[0].contacts[0].id} if told and draw(st.sampled_from((False, False, True))) else set()
    return tuple(Contact(one.id, "unknown") if one.id in late else one for one in contacts), tuple(told)


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
