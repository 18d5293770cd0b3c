"""The product decides random small worlds as the model does; what once parted them is told as a story each."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest

from relance.scenarios import near
from tests.reference.adapter import engine_under_test
from tests.reference.compare import compare, under_way
from tests.reference.model import run
from tests.reference.smaller import assert_alike
from tests.reference.steps import Send
from tests.reference.test_worlds import REACHED
from tests.reference.world import (
    Cart,
    CartFile,
    CartLine,
    Complete,
    ConsentAct,
    Contact,
    Decision,
    HeldBack,
    Order,
    OrderFile,
    OrderLine,
    Product,
    Run,
    Scenario,
    Turn,
    World,
)

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
NOVEL = (OrderLine("novel", 1, Decimal("10.00")),)


def test_sixty_worlds_and_more_are_decided_alike(capsys: pytest.CaptureFixture[str]) -> None:
    tally = compare(64, start=13)
    with capsys.disabled():
        print(f"\nseed 13: {tally}")
    assert tally.worlds == 64 and tally.reached() >= REACHED


@pytest.fixture
def laid_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a base of very many contacts: the rows of those at work are laid out, however few there are."""
    monkeypatch.setattr(near, "LARGE", 0)
    monkeypatch.setattr(near, "FEW", 1_000)


@pytest.mark.usefixtures("laid_out")
def test_people_under_way_are_decided_alike_among_very_many() -> None:
    assert compare(6, start=18, size=6, crowds=under_way).worlds == 6


@pytest.mark.slow
@pytest.mark.usefixtures("laid_out")
def test_a_hundred_worlds_are_decided_alike_among_very_many() -> None:
    assert compare(96, start=17).worlds == 96


@pytest.mark.slow
def test_a_hundred_worlds_more_are_decided_alike(capsys: pytest.CaptureFixture[str]) -> None:
    """For thousands: `python -m tests.reference.compare --worlds 4000 --seed 3`."""
    tally = compare(128, start=7)
    with capsys.disabled():
        print(f"\nseed 7: {tally}")
    assert tally.worlds == 128


@pytest.mark.slow
def test_people_under_way_are_decided_alike(capsys: pytest.CaptureFixture[str]) -> None:
    """For thousands: `python -m tests.reference.compare --journeys --worlds 4000 --seed 3`."""
    tally = compare(96, start=53, size=32, crowds=under_way)
    with capsys.disabled():
        print(f"\nunder way, seed 53: {tally}")
    assert tally.worlds == 96


def day(number: int, clock: str = "09:00") -> datetime:
    """A March day of 2026 at a clock time in UTC, where these stories play."""
    return datetime.combine(date(2026, 3, number), time.fromisoformat(clock), UTC)


def bought(name: str, on: datetime) -> OrderFile:
    known = datetime.combine(on.date() + timedelta(days=1), time(6), UTC)
    period = datetime.combine(on.date() + timedelta(days=1), time())
    return OrderFile(period, known, (Order(name, "anna", on, NOVEL),))


def left(name: str, on: datetime, contact: str = "anna") -> CartFile:
    known = datetime.combine(on.date() + timedelta(days=1), time(6), UTC)
    period = datetime.combine(on.date() + timedelta(days=1), time())
    return CartFile(period, known, (Cart(name, contact, True, on, (CartLine("novel", on),)),))


def shop(*scenarios: Scenario, turns: tuple[Turn, ...], people: tuple[Contact, ...] = ()) -> World:
    """Everybody has agreed; the novel never runs out."""
    cast = people or (Contact("anna", email="anna@example.test"),)
    return World(
        zone="UTC",
        contacts=cast,
        scenarios=scenarios,
        turns=turns,
        consents=tuple(ConsentAct(one.id, "granted", LONG_AGO, LONG_AGO) for one in cast),
        products=(Product("novel"),),
    )


def lived(world: World) -> Run:
    """What both say."""
    assert_alike(world, engine_under_test)
    return run(world)


def told(decisions: tuple[Decision, ...]) -> list[tuple[datetime, str, str]]:
    return [(one.turn, one.contact, one.reason or one.outcome) for one in decisions]


CART = Scenario("cart", "forgotten_cart", LONG_AGO, fresh_hours=48)
SECOND = Scenario("second-purchase", "second_purchase", LONG_AGO, days=2, fresh_days=3)


