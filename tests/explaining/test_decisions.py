"""Why did they not get it: one day of second purchases, with a contact for every reason, decided and probed."""

from __future__ import annotations

import json

import pytest

from relance.base.errors import NotFound
from relance.explaining.explain import explain
from tests.explaining.crowd import EXPECTED, TURN, bookshop, held_out_id
from tests.explaining.shop import Bookshop, condition, local, spoken

NOON = "2026-03-03 12:00"
DECIDED = ("send", "refused", "held_out")
OF_THE_TURN = {"same_address", "lost", "holdout"}  # what only a turn can tell


@pytest.fixture(scope="module")
def asked_before(shop_before: Bookshop) -> dict[str, tuple[str, ...]]:
    """What would refuse each contact, asked at the instant of the turn, before it is run."""
    return {who: explain(shop_before.place, who, "second-purchase", local(TURN)).reasons for who in EXPECTED}


@pytest.fixture(scope="module")
def shop_before(tmp_path_factory: pytest.TempPathFactory) -> Bookshop:
    return bookshop(tmp_path_factory.mktemp("crowd"))


@pytest.fixture(scope="module")
def shop(shop_before: Bookshop, asked_before: dict[str, tuple[str, ...]]) -> Bookshop:
    shop_before.turn(TURN)
    return shop_before


@pytest.mark.parametrize("who", EXPECTED)
def test_every_contact_has_an_outcome_and_a_primary_reason(shop, who):
    found = shop.why(who, NOON)
    assert (found.outcome, found.reason) == EXPECTED[who]


@pytest.mark.parametrize("who", EXPECTED)
def test_both_languages_give_a_because_and_the_whole_is_json(shop, who):
    found = shop.why(who, NOON)
    assert "parce qu" in found.headline.fr
    assert "because" in found.headline.en
    for text in (found.text("fr"), found.text("en")):
        assert not any(mark in text for mark in ("{", "None", "datetime"))
    assert json.loads(json.dumps(found.as_dict()))["contact"] == who


@pytest.mark.parametrize("who", [who for who, (outcome, _) in EXPECTED.items() if outcome in DECIDED])
def test_what_was_asked_before_the_turn_is_what_the_turn_decided(shop, asked_before, who):
    found = shop.why(who, NOON)
    alone = tuple(reason for reason in found.reasons if reason not in OF_THE_TURN)
    assert tuple(reason for reason in asked_before[who] if reason not in OF_THE_TURN) == alone


def test_the_order_of_conditions_is_the_published_one(shop):
    codes = [each.code for each in shop.why("c1", NOON).conditions]
    assert codes == [
        "trigger", "on", "too_late", "no_address", "not_targeted", "consent_refused", "no_basis", "suppressed",
        "more_than_one_order", "same_address", "lost", "cap", "holdout",
    ]  # fmt: skip


def test_a_message_is_explained_by_its_order_and_when_the_order_became_known(shop):
    found = shop.why("c13", NOON)
    [order] = condition(found, "trigger").seen.evidence
    assert (order.table, order.key) == ("orders", "A13")
    assert (order.happened_at, order.known_at) == (local("2026-02-01 10:00"), local("2026-02-02 06:00"))
    assert found.due_at == local("2026-03-03 09:00")


def test_all_orders_behind_a_stop_are_named(shop):
    stop = condition(shop.why("c2", NOON), "more_than_one_order")
    assert (stop.verdict, stop.seen.value) == ("refused", 2)
    assert [row.key for row in stop.seen.evidence] == ["B2", "A2"]
    assert "Au moins 2 commandes valables" in stop.question.fr
    assert "At least 2 valid orders" in stop.question.en


def test_a_refusal_shows_the_act_and_its_date(shop):
    refused = condition(shop.why("c4", NOON), "consent_refused")
    assert (refused.verdict, refused.seen.value) == ("refused", "denied")
    assert refused.seen.said.fr.startswith("refus du 15 janvier 2026")
    assert [row.value for row in refused.seen.evidence] == ["denied", "granted"]


def test_a_suppressed_address_says_since_when_and_why(shop):
    found = condition(shop.why("c7", NOON), "suppressed")
    assert found.seen.said.en == "hard_bounce"
    assert found.seen.evidence[0].happened_at == local("2026-01-20")


def test_an_audience_says_the_value_it_saw(shop):
    found = shop.why("c5", NOON)
    assert condition(found, "not_targeted").seen.value == "institution"
    assert "« collectivité »" in spoken(found.headline.fr)


def test_the_contact_that_kept_the_address_is_named(shop):
    found = shop.why("c9", NOON)
    assert condition(found, "same_address").seen.value == "c8"
    assert condition(found, "lost").verdict == "not_asked"
    assert "c8" in found.headline.en


