"""Calls of the ledger that are due go out, signed, and come back as done, put off or failed."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from relance.base.clock import Clock
from relance.base.errors import Refused, Unreachable
from relance.channels.settings import WebhookSettings
from relance.channels.webhook.outbound import Answer, Outbound
from relance.engines.ledger import Ledger
from relance.engines.webhooks import StepKey, WebhookCall

RETRIES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 720))
LONGEST_WAIT = timedelta(hours=24)
AGAIN = frozenset({408, 425, 429})  # and every 5xx
AT_ONCE = 20
LEASE = timedelta(minutes=2)
_PLAIN = (str, int, float, bool)
LONGEST_VALUE = 400


@dataclass(frozen=True, slots=True)
class CallReport:
    """How many calls went which way."""

    done: int = 0
    put_off: int = 0
    failed: int = 0


def call_due(ledger: Ledger, settings: WebhookSettings, clock: Clock, stopping: Callable[[], bool]) -> CallReport:
    """Make every call that is due. What is under way when this process dies is called again, under the same key."""
    if not (first := ledger.take_calls(clock.now(), clock.now() + LEASE, AT_ONCE)):
        return CallReport()
    return asyncio.run(_call_all(ledger, settings, clock, stopping, first))


async def _call_all(
    ledger: Ledger, settings: WebhookSettings, clock: Clock, stopping: Callable[[], bool], calls: list[WebhookCall]
) -> CallReport:
    outbound, ended = Outbound(settings.private), [0, 0, 0]
    try:
        while calls:
            answers = await asyncio.gather(*(_call(outbound, settings, one, clock.now()) for one in calls))
            for call, answer in zip(calls, answers, strict=True):
                ended[_settle(ledger, call, answer, clock.now())] += 1
            calls = [] if stopping() else ledger.take_calls(clock.now(), clock.now() + LEASE, AT_ONCE)
    finally:
        await outbound.close()
    return CallReport(*ended)


async def _call(
    outbound: Outbound, settings: WebhookSettings, call: WebhookCall, now: datetime
) -> Answer | Refused | Unreachable:
    body = call.body.encode()
    try:
        return await outbound.post(call.url, body, headers_of(settings.secret, call.key, body, now))
    except (Refused, Unreachable) as error:
        return error


def headers_of(secret: bytes, key: StepKey, body: bytes, now: datetime) -> dict[str, str]:
    """What tells the other side who calls, and that it is the same call again.

    `Relance-Signature: t=<seconds>,v1=<hex HMAC-SHA256 of "<seconds>.<body>">`.
    """
    seconds = str(int(now.timestamp()))
    signed = hmac.digest(secret, f"{seconds}.".encode() + body, "sha256").hex()
    return {
        "Content-Type": "application/json",
        "User-Agent": "Relance",
        "Idempotency-Key": idempotency_key(key),
        "Relance-Signature": f"t={seconds},v1={signed}",
    }


def idempotency_key(key: StepKey) -> str:
    """The same at every attempt, and telling nothing of the contact."""
    return sha256("\n".join((key.scenario, key.step, str(key.contact), key.occurrence)).encode()).hexdigest()[:32]


def _settle(ledger: Ledger, call: WebhookCall, answer: Answer | Refused | Unreachable, now: datetime) -> int:
    """0 done, 1 put off, 2 failed."""
    if isinstance(answer, Answer) and 200 <= answer.status < 300:
        ledger.end_call(call, "done", None, values_in(answer.body, call.takes), now)
        return 0
    if wait := _wait(call, answer):
        ledger.retry_call(call, _reason(answer), now + wait)
        return 1
    ledger.end_call(call, "failed", _reason(answer), {}, now)
    return 2


def _wait(call: WebhookCall, answer: Answer | Refused | Unreachable) -> timedelta | None:
    """How long until it is tried again; None where that makes no sense, or it was tried often enough."""
    passing = isinstance(answer, Unreachable) or (
        isinstance(answer, Answer) and (answer.status in AGAIN or answer.status >= 500)
    )
    if not passing or call.attempts > len(RETRIES):
        return None
    asked = timedelta(seconds=answer.retry_after or 0) if isinstance(answer, Answer) else timedelta()
    return max(RETRIES[call.attempts - 1], min(asked, LONGEST_WAIT))


def _reason(answer: Answer | Refused | Unreachable) -> str:
    if isinstance(answer, Answer):
        return f"status_{answer.status}"
    return "address_refused" if isinstance(answer, Refused) else "no_answer"


def values_in(body: bytes, takes: tuple[str, ...]) -> Mapping[str, Any]:
    """Of the answer (JSON, hostile) the values a step declared, as text; whatever else it says is passed over."""
    try:
        said = json.loads(body) if takes else {}
    except (ValueError, RecursionError):
        return {}
    if not isinstance(said, dict):
        return {}
    named = {name: said[name] for name in takes if isinstance(said.get(name), _PLAIN)}
    return {name: _text(value) for name, value in named.items() if len(_text(value)) <= LONGEST_VALUE}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