def test_who_is_due_at_the_very_instant_of_switching_on_is_written_to() -> None:
    world = replace(
        shop(replace(SECOND, on_at=day(4)), turns=(Turn(day(4)),)), order_files=(bought("o1", day(2, "12:00")),)
    )
    assert told(lived(world).decisions) == [(day(4), "anna", "send")]
    assert lived(world).already_past == (("second-purchase", 0),)


def test_a_birthday_of_a_leap_year_ago_is_already_past() -> None:
    """From 29 February to 10 March there are more than 365 days to the slot of the year before."""
    ben = Contact("ben", email="ben@example.test", born=date(1994, 3, 10))
    on = datetime(2028, 3, 10, 8, tzinfo=UTC)
    birthday = Scenario("birthday", "birthday", on, days=0, fresh_days=0, steps=(Send("wish"),))
    both = lived(shop(birthday, turns=(Turn(on),), people=(ben,)))
    assert both.already_past == (("birthday", 1),)


def test_a_turn_of_one_scenario_alone_costs_another_nothing_of_its_look_back() -> None:
    turns = (Turn(day(4)), Turn(day(16, "08:00"), (("cart", date(2026, 3, 15)),)), Turn(day(16)))
    second = replace(SECOND, fresh_days=30)
    world = replace(shop(second, CART, turns=turns), order_files=(bought("o1", day(3, "12:00")),))
    assert told(lived(world).decisions) == [(day(16), "anna", "send")]


def test_a_message_of_phase_one_leaves_though_its_cart_is_older_than_fresh() -> None:
    turns = (Turn(day(9, "10:00"), (("cart", date(2026, 3, 2)),)),)
    world = replace(shop(replace(CART, on_at=day(9)), turns=turns), cart_files=(left("c1", day(3, "12:00")),))
    both = lived(world)
    assert told(both.decisions) == [(day(9, "10:00"), "anna", "send")]
    assert both.held_back == ()


def test_who_enters_by_phase_one_before_the_slot_of_the_day_is_written_to_at_once() -> None:
    back = Scenario("back", "win_back", day(1), days=3, fresh_days=14)
    turns = (Turn(day(8, "08:00"), (("back", date(2026, 3, 4)),)),)
    both = lived(replace(shop(back, turns=turns), order_files=(bought("o1", day(5, "12:00")),)))
    assert told(both.decisions) == [(day(8, "08:00"), "anna", "send")]
    assert both.held_back == ()


@pytest.mark.parametrize(
    ("turn", "reason"), [(day(5), "waiting_feed"), (day(5, "12:00"), "stale_data"), (day(5, "08:00"), "waiting_feed")]
)
def test_a_cart_of_the_day_before_waits_for_last_nights_orders_too(turn: datetime, reason: str) -> None:
    """Due on the 4th, when the system was down; the orders of the 4th have not come on the 5th."""
    needy = replace(CART, needs=("orders",))
    world = replace(
        shop(needy, turns=(Turn(turn),)),
        cart_files=(left("c1", day(3, "12:00")),),
        order_files=(replace(bought("o0", day(1, "12:00")), orders=()),),
        complete=(Complete("orders", day(4, "00:00"), day(4, "06:00")),),
    )
    assert told(lived(world).decisions) == [(turn, "anna", reason)]


def test_a_second_reminder_of_the_day_to_one_address_is_held_back_and_uses_no_cap() -> None:
    ana = Contact("ana", email="ANNA@example.test")
    people = (ana, Contact("anna", email="anna@example.test"))
    late = replace(left("c2", day(3, "12:00"), "ana"), known_at=day(4, "10:00"), period=datetime(2026, 3, 5))
    world = replace(
        shop(CART, turns=(Turn(day(4)), Turn(day(4, "11:00"))), people=people),
        cart_files=(left("c1", day(3, "12:00")), late),
    )
    both = lived(world)
    assert told(both.decisions) == [(day(4), "anna", "send"), (day(4, "11:00"), "ana", "send")]
    assert both.held_back == (HeldBack(day(4, "11:00"), "cart", "ana", "same_address"),)


def knows_no_late_files(world: World) -> Run:
    on_time = tuple(one for one in world.order_files if one.known_at.date() <= one.period.date())
    return engine_under_test(replace(world, order_files=on_time))


def test_a_product_that_was_wrong_would_be_told_as_a_story() -> None:
    late = replace(bought("o1", day(3, "12:00")), known_at=day(5, "06:00"))
    world = replace(shop(SECOND, turns=(Turn(day(5)),)), order_files=(late,))
    with pytest.raises(AssertionError, match="only the model decided"):
        assert_alike(world, knows_no_late_files)
