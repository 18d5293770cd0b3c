"""The random worlds of people under way reach every outcome and step, and keep the model's laws."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.reference.journeys import worlds
from tests.reference.local_time import local_date
from tests.reference.model import run
from tests.reference.smaller import assert_alike
from tests.reference.story import differing, tell
from tests.reference.test_worlds import REACHED
from tests.reference.world import Run, World

QUICK = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
OF_CARTS = {"not_logged_in", "nothing_left", "emptied", "abandons_in_a_row", "abandons_for_discount"}
MORE = {"reentry", "in_progress", "cancelled", "returned", "not_sent", "waiting", "end"}
OF_PRODUCTS = {"bought", "unwished", "price_back", "no_price_history", "out_again"}
OF_POINTS = {"points_spent", "points_extended"}
RARE = (
    OF_CARTS
    | OF_POINTS
    | OF_PRODUCTS - {"bought"}
    | {"not_sent", "held back", "in_progress", "stale_data", "moved_back", "next_wave", "returned"}
)
PUT_OFF = {"quiet_hours", "moved_back", "next_wave"}
HANDED = {"hand_over:taken-on", "warm_already"}
# One for each way to go on: behind a wait, by an event or without one, by a branch, both ways of a split, moved.
SENT = {
    *("first", "again", "ask", "remind", "why", "confirm", "left", "wish", "warm", "plain"),
    *("thanks", "question", "word", "welcome", "still-here"),
}


@pytest.mark.slow
def test_the_worlds_of_people_under_way_reach_every_outcome_and_step() -> None:
    seen: set[str] = set()
    sent: set[str] = set()

    @given(worlds())
    @settings(QUICK, max_examples=1200, derandomize=True, database=None)
    def look(world: World) -> None:
        lived = run(world)
        seen.update(one.reason or one.outcome for one in lived.decisions)
        sent.update(one.step for one in lived.decisions if one.outcome == "send")
        seen.update("too old" for one in lived.reports if one.too_old_to_see)
        seen.update("held back" for _ in lived.held_back)
        seen.update(f"edit {change.live}" for one in world.scenarios for change in one.edits)
        seen.update("undone" for one in world.scenarios for change in one.edits if change.undone_at)
        seen.update("off" for one in world.scenarios if one.off)

    look()
    edits = {"edit finish", "edit stop", "edit move:again", "edit move:another", "edit move:often", "undone", "off"}
    every = REACHED | OF_CARTS | OF_POINTS | MORE | OF_PRODUCTS | PUT_OFF | HANDED | edits | {"too old", "held back"}
    assert every - RARE <= seen <= every
    assert sent >= SENT


@given(worlds())
@QUICK
def test_every_candidate_is_exactly_one_part_of_the_equation(world: World) -> None:
    for one in run(world).reports:
        refused = sum(count for _, count in one.refused)
        assert one.candidates == one.send + one.held_out + one.deferred + one.waiting + one.ended + refused


@given(worlds())
@QUICK
def test_nobody_gets_a_step_of_a_journey_twice_nor_two_marketing_messages_in_a_turn(world: World) -> None:
    sent = [one for one in run(world).decisions if one.outcome == "send"]
    assert max(Counter((d.scenario, d.contact, d.occurrence, d.step) for d in sent).values(), default=0) <= 1
    marketing = {one.id for one in world.scenarios if one.purpose == "marketing"}
    messages = {(d.turn, d.contact, d.scenario, d.step) for d in sent if d.scenario in marketing}
    assert len(messages) == len({(turn, contact) for turn, contact, _, _ in messages})


@given(worlds())
@QUICK
def test_what_is_transactional_is_refused_by_no_word_about_consent_cap_or_control_group(world: World) -> None:
    transactional = {one.id for one in world.scenarios if one.purpose == "transactional"}
    said = {one.reason for one in run(world).decisions if one.scenario in transactional}
    assert not said & {"consent_refused", "no_basis", "cap", "holdout", "lost", "same_address"}


@given(worlds())
@QUICK
def test_the_past_day_rule_holds_for_journeys(world: World) -> None:
    """What a turn decided does not depend on anything that came after it."""
    middle = world.turns[len(world.turns) // 2].at
    known = replace(
        world,
        turns=tuple(one for one in world.turns if one.at <= middle),
        order_files=tuple(one for one in world.order_files if one.known_at <= middle),
        consents=tuple(one for one in world.consents if one.known_at <= middle),
    )
    assert run(known).decisions == tuple(one for one in run(world).decisions if one.turn <= middle)


@given(worlds())
@QUICK
def test_a_birthday_message_leaves_on_the_day_where_the_contact_lives(world: World) -> None:
    home = {one.id: (one.zone or world.zone, one.born) for one in world.contacts}
    on_the_day = {one.id for one in world.scenarios if one.trigger == "birthday" and one.days == one.fresh_days == 0}
    for one in run(world).decisions:
        if one.scenario in on_the_day and one.outcome == "send" and not any(turn.enter_since for turn in world.turns):
            zone, born = home[one.contact]
            today = local_date(zone, one.turn)
            assert born is not None and today.month == born.month
            assert today.day == born.day or (born.month, born.day, today.day) == (2, 29, 28)


@given(worlds())
@QUICK
def test_a_world_of_journeys_agrees_with_itself_and_is_told(world: World) -> None:
    lived = run(world)
    assert differing(world, lived, lived) == ""
    assert all(f"at {one.step}" in tell(world, lived) for one in lived.decisions)


def by_the_brands_clocks(world: World) -> Run:
    return run(replace(world, scenarios=tuple(replace(one, own_zone=False) for one in world.scenarios)))


def lets_everybody_enter_again(world: World) -> Run:
    return run(replace(world, scenarios=tuple(replace(one, reentry="each") for one in world.scenarios)))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [(by_the_brands_clocks, "by each contact's clocks"), (lets_everybody_enter_again, "enters again")],
)
def test_a_wrong_engine_is_told_as_a_short_story_of_a_journey(wrong: Callable[[World], Run], told: str) -> None:
    stories: list[str] = []

    @given(worlds())
    @settings(QUICK, max_examples=500, derandomize=True, database=None, phases=(Phase.generate,))
    def compare(world: World) -> None:
        try:
            assert_alike(world, wrong)
        except AssertionError as error:
            stories.append(str(error))
            raise

    with pytest.raises(AssertionError):
        compare()
    assert told in stories[-1] and stories[-1].count("\nContact ") == 1 and stories[-1].count(" order o") <= 2
