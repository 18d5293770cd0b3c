"""The contract of the ledger, told on a file of its own."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from relance.base.errors import Busy, NotFound, RelanceError
from relance.engines.ledger import (
    ConsentAct,
    Denial,
    Ledger,
    Outcome,
    StopFact,
    Suppression,
    Switch,
)
from relance.engines.sqlite import migrate_ledger, open_ledger
from tests.engines.conftest import NINE, TERM, hand, outgoing, states


def test_migrating_twice_changes_nothing(path: Path, ledger: Ledger) -> None:
    before = ledger.contents_hash()
    assert migrate_ledger(path) == 0
    assert ledger.contents_hash() == before


def test_a_ledger_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there is no ledger here"):
        open_ledger(tmp_path / "nothing.sqlite")


def test_a_newer_ledger_is_refused(path: Path) -> None:
    with sqlite3.connect(path) as raw:
        raw.execute("INSERT INTO schema_version VALUES (9999, 'from the future')")
    with pytest.raises(RelanceError, match="newer Relance"):
        open_ledger(path)


def test_a_file_that_is_no_ledger_is_refused_in_one_sentence(tmp_path: Path) -> None:
    stray = tmp_path / "ledger.sqlite"
    stray.write_text("a,b,c\n" * 2000)
    with pytest.raises(RelanceError, match=r"ledger\.sqlite: the ledger refused"):
        open_ledger(stray)


def test_the_same_text_is_the_same_version(ledger: Ledger) -> None:
    assert ledger.publish("scenario", "win-back", "days: 90", NINE) == 1
    assert ledger.publish("scenario", "win-back", "days: 90", NINE + timedelta(days=1)) == 1
    assert ledger.publish("scenario", "win-back", "days: 60", NINE + timedelta(days=2)) == 2
    assert ledger.publish("scenario", "win-back", "days: 90", NINE + timedelta(days=3)) == 3
    assert ledger.document("scenario", "win-back").version == 3
    assert ledger.document("scenario", "win-back", 2).body == "days: 60"
    assert [one.version for one in ledger.history("scenario", "win-back")] == [1, 2, 3]
    ledger.publish("scenario", "birthday", "x", NINE)
    assert [(one.name, one.version) for one in ledger.documents("scenario")] == [
        ("birthday", 1),
        ("win-back", 3),
    ]
    with pytest.raises(NotFound, match="no version 9; it has 1 to 3"):
        ledger.document("scenario", "win-back", 9)
    with pytest.raises(NotFound, match="no message called"):
        ledger.document("message", "win-back")


def test_a_published_version_never_changes(path: Path, ledger: Ledger) -> None:
    ledger.publish("scenario", "win-back", "days: 90", NINE)
    with sqlite3.connect(path) as raw, pytest.raises(sqlite3.IntegrityError, match="immutable"):
        raw.execute("UPDATE documents SET body = 'days: 1'")


def test_switches_are_kept_in_order(ledger: Ledger) -> None:
    first = Switch("cart", True, 1, NINE, date(2026, 3, 3), 12)
    then = Switch("cart", False, 1, NINE + timedelta(hours=1))
    ledger.switch(first)
    ledger.switch(then)
    assert ledger.switches() == [first, then]


def test_a_right_to_send_exists_once_whatever_the_version(ledger: Ledger) -> None:
    assert ledger.enqueue([outgoing(1), outgoing(2)]) == 2
    assert ledger.enqueue([replace(outgoing(1), version=2), outgoing(3)]) == 1
    assert {row.outgoing.key.contact: row.outgoing.version for row in ledger.outbox()} == {1: 1, 2: 1, 3: 1}


def test_what_goes_in_comes_out_as_plain_values(ledger: Ledger) -> None:
    row = replace(outgoing(1), stops={"ordered": "ordered"}, fresh_until=NINE + timedelta(hours=48))
    ledger.enqueue([row])
    kept = ledger.outbox(contact=1)[0].outgoing
    assert kept.context == {"first_name": "Marie", "price": "12.50", "since": "2026-03-09"}
    assert replace(kept, context=row.context) == row


def test_an_instant_without_a_zone_is_refused(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="aware instants only"):
        ledger.enqueue([replace(outgoing(1), due_at=datetime(2026, 3, 10))])
    assert ledger.outbox() == []


def test_every_change_of_state_leaves_one_event(ledger: Ledger) -> None:
    ledger.enqueue([outgoing(1), outgoing(2)])
    ledger.enqueue([outgoing(1)])
    lease = hand(ledger, limit=1)
    assert ledger.record([Outcome(1, "accepted")], NINE, lease) == 1
    ledger.cancel([2], "ordered", NINE)
    events = ledger.events_since(0)
    assert [(event.key.contact, event.state, event.reason) for event in events] == [
        (1, "queued", None),
        (2, "queued", None),
        (1, "handing", None),
        (1, "accepted", None),
        (2, "cancelled", "ordered"),
    ]
    assert ledger.events_since(events[3].seq) == events[4:]
    assert ledger.events_since(0, limit=2) == events[:2]


def test_a_purchase_cancels_marketing_that_waits_and_nothing_else(ledger: Ledger) -> None:
    ledger.enqueue(
        [
            outgoing(1),
            outgoing(1, "order-9", kind="transactional"),
            outgoing(2),
            outgoing(3, scenario="birthday"),
        ]
    )
    lease = ledger.open_lease("email", NINE + TERM)
    ledger.lease_rows(lease, "email", NINE, 10)
    ledger.begin_handing({3: "<x@relance>"}, NINE, lease)
    assert ledger.cancel([1, 2, 3], "ordered", NINE, scenarios=["cart"]) == 1
    assert [row.state for row in ledger.outbox()] == ["cancelled", "leased", "handing", "leased"]


def test_waiting_rows_are_cancelled_by_key(ledger: Ledger) -> None:
    ledger.enqueue([outgoing(1), outgoing(1, "cart-2"), outgoing(2)])
    assert ledger.cancel_keys([outgoing(1, "cart-2").key, outgoing(9).key], "ordered", NINE) == 1
    assert [row.state for row in ledger.outbox()] == ["queued", "cancelled", "queued"]


def test_counts_give_messages_and_the_keys_they_carry(ledger: Ledger) -> None:
    ledger.enqueue([replace(outgoing(1), keys=("a", "b", "c")), outgoing(2), outgoing(3)])
    ledger.cancel([3], "ordered", NINE)
    counts = {(one.state, one.reason): (one.messages, one.keys) for one in ledger.outbox_counts()}
    assert counts == {("queued", None): (2, 4), ("cancelled", "ordered"): (1, 1)}


def test_a_denial_stands_once_until_it_is_lifted(ledger: Ledger) -> None:
    denial = Denial("unsubscribed", NINE, contact=1, channel="email", purpose="marketing", sender="shop")
    assert ledger.deny([denial]) == 1
    assert ledger.deny([replace(denial, since=NINE + timedelta(days=1))]) == 0
    assert ledger.denials() == [denial]
    assert ledger.allow(replace(denial, purpose=None), NINE) == 0
    assert ledger.allow(denial, NINE) == 1
    assert ledger.denials() == []
    assert ledger.deny([denial]) == 1


def test_stop_facts_are_kept_only_where_something_waits(ledger: Ledger) -> None:
    ledger.enqueue([outgoing(1), outgoing(2)])
    ledger.cancel([2], "ordered", NINE)
    order = StopFact("ordered", NINE, NINE + timedelta(minutes=1), contact=1, detail={"order": "A1"})
    kept = ledger.add_stop_facts([order, replace(order, contact=2), replace(order, contact=3)])
    assert kept == 1
    assert ledger.hand_over_facts(ledger.outbox()).stops == (order,)
    assert ledger.add_stop_facts([StopFact("out_of_stock", NINE, NINE, product="p1")]) == 1
    assert ledger.add_stop_facts([replace(order, contact=3)], only_waiting=False) == 1


def test_a_fact_known_when_the_message_was_decided_cannot_stop_it(ledger: Ledger) -> None:
    ledger.enqueue([outgoing(1)])
    ledger.add_stop_facts([StopFact("ordered", NINE, NINE, contact=1)])
    assert ledger.hand_over_facts(ledger.outbox()).stops == ()


def test_stop_facts_are_dropped_when_no_row_can_need_them(ledger: Ledger) -> None:
    ledger.enqueue([outgoing(1)])
    ledger.add_stop_facts([StopFact("ordered", NINE, NINE + timedelta(minutes=1), contact=1)])
    tomorrow = NINE + timedelta(days=1)
    assert ledger.forget_stop_facts(tomorrow) == 0
    ledger.cancel([1], "ordered", NINE)
    assert ledger.forget_stop_facts(tomorrow) == 1


def test_hand_over_sees_denials_suppressions_and_what_left_today(ledger: Ledger) -> None:
    ledger.enqueue([outgoing(1), replace(outgoing(2), address_hash="hash-1"), outgoing(3)])
    ledger.close_lease(hand(ledger, limit=1))
    forgotten = Denial("forgotten", NINE, address_hash="hash-3")
    left = Denial("unsubscribed", NINE, contact=2)
    ledger.deny([left, forgotten, replace(left, contact=99)])
    ledger.suppress([Suppression("hash-3", "email", "5.1.1", NINE), Suppression("hash-1", "sms", "dead", NINE)])
    facts = ledger.hand_over_facts(ledger.outbox(states=["queued"]))
    assert [denial.reason for denial in facts.denials] == ["unsubscribed", "forgotten"]
    assert facts.suppressed == {"hash-3"}
    assert facts.left_today == {("cart", "remind", "hash-1", date(2026, 3, 10))}


def test_a_suppression_can_be_reversed_and_is_remembered(ledger: Ledger) -> None:
    bounce = Suppression("hash-1", "email", "5.1.1", NINE)
    assert ledger.suppress([bounce, bounce]) == 1
    assert ledger.unsuppress("hash-1", "email", NINE + timedelta(days=1)) == 1
    assert ledger.suppressions() == [replace(bounce, reversed_at=NINE + timedelta(days=1))]


def test_consent_acts_born_here_are_read_once(ledger: Ledger) -> None:
    act = ConsentAct(1, "email", "marketing", "shop", "refused", NINE, "unsubscribe-page", language="fr")
    ledger.add_consent_acts([act, replace(act, contact=2)])
    first, second = ledger.consent_acts_since(0)
    assert replace(first, seq=0) == act
    assert ledger.consent_acts_since(first.seq) == [second]


def test_erasing_a_contact_leaves_keys_and_no_trace_of_the_person(path: Path, ledger: Ledger) -> None:
    ledger.enqueue([replace(outgoing(1), address="marie.tremblay@example.test"), outgoing(2)])
    ledger.add_stop_facts(
        [StopFact("ordered", NINE, NINE + timedelta(1), contact=1, detail={"note": "marie.tremblay"})]
    )
    ledger.add_consent_acts(
        [ConsentAct(1, "email", "marketing", "shop", "granted", NINE, "page", proof="marie.tremblay")]
    )
    ledger.erase(1, NINE)
    assert states(ledger) == {1: ("cancelled", "erased"), 2: ("queued", None)}
    assert ledger.outbox(contact=1)[0].outgoing.context == {}
    assert ledger.enqueue([outgoing(1)]) == 0
    files = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"marie.tremblay" not in files
    assert b"contact2@example.test" in files


def _a_turn_that_breaks(ledger: Ledger) -> None:
    with ledger.transaction():
        ledger.enqueue([outgoing(1)])
        ledger.deny([Denial("unsubscribed", NINE, contact=1)])
        raise RelanceError("the turn broke")


def test_a_transaction_that_fails_leaves_nothing(ledger: Ledger) -> None:
    before = ledger.contents_hash()
    with pytest.raises(RelanceError, match="the turn broke"):
        _a_turn_that_breaks(ledger)
    assert ledger.contents_hash() == before


def test_reading_leaves_the_contents_as_they_were(ledger: Ledger) -> None:
    ledger.enqueue([outgoing(1)])
    before = ledger.contents_hash()
    ledger.due("email", NINE, 10)
    ledger.hand_over_facts(ledger.outbox())
    assert ledger.contents_hash() == before
    ledger.enqueue([outgoing(2)])
    assert ledger.contents_hash() != before


def test_a_locked_ledger_says_so_and_loses_nothing(path: Path, ledger: Ledger) -> None:
    impatient = open_ledger(path, busy_seconds=0.05)
    with ledger.transaction(), pytest.raises(Busy, match="another process is writing"):
        impatient.enqueue([outgoing(1)])
    assert impatient.enqueue([outgoing(1)]) == 1
    impatient.close()


def test_a_full_disk_says_so_and_loses_nothing(path: Path) -> None:
    small = open_ledger(path)
    pages = small.rows("PRAGMA page_count")[0][0]  # type: ignore[attr-defined]
    small.rows(f"PRAGMA max_page_count = {pages + 2}")  # type: ignore[attr-defined]
    with pytest.raises(RelanceError, match="disk is full"):
        small.enqueue(outgoing(contact) for contact in range(5_000))
    assert small.outbox() == []
    small.close()


def test_text_order_is_time_order(ledger: Ledger) -> None:
    whole, split = NINE, NINE + timedelta(microseconds=1)
    ledger.enqueue([replace(outgoing(1), due_at=split), replace(outgoing(2), due_at=whole)])
    assert [row.outgoing.key.contact for row in ledger.due("email", split, 10)] == [2, 1]
    assert [row.outgoing.key.contact for row in ledger.due("email", whole, 10)] == [2]