def test_messages_that_fill_the_cap_are_counted_with_their_dates(shop):
    cap = condition(shop.why("c12", NOON), "cap")
    assert (cap.verdict, cap.seen.value) == ("refused", 2)
    assert [row.value.isoformat() for row in cap.seen.evidence] == ["2026-02-26", "2026-03-01"]
    assert cap.question.fr == "Moins de 2 messages en 7 jours"
    assert "votre limite est de 2" in shop.why("c12", NOON).headline.fr


def test_the_message_that_mattered_more_is_named(shop):
    found = shop.why("c13", NOON)
    assert condition(found, "lost").seen.value == "present"
    assert shop.why("c13", NOON, "present").outcome == "send"


def test_the_control_group_is_said_with_its_draw_only_to_those_who_passed_all_else(shop):
    held = condition(shop.why(held_out_id(), NOON), "holdout")
    assert held.verdict == "refused"
    assert held.seen.value["u"] < held.seen.value["share"] == 0.05
    for who in ("c2", "c3", "c9", "c12", "c13", "c14", "c15"):
        other = condition(shop.why(who, NOON), "holdout")
        assert other.verdict == ("held" if who == "c14" else "not_asked")
        assert (other.seen.value is None) == (who != "c14")


def test_too_late_is_said_with_both_instants(shop):
    found = condition(shop.why("c11", NOON), "too_late")
    assert found.seen.value == {"due_at": local("2026-02-26 09:00"), "fresh_for": "3d"}
    assert "26 février 2026" in found.seen.said.fr
    assert "bon pendant 3 jours" in found.seen.said.fr


def test_who_is_due_later_is_told_when_and_what_holds_already(shop):
    found = shop.why("c14", NOON)
    assert (found.due_at, found.next.at) == (local("2026-03-12 09:00"), local("2026-03-12 09:00"))
    assert {each.verdict for each in found.conditions if each.code not in ("too_late", *OF_THE_TURN)} == {"held"}


def test_who_never_ordered_is_told_that_there_is_no_such_fact(shop):
    found = shop.why("c15", NOON)
    assert condition(found, "trigger").verdict == "refused"
    assert "30 jours après la première commande valable" in found.headline.fr


def test_who_was_past_at_switch_on_is_told_so(shop):
    found = shop.why("c16", NOON)
    assert condition(found, "on").verdict == "refused"
    assert "1er janvier 2026" in found.headline.fr
    assert "1er décembre 2025" in found.headline.fr


def test_a_fact_known_too_late_to_be_seen_is_said_so(shop):
    assert "plus de 7 jours avant le dernier tour" in shop.why("c17", NOON).headline.fr


def test_what_is_due_and_not_decided_waits_for_the_next_turn(shop):
    found = shop.why("c14", "2026-03-12 10:00")
    assert (found.outcome, found.reason) == ("undecided", None)
    assert found.next.said.en == "The next turn decides."


def test_whatever_is_asked_nothing_is_written(shop):
    before = shop.hashes()
    for who in ("c1", "c9", "c14", "c15"):
        explain(shop.place, who, "second-purchase", local(NOON))
    assert shop.hashes() == before


def test_nobody_and_nothing_are_refused_in_one_sentence(shop):
    with pytest.raises(NotFound, match="there is no contact “c99”"):
        shop.why("c99", NOON)
    with pytest.raises(NotFound, match="there is no scenario called “c1”"):
        shop.why("c1", NOON, "c1")


def test_both_sides_of_an_arbitration_are_told_on_both_scenarios(shop):
    who = next(one for one, (_, reason) in EXPECTED.items() if reason == "lost")
    [winner] = shop.why(who, NOON).sides
    assert (winner.scenario, winner.priority, winner.outcome, winner.won) == ("present", 90, "send", False)
    [loser] = explain(shop.place, who, "present", local(NOON)).sides
    assert (loser.scenario, loser.priority, loser.reason, loser.won) == ("second-purchase", 50, "lost", True)
    assert "“second-purchase” (priority 50)" in loser.said.en
    assert shop.why("c1", NOON).sides == ()


@pytest.mark.parametrize("who", EXPECTED)
def test_what_would_have_to_change_is_said_for_every_reason_and_for_no_message(shop, who):
    found = shop.why(who, NOON)
    assert bool(found.changes) == (found.outcome != "send")
    assert len(found.changes) >= len(found.reasons) * bool(found.changes)
    assert not any("{" in each.fr + each.en or "?" in each.en for each in found.changes)


def test_the_cap_says_from_when_on_there_is_room(shop):
    [said] = shop.why("c12", NOON).changes
    assert said.en == "to wait for March 5, 2026: there is room then", "the older of two counts for seven dates"
