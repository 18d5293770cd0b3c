"""Who waits in an old version is judged by what it says, whatever the new one says; model and product agree."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from tests.reference.adapter import engine_under_test
from tests.reference.model import run
from tests.reference.smaller import assert_alike
from tests.reference.steps import Send, Wait
from tests.reference.test_engine_alike import LONG_AGO, day, shop
from tests.reference.world import Complete, Contact, Edit, Scenario, Turn, World

STEPS = (Send("first"), Wait("pause", days=2), Send("again"))
JOINED = Scenario("first-purchase", "sign_up", LONG_AGO, days=1, fresh_days=3, own_zone=True, steps=STEPS)
ANNA = Contact("anna", email="anna@example.test", joined=date(2026, 3, 2), zone="Asia/Kathmandu")
BEN = Contact("ben", email="ben@example.test", joined=date(2026, 3, 3), zone="Asia/Kathmandu")


def with_downtime(edit: Edit) -> World:
    """Anna has had her first message when the scenario is edited; then nothing is decided until the 6th."""
    turns = tuple(Turn(day(number)) for number in (3, 6))
    return shop(replace(JOINED, edits=(edit,)), turns=turns, people=(ANNA, BEN))


def told(world: World) -> list[tuple[datetime, str, str, str]]:
    assert_alike(world, engine_under_test)
    return sorted((one.turn, one.contact, one.step, one.reason or one.outcome) for one in run(world).decisions)


def test_a_shorter_age_is_that_of_the_new_version_alone() -> None:
    """Ben was due on the 4th; for him three days would do, the same day does not."""
    assert told(with_downtime(Edit(day(3, "12:00"), "finish", STEPS, fresh_days=0))) == [
        (day(3), "anna", "first", "send"),
        (day(6), "anna", "again", "send"),
        (day(6), "ben", "first", "too_late"),
    ]


def test_who_waits_by_the_clocks_of_contacts_goes_on_where_the_new_version_keeps_to_the_brands() -> None:
    assert told(with_downtime(Edit(day(3, "12:00"), "finish", STEPS, own_zone=False)))[1:] == [
        (day(6), "anna", "again", "send"),
        (day(6), "ben", "first", "send"),
    ]


def test_a_feed_that_the_old_version_needs_is_missed_by_it_though_the_new_one_needs_none() -> None:
    world = with_downtime(Edit(day(3, "12:00"), "finish", STEPS, needs=()))
    (scenario,) = world.scenarios
    statement = Complete("orders", day(3, "00:00"), day(3, "06:00"))
    world = replace(world, scenarios=(replace(scenario, needs=("orders",)),), complete=(statement,))
    assert told(world)[1:] == [(day(6), "anna", "again", "stale_data"), (day(6), "ben", "first", "send")]
