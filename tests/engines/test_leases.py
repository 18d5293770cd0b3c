"""What senders take, hold, lose and give back."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from relance.base.errors import LeaseLost
from relance.engines.ledger import Ledger, Outcome
from relance.engines.sqlite import migrate_ledger, open_ledger
from tests.engines.conftest import NINE, TERM, hand, outgoing, recover, states

ONE = files("relance.engines") / "sql" / "ledger" / "0001_ledger.sql"


def test_only_what_is_held_begins_to_leave(ledger: Ledger) -> None:
    ledger.enqueue([outgoing(1), outgoing(2), outgoing(3)])
    lease = ledger.open_lease("email", NINE + TERM)
    assert [row.id for row in ledger.lease_rows(lease, "email", NINE, 2)] == [1, 2]
    assert ledger.cancel([2], "ordered", NINE) == 1
    names = {1: "<1@relance>", 2: "<2@relance>", 3: "<3@relance>"}
    assert ledger.still_leased(lease, names) == {1}
    assert ledger.begin_handing(names, NINE, lease) == 1
    assert ledger.begin_handing(names, NINE, lease) == 0
    assert ledger.lease_rows(ledger.open_lease("email", NINE + TERM), "email", NINE, 9)[0].id == 3


def test_rows_leave_oldest_first_and_not_before_their_time(ledger: Ledger) -> None:
    later = replace(outgoing(1), due_at=NINE + timedelta(minutes=30))
    ledger.enqueue([later, outgoing(2)])
    assert [row.outgoing.key.contact for row in ledger.due("email", NINE, 10)] == [2]
    lease = hand(ledger)
    ledger.record([Outcome(2, "deferred", "451", retry_at=NINE + timedelta(hours=1))], NINE, lease)
    assert [row.outgoing.key.contact for row in ledger.due("email", NINE + timedelta(minutes=45), 10)] == [1]
    assert [row.outgoing.key.contact for row in ledger.due("email", NINE + timedelta(hours=1), 10)] == [2, 1]
    taken = ledger.lease_rows(lease, "email", NINE + timedelta(hours=1), 10)
    assert [row.outgoing.key.contact for row in taken] == [2, 1]


def test_what_a_sender_took_and_never_began_goes_back(ledger: Ledger) -> None:
    ledger.enqueue([outgoing(1)])
    lease = ledger.open_lease("email", NINE + TERM)
    ledger.lease_rows(lease, "email", NINE, 10)
    assert states(ledger) == {1: ("leased", None)}
    assert ledger.due("email", NINE, 10) == []
    ledger.close_lease(lease)
    assert [row.id for row in ledger.due("email", NINE, 10)] == [1]
    assert [event.state for event in ledger.events_since(0)] == ["queued"]


def test_a_sender_that_overslept_holds_nothing_any_more(path: Path, ledger: Ledger) -> None:
    ledger.enqueue([outgoing(1), outgoing(2)])
    late = open_ledger(path)
    lease = hand(late, limit=1)
    late.lease_rows(lease, "email", NINE, 1)
    assert recover(ledger) == 0
    assert recover(ledger, at=NINE + TERM + timedelta(seconds=1)) == 1
    assert states(ledger) == {1: ("unknown", "sender_died"), 2: ("queued", None)}
    assert late.begin_handing({2: "<2@relance>"}, NINE, lease) == 0
    assert late.record([Outcome(1, "accepted")], NINE, lease) == 0
    with pytest.raises(LeaseLost, match="another has taken over"):
        late.renew_lease(lease, NINE + TERM)
    assert states(ledger) == {1: ("unknown", "sender_died"), 2: ("queued", None)}
    late.close()


def test_no_lease_has_the_token_of_an_earlier_one(ledger: Ledger) -> None:
    first = ledger.open_lease("email", NINE + TERM)
    ledger.close_lease(first)
    assert ledger.open_lease("email", NINE + TERM) > first


def test_a_ledger_of_the_first_schema_keeps_its_rows(tmp_path: Path) -> None:
    old = tmp_path / "old.sqlite"
    with sqlite3.connect(old) as raw:
        raw.executescript(ONE.read_text("utf-8"))
        raw.execute("CREATE TABLE schema_version (number INTEGER PRIMARY KEY, name TEXT NOT NULL)")
        raw.execute("INSERT INTO schema_version VALUES (1, '0001_ledger.sql')")
        raw.execute(
            """INSERT INTO outbox VALUES (7, 'cart', 'remind', 1, 'c', 'email', '["c"]', 'marketing', 1, 'shop', 'm', 1,
               'fr', 'fr-CA', '{}', '{}', 'a@example.test', 'h', '2026-03-10', '2026-03-10T13:00:00.000000Z', NULL,
               '2026-03-10T13:00:00.000000Z', 'handing', NULL, '<7@relance>', 1, NULL, '2026-03-10T13:00:00.000000Z')"""
        )
    later = sum(one.name.endswith(".sql") for one in (files("relance.engines") / "sql" / "ledger").iterdir()) - 1
    assert migrate_ledger(old) == later
    ledger = open_ledger(old)
    assert [event.state for event in ledger.events_since(0)] == ["handing"]
    assert recover(ledger) == 1
    assert [(row.id, row.state) for row in ledger.outbox()] == [(7, "unknown")]
    assert [event.state for event in ledger.events_since(0)] == ["handing", "unknown"]
    ledger.close()


def test_what_a_dead_sender_held_is_unknown_and_only_transactional_tries_again(ledger: Ledger) -> None:
    ledger.enqueue([outgoing(1), outgoing(2, kind="transactional"), outgoing(3, kind="service")])
    lease = hand(ledger)
    assert recover(ledger) == 0
    ledger.close_lease(lease)
    assert recover(ledger) == 3
    assert states(ledger) == {
        1: ("unknown", "sender_died"),
        2: ("queued", "again"),
        3: ("unknown", "sender_died"),
    }
    assert ledger.outbox(contact=2)[0].message_id == "<2@relance>"
    assert recover(ledger) == 0
    assert ledger.due("email", NINE, 10) == []
    assert [row.id for row in ledger.due("email", NINE + TERM, 10)] == [2]


def test_a_transactional_message_is_not_tried_for_ever(ledger: Ledger) -> None:
    ledger.enqueue([outgoing(1, kind="transactional")])
    for again in range(2):
        ledger.close_lease(hand(ledger, at=NINE + again * TERM))
        recover(ledger, max_attempts=2, at=NINE + again * TERM)
    assert states(ledger) == {1: ("unknown", "sender_died")}


def test_a_sender_that_died_is_known_at_once(path: Path, ledger: Ledger) -> None:
    ledger.enqueue([outgoing(1)])
    other = open_ledger(path)
    hand(other)
    assert recover(ledger) == 0
    other.close()
    assert recover(ledger) == 1
    assert list(path.parent.glob("*.lease-*")) == []


def test_what_is_transactional_leaves_before_all_else(ledger: Ledger) -> None:
    later = replace(outgoing(3), kind="transactional", due_at=NINE)
    ledger.enqueue([outgoing(1), outgoing(2), later, replace(outgoing(4), kind="service")])
    assert [row.outgoing.key.contact for row in ledger.due("email", NINE, 3)] == [3, 1, 2]
    lease = ledger.open_lease("email", NINE + TERM)
    assert [row.outgoing.key.contact for row in ledger.lease_rows(lease, "email", NINE, 2)] == [3, 1]
    assert [row.outgoing.key.contact for row in ledger.lease_rows(lease, "email", NINE, 9)] == [2, 4]
