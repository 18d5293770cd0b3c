"""A shop's own systems are called once, signed, again when they ask for it, and never at a private address."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from relance.base.clock import FixedClock
from relance.base.errors import Refused, Unreachable
from relance.base.outside import refuse_address
from relance.channels.settings import Smtp, WebhookSettings
from relance.channels.webhook.caller import RETRIES, CallReport, call_due, values_in
from relance.channels.webhook.outbound import Outbound
from relance.channels.workers import Post, send_once
from relance.engines.ledger import Ledger
from relance.engines.sqlite import migrate_ledger, open_ledger
from relance.engines.webhooks import StepKey, WebhookCall
from tests.channels.conftest import CLOCK, SETTINGS, outgoing
from tests.channels.webhook.erp import Erp, serving

NINE = datetime(2026, 3, 10, 13, tzinfo=UTC)
SECRET = b"the secret of this test"
KEY = StepKey("first-order", "tell-erp", 7, "o-1")


@pytest.fixture
def erp() -> Iterator[Erp]:
    with serving() as erp:
        yield erp


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    migrate_ledger(tmp_path / "ledger.sqlite")
    ledger = open_ledger(tmp_path / "ledger.sqlite")
    yield ledger
    ledger.close()


def call(erp: Erp, key: StepKey = KEY, *takes: str) -> WebhookCall:
    return WebhookCall(key, f"http://{erp.place}/hooks", '{"contact": "C7"}', takes, NINE)


def make(ledger: Ledger, erp: Erp, at: datetime = NINE) -> CallReport:
    return call_due(ledger, WebhookSettings(SECRET, frozenset({erp.place})), FixedClock(at), lambda: False)


def test_a_call_is_made_once_and_signed(ledger: Ledger, erp: Erp) -> None:
    assert (ledger.enqueue_calls([call(erp)]), ledger.enqueue_calls([call(erp)])) == (1, 0)
    assert make(ledger, erp) == CallReport(done=1)
    assert make(ledger, erp) == CallReport()
    [(headers, body)] = erp.heard
    seconds, signature = (part.partition("=")[2] for part in headers["Relance-Signature"].split(","))
    assert signature == hmac.digest(SECRET, f"{seconds}.".encode() + body, "sha256").hex()
    assert int(seconds) == int(NINE.timestamp())
    assert json.loads(body) == {"contact": "C7"}


def test_what_is_not_there_now_is_called_again_under_the_same_key(ledger: Ledger, erp: Erp) -> None:
    ledger.enqueue_calls([call(erp)])
    erp.answers = [(503, {}, b"")] * 5
    at = NINE
    for wait in RETRIES:
        assert make(ledger, erp, at) == CallReport(put_off=1)
        assert make(ledger, erp, at + wait - timedelta(seconds=1)) == CallReport()
        at += wait
    assert make(ledger, erp, at) == CallReport(done=1)
    assert len({headers["Idempotency-Key"] for headers, _ in erp.heard}) == 1


def test_after_five_tries_again_it_has_failed(ledger: Ledger, erp: Erp) -> None:
    ledger.enqueue_calls([call(erp)])
    erp.answers = [(500, {}, b"")] * 6
    at, reports = NINE, []
    for _ in range(6):
        reports.append(make(ledger, erp, at))
        at += timedelta(days=1)
    assert reports == [CallReport(put_off=1)] * 5 + [CallReport(failed=1)]
    [ended] = ledger.ended_calls_since(0)
    assert (ended.key, ended.state, ended.reason) == (KEY, "failed", "status_500")


def test_a_server_that_asks_for_more_time_gets_it_up_to_a_day(ledger: Ledger, erp: Erp) -> None:
    ledger.enqueue_calls([call(erp), call(erp, StepKey("first-order", "tell-erp", 8, "o-2"))])
    erp.answers = [(429, {"Retry-After": "7200"}, b""), (429, {"Retry-After": "999999"}, b"")]
    make(ledger, erp)
    assert make(ledger, erp, NINE + timedelta(hours=1, minutes=59)) == CallReport()
    assert make(ledger, erp, NINE + timedelta(hours=2)) == CallReport(done=1)
    assert make(ledger, erp, NINE + timedelta(hours=24)) == CallReport(done=1)


@pytest.mark.parametrize("status", [301, 302, 400, 404, 410])
def test_another_answer_has_failed_at_once_and_no_redirect_is_followed(ledger: Ledger, erp: Erp, status: int) -> None:
    ledger.enqueue_calls([call(erp)])
    erp.answers = [(status, {"Location": f"http://{erp.place}/elsewhere"}, b"")]
    assert make(ledger, erp) == CallReport(failed=1)
    assert len(erp.heard) == 1


def test_an_answer_sets_what_the_step_declared_and_nothing_else(ledger: Ledger, erp: Erp) -> None:
    ledger.enqueue_calls([call(erp, KEY, "tier", "score", "vip", "about")])
    said = {"tier": "gold", "score": 12, "vip": True, "email": "x@y.example", "about": {"deep": 1}}
    erp.answers = [(200, {}, json.dumps(said).encode())]
    make(ledger, erp)
    assert ledger.ended_calls_since(0)[0].answer == {"tier": "gold", "score": "12", "vip": "true"}


@pytest.mark.parametrize(
    "body", [b"", b"[1]", b"{", b'{"tier": null}', b"\xff", b"[" * 100_000, b'{"tier": "%s"}' % (b"x" * 500)]
)
def test_a_hostile_answer_sets_nothing(body: bytes) -> None:
    assert values_in(body, ("tier",)) == {}


def test_a_call_of_a_caller_that_died_is_made_by_the_next(ledger: Ledger, erp: Erp) -> None:
    ledger.enqueue_calls([call(erp)])
    [taken] = ledger.take_calls(NINE, NINE + timedelta(minutes=2), 20)
    assert make(ledger, erp, NINE + timedelta(minutes=1)) == CallReport()
    assert make(ledger, erp, NINE + timedelta(minutes=2)) == CallReport(done=1)
    ledger.end_call(taken, "failed", "late", {}, NINE)  # who overslept has nothing to say any more
    assert [one.state for one in ledger.ended_calls_since(0)] == ["done"]


def test_a_cancelled_call_is_not_made(ledger: Ledger, erp: Erp) -> None:
    ledger.enqueue_calls([call(erp)])
    assert ledger.cancel_calls([KEY], "ordered", NINE) == 1
    assert make(ledger, erp) == CallReport()
    assert erp.heard == []
    assert [(one.state, one.reason) for one in ledger.ended_calls_since(0)] == [("cancelled", "ordered")]


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/hook",
        "ftp://shop.example/hook",
        "https://",
        "https://user:word@shop.example/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://192.168.1.4:8443/hook",
        "https://shop.example:99999/",
    ],
)
def test_no_private_or_plain_address_is_called(url: str) -> None:
    with pytest.raises(Refused):
        refuse_address(url)


def test_a_name_that_leads_to_this_machine_is_refused_when_it_is_looked_up() -> None:
    async def call_it() -> None:
        outbound = Outbound()
        try:
            await outbound.post("https://localhost:9/hook", b"{}", {})
        finally:
            await outbound.close()

    with pytest.raises(Refused, match="private address"):
        asyncio.run(call_it())


def test_a_server_that_does_not_answer_is_unreachable() -> None:
    import socket

    async def call_it(place: str) -> None:
        outbound = Outbound({place}, timeout=0.3)
        try:
            await outbound.post(f"http://{place}/", b"{}", {})
        finally:
            await outbound.close()

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(1)
        with pytest.raises(Unreachable, match="in time"):
            asyncio.run(call_it(f"127.0.0.1:{silent.getsockname()[1]}"))


def test_a_dead_mail_server_keeps_no_call_waiting(tmp_path: Path, ledger: Ledger, erp: Erp) -> None:
    ledger.enqueue([outgoing(1)])
    ledger.enqueue_calls([call(erp)])
    mail = replace(SETTINGS, smtp=Smtp("127.0.0.1", 1, tls="none"))
    webhooks = WebhookSettings(SECRET, frozenset({erp.place}))
    post = Post(tmp_path / "ledger.sqlite", mail, tmp_path / "mail", CLOCK, webhooks)
    with pytest.raises(Unreachable):
        send_once(post)
    assert len(erp.heard) == 1
