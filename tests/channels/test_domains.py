"""No domain gets more in a minute than it was promised, and nobody else waits for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from relance.base.clock import FixedClock
from relance.channels import domains
from relance.channels.domains import DomainPace
from relance.channels.email.mailbox import MailboxChannel
from relance.channels.sender import send_due
from relance.channels.settings import Smtp
from relance.engines.ledger import Ledger
from tests.channels.conftest import NINE, SETTINGS, outgoing


def test_a_domain_gets_a_burst_and_then_its_share() -> None:
    seconds = [0.0]
    pace = DomainPace(60, lambda: seconds[0])
    assert [pace.wait(f"{number}@big.example") for number in range(12)] == [0] * 10 + [1, 2]
    assert pace.wait("one@small.example") == 0
    seconds[0] = 1.0
    assert [pace.wait(f"{number}@Big.Example") for number in range(3)] == [0, 1, 2]
    seconds[0] = 1000.0
    assert [pace.wait("x@big.example") for _ in range(11)] == [0] * 10 + [1]


def test_without_a_limit_nobody_waits() -> None:
    pace = DomainPace(0)
    assert {pace.wait("x@big.example") for _ in range(1000)} == {0}


def test_a_message_too_many_is_put_off_and_leaves_in_its_turn(ledger: Ledger, mailbox: MailboxChannel) -> None:
    domains.domain_pace.cache_clear()
    slow = replace(SETTINGS, smtp=Smtp("unused.example", per_domain=12))
    ledger.enqueue(outgoing(contact) for contact in range(5))
    ledger.enqueue([outgoing(9, address="marie@small.example")])
    report = send_due(ledger, mailbox, slow, FixedClock(NINE))
    assert (report.accepted, report.deferred) == (3, {"domain_rate": 3})
    put_off = ledger.outbox(states=["deferred"])
    assert [round((row.retry_at - NINE).total_seconds()) for row in put_off if row.retry_at] == [5, 10, 15]
    assert [row.attempts for row in put_off] == [0, 0, 0]
    later = FixedClock(NINE + timedelta(seconds=16))
    assert send_due(ledger, mailbox, SETTINGS, later).accepted == 3
