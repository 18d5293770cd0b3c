"""What was known then and what is known now, what became of the message, and people who were two."""

from __future__ import annotations

from pathlib import Path

import pytest

from relance.base.clock import naive_utc
from relance.base.zones import local_day
from relance.engines.ledger import Outcome
from relance.explaining.arrivals import arrivals
from relance.explaining.person import EXPLAINED, OneContact
from relance.scenarios.moment import Moment, Running, lay_out
from relance.scenarios.running import stored_version
from relance.scenarios.triggers import trigger_rows
from tests.explaining.shop import ZONE, Bookshop, condition, local, spoken

NOON = "2026-03-03 12:00"
LEFT, UNTIL = "2026-03-03 09:05", "2026-03-03 10:00"


@pytest.fixture
def shop(tmp_path: Path) -> Bookshop:
    """Two people ordered on 1 February and were decided thirty days later."""
    shop = Bookshop(tmp_path)
    shop.publish("second-purchase", holdout="0%")
    shop.on("second-purchase", "2026-01-01 08:00")
    for number in (1, 2):
        shop.person(number)
        shop.order(f"A{number}", number, "2026-02-01 10:00", "2026-02-02 06:00")
    shop.turn("2026-03-03 09:00")
    return shop


def became(shop: Bookshop, contact: int, state: str, reason: str | None = None) -> None:
    """What a sender, or an import, says of the message."""
    [row] = shop.place.ledger.outbox(contact=contact)
    if state == "cancelled":
        shop.place.ledger.cancel([contact], reason or "", local(UNTIL))
    else:
        lease = shop.place.ledger.open_lease("email", local(LEFT))
        shop.place.ledger.lease_rows(lease, "email", local(LEFT), 10)
        shop.place.ledger.begin_handing({row.id: "<m@example.test>"}, local(LEFT), lease)
        shop.place.ledger.record([Outcome(row.id, state, reason)], local(LEFT), lease)
        shop.place.ledger.close_lease(lease)
    shop._told.clear()


def test_a_late_file_is_shown_beside_what_was_known_at_the_decision(shop):
    shop.order("B1", 1, "2026-02-25 10:00", "2026-03-10 06:00")
    for asked in (NOON, "2026-03-20"):
        stop = condition(shop.why("c1", asked), "more_than_one_order")
        assert (stop.verdict, stop.seen.value) == ("held", 1)
        assert (stop.known_now.value, stop.holds_now) == (2, False)
        late = stop.known_now.evidence[0]
        assert (late.key, late.happened_at, late.known_at) == (
            "B1",
            local("2026-02-25 10:00"),
            local("2026-03-10 06:00"),
        )
    assert "su aujourd’hui" in shop.why("c1", NOON).text("fr")
    assert condition(shop.why("c2", NOON), "more_than_one_order").known_now is None


def test_a_silence_that_was_none_shows_the_order_that_was_not_known(shop):
    shop.publish("win-back", holdout="0%")
    shop.on("win-back", "2026-03-04 08:00")
    shop.turn("2026-05-02 09:00")
    assert shop.why("c1", "2026-05-03", "win-back").outcome == "send"
    shop.order("B1", 1, "2026-04-20 10:00", "2026-05-05 06:00")
    found = shop.why("c1", "2026-05-03", "win-back")
    trigger = condition(found, "trigger")
    assert [row.key for row in trigger.seen.evidence] == ["A1"]
    assert [(row.key, row.known_at) for row in trigger.known_now.evidence] == [("B1", local("2026-05-05 06:00"))]
    assert condition(found, "ordered").known_now.value == 1


def test_a_corrected_value_is_shown_as_it_was_and_as_it_is(shop):
    engine = shop.place.engine
    engine.delete("contacts", "SELECT 1::BIGINT AS contact", ["contact"])
    engine.delete("contacts_vault", "SELECT 1::BIGINT AS contact", ["contact"])
    old = {"contact": 1, "own_id": "c1", "email": "c1@example.test"}
    shop.put("contacts", kind="individual", superseded_at=local("2026-03-05 06:00"), **old)
    shop.put("contacts", "2026-03-05 06:00", kind="institution", **old)
    audience = condition(shop.why("c1", NOON), "not_targeted")
    assert (audience.verdict, audience.seen.value) == ("held", "individual")
    assert (audience.known_now.value, audience.holds_now) == ("institution", False)


