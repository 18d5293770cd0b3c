"""The random worlds reach every outcome, keep the model's laws and shrink to a story."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.reference.local_time import local_date
from tests.reference.model import run
from tests.reference.smaller import assert_alike
from tests.reference.story import differing, tell
from tests.reference.world import Contact, Decision, Run, Scenario, World
from tests.reference.worlds import worlds

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@given(worlds())
@QUICK
def test_every_candidate_is_exactly_one_part_of_the_equation(world: World) -> None:
    for one in run(world).reports:
        refused = sum(count for _, count in one.refused)
        assert one.candidates == one.send + one.held_out + one.deferred + refused


@given(worlds())
@QUICK
def test_nothing_is_decided_twice_and_nobody_written_to_twice_in_a_turn(world: World) -> None:
    decisions = run(world).decisions
    final = Counter((d.scenario, d.contact, d.occurrence) for d in decisions if d.outcome != "deferred")
    assert set(final.values()) <= {1}
    messages = {(d.turn, d.contact, d.scenario) for d in decisions if d.outcome == "send"}
    assert len(messages) == len({(turn, contact) for turn, contact, _ in messages})


@given(worlds())
@QUICK
def test_the_cap_holds_on_every_local_date(world: World) -> None:
    sent = {(d.contact, d.turn) for d in run(world).decisions if d.outcome == "send"}
    if world.cap is None:
        return
    for contact, turn in sent:
        today = local_date(world.zone, turn)
        since = today - timedelta(days=world.cap.days)
        near = [t for c, t in sent if c == contact and since < local_date(world.zone, t) <= today]
        assert len(near) <= world.cap.messages


@given(worlds())
@QUICK
def test_the_past_day_rule(world: World) -> None:
    """What a turn decided does not depend on anything that came after it."""
    middle = world.turns[len(world.turns) // 2].at
    known = replace(
        world,
        turns=tuple(one for one in world.turns if one.at <= middle),
        order_files=tuple(one for one in world.order_files if one.known_at <= middle),
        cart_files=tuple(one for one in world.cart_files if one.known_at <= middle),
        consents=tuple(one for one in world.consents if one.known_at <= middle),
        complete=tuple(one for one in world.complete if one.known_at <= middle),
    )
    assert run(known).decisions == tuple(one for one in run(world).decisions if one.turn <= middle)


@given(worlds())
@QUICK
def test_the_order_of_rows_in_the_world_changes_nothing(world: World) -> None:
    turned = replace(
        world,
        contacts=world.contacts[::-1],
        consents=world.consents[::-1],
        scenarios=world.scenarios[::-1],
        order_files=world.order_files[::-1],
        cart_files=world.cart_files[::-1],
    )
    assert run(turned).decisions == run(world).decisions


@given(worlds())
@QUICK
def test_a_world_agrees_with_itself_and_its_story_names_every_decision(world: World) -> None:
    lived = run(world)
    assert differing(world, lived, lived) == ""
    told = tell(world, lived)
    assert all(f"{one.occurrence} of {one.contact or 'a visitor'}" in told for one in lived.decisions)


REACHED = frozenset(
    (
        *("send", "holdout", "waiting_feed", "stale_data", "too_late", "anonymous", "not_logged_in"),
        *("no_address", "not_targeted", "consent_refused", "no_basis", "ordered", "more_than_one_order"),
        *("nothing_left", "same_address", "lost", "cap"),
    )
)


def test_the_worlds_reach_every_outcome_and_count() -> None:
    seen: set[str] = set()
    numbers: set[str] = set()

    @given(worlds())
    @settings(QUICK, max_examples=700, derandomize=True, database=None)
    def look(world: World) -> None:
        lived = run(world)
        seen.update(one.reason or one.outcome for one in lived.decisions)
        numbers.update("too old" for one in lived.reports if one.too_old_to_see)
        numbers.update("already past" for _, count in lived.already_past if count)

    look()
    assert seen == REACHED and numbers == {"too old", "already past"}


def forgets_the_cap(world: World) -> Run:
    return run(replace(world, cap=None))


def looks_back_for_ever(world: World) -> Run:
    return run(replace(world, scenarios=tuple(replace(one, lookback_days=99) for one in world.scenarios)))


def writes_to_the_last_of_one_address(world: World) -> Run:
    swapped = {one.id: f"{99 - number}-{one.id}" for number, one in enumerate(sorted_by_id(world))}
    lived = run(renamed(world, swapped))
    back = {new: old for old, new in swapped.items()}
    decisions = sorted(replace(one, contact=back.get(one.contact, "")) for one in lived.decisions)
    return replace(lived, decisions=tuple(decisions))


def sorted_by_id(world: World) -> list[Contact]:
    return sorted(world.contacts, key=lambda one: one.id)


def renamed(world: World, names: dict[str, str]) -> World:
    return replace(
        world,
        contacts=tuple(replace(one, id=names[one.id]) for one in world.contacts),
        consents=tuple(replace(one, contact=names[one.contact]) for one in world.consents),
        order_files=tuple(
            replace(file, orders=tuple(replace(row, contact=names.get(row.contact or "")) for row in file.orders))
            for file in world.order_files
        ),
        cart_files=tuple(
            replace(file, carts=tuple(replace(row, contact=names.get(row.contact or "")) for row in file.carts))
            for file in world.cart_files
        ),
    )


@pytest.mark.parametrize(
    ("wrong", "people"),
    [(forgets_the_cap, 1), (looks_back_for_ever, 1), (writes_to_the_last_of_one_address, 2)],
)
def test_a_wrong_engine_is_told_as_a_short_story(wrong: Callable[[World], Run], people: int) -> None:
    told: list[str] = []

    @given(worlds())
    @settings(QUICK, max_examples=2000, derandomize=True, database=None, phases=(Phase.generate,))
    def compare(world: World) -> None:
        try:
            assert_alike(replace(world, global_holdout=0.0, scenarios=fair(world)), wrong)
        except AssertionError as error:
            told.append(str(error))
            raise

    with pytest.raises(AssertionError):
        compare()
    story = told[-1]
    assert "only the engine" in story and story.count("Contact ") == people
    assert story.count(" order o") + story.count("touched") <= 3


def fair(world: World) -> tuple[Scenario, ...]:
    """Without holdout, which would draw other people under other names."""
    return tuple(replace(one, holdout=0.0) for one in world.scenarios)


def test_a_decision_is_compared_without_its_items() -> None:
    at = datetime(2026, 3, 10, 13, tzinfo=UTC)
    one = Decision(at, at.date(), "cart", "send", "anna", "c1/1", "send", "", ("novel",))
    assert one == replace(one, items=())
    assert one != replace(one, reason="cap")