def test_what_the_decision_noted_is_shown_where_the_same_question_sees_something_else(shop):
    shop.place.engine.connection.execute("UPDATE decisions SET \"read\" = replace(\"read\", 'individual', 'school')")
    audience = condition(shop.why("c1", NOON), "not_targeted")
    assert (audience.noted.fr, audience.seen.value) == ("school", "individual")


def test_a_message_that_left_says_when(shop):
    became(shop, 1, "accepted")
    found = shop.why("c1", NOON)
    assert (found.sending.state, found.sending.at) == ("accepted", local(LEFT))
    assert spoken(found.headline.fr).startswith("Le message est parti le 3 mars 2026, 9 h 05, parce que")


def test_a_message_that_waits_says_so(shop):
    found = shop.why("c1", NOON)
    assert found.sending.state == "queued"
    assert found.next.said.en.startswith("It leaves at the next hand-over")


def test_a_message_put_back_by_the_server_says_until_when(shop):
    became(shop, 1, "deferred", "try_later")
    assert "Le serveur a demandé d’attendre" in shop.why("c1", NOON).text("fr")


def test_a_message_refused_by_the_server_says_why(shop):
    became(shop, 1, "refused", "bad_address")
    found = shop.why("c1", NOON)
    assert spoken(found.headline.en).endswith("did not arrive, because the hand-over answered “bad_address”.")


def test_a_message_whose_sending_broke_off_is_unknown_and_says_so(shop):
    became(shop, 1, "unknown", "sender_died")
    assert shop.why("c1", NOON).headline.en.startswith("Whether the message left is unknown, because")


def test_a_message_cancelled_by_an_order_names_the_order(shop):
    shop.order("B1", 1, "2026-03-03 09:30", UNTIL)
    became(shop, 1, "cancelled", "more_than_one_order")
    found = shop.why("c1", NOON)
    assert (found.sending.state, found.sending.reason) == ("cancelled", "more_than_one_order")
    assert [row.key for row in found.sending.evidence] == ["B1"]
    assert spoken(found.headline.fr) == (
        "Le message décidé le 3 mars 2026, 9 h 00 n’est pas parti, parce que ce contact a déjà plus d’une commande."
    )


def test_a_merged_contact_speaks_of_both_sides(shop):
    shop.put("aliases", contact=1, into=2, happened_at=local("2026-03-04"))
    found = shop.why("c1", "2026-03-05")
    assert found.outcome == "send"
    assert found.notes[0].en == "This contact was merged into c2."
    assert len(found.earlier) == 1


def test_when_a_fact_falls_due_is_what_the_trigger_of_a_turn_says(shop):
    moment = Moment(local("2026-03-03 09:00"), local("2026-03-03 09:00"), None, ZONE)
    for schedule in ({"daily": "02:30"}, None):
        shop.publish("due", trigger={"row": {"table": "orders", "days": 35}}, schedule=schedule, steps=_letter())
        version, engine = stored_version(shop.place.ledger, "due"), shop.place.engine
        with engine.rolled_back():
            engine.load("explained", EXPLAINED, [{"contact": 1}])
            view = OneContact(shop.place.tables, history=True)
            [ours] = arrivals(shop.place, version, view, moment, 1)
            lay_out(engine, Moment(local("2026-03-20"), local("2026-03-20"), None, ZONE), [_since(version)])
            [turn] = engine.rows(trigger_rows(version.scenario, view, "due"))
        assert naive_utc(ours.due_at) == turn["due_at"]
        assert naive_utc(ours.fact_day) == turn["fact_day"]
        assert local_day(ours.due_at, ZONE).isoformat() == "2026-03-08"  # the clocks change that night


def _letter():
    return [{"send": {"channel": "email", "message": "win-back"}}]


def _since(version):
    return Running(version, local("2026-01-01"))
