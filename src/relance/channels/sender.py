"""The one plain sender: rows of the outbox that are due become receipts, committed before they leave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from relance.base.clock import Clock
from relance.base.errors import BadDocument, NotFound, Unreachable
from relance.channels.channel import BAD_ADDRESS, Channel, Delivery, Message, Receipt, message_id
from relance.channels.hand_over import judge, same_address_key
from relance.channels.settings import MailSettings, refuse_unready
from relance.engines.ledger import Ledger, OutboxRow, Outcome, Outgoing, Suppression
from relance.messages.documents import load_message
from relance.messages.fields import BadContext
from relance.messages.links import PREFERENCES, UNSUBSCRIBE, Claim, sign
from relance.messages.rendering import CompiledMessage, compile_message, render

HANDING = 100
"""At most so many rows are in flight when a sender dies."""

MAX_ATTEMPTS = 8
RETRY_MINUTES = (5, 15, 30, 60, 120, 240, 240)


@dataclass(frozen=True, slots=True)
class SendReport:
    """How many messages went which way; `said` keeps the first words heard for each reason."""

    accepted: int
    deferred: Mapping[str, int]
    refused: Mapping[str, int]
    cancelled: Mapping[str, int]
    unknown: int
    left_by_a_dead_sender: int
    said: Mapping[str, str]


@dataclass(slots=True)
class _Tally:
    states: Counter[tuple[str, str]] = field(default_factory=Counter)
    said: dict[str, str] = field(default_factory=dict)

    def add(self, state: str, reason: str | None, detail: str | None = None) -> None:
        self.states[state, reason or ""] += 1
        if detail:
            self.said.setdefault(reason or state, detail)

    def of(self, state: str) -> dict[str, int]:
        return {reason: count for (one, reason), count in sorted(self.states.items()) if one == state}

    def report(self, dead: int) -> SendReport:
        accepted, unknown = sum(self.of("accepted").values()), sum(self.of("unknown").values())
        return SendReport(
            accepted,
            self.of("deferred"),
            self.of("refused"),
            self.of("cancelled"),
            unknown,
            dead,
            dict(self.said),
        )


@dataclass(frozen=True, slots=True)
class _Leaving:
    row: OutboxRow
    context: Mapping[str, Any]
    message_id: str


@dataclass(slots=True)
class _Work:
    """What one run of the sender carries about."""

    ledger: Ledger
    settings: MailSettings
    channel: Channel
    clock: Clock
    tally: _Tally = field(default_factory=_Tally)
    compiled: dict[tuple[str, int], CompiledMessage] = field(default_factory=dict)


def send_due(
    ledger: Ledger, channel: Channel, settings: MailSettings, clock: Clock, limit: int | None = None
) -> SendReport:
    """Hand over what is due on this channel, at most `limit` messages; each leaves at most once.

    Raises Refused when a live channel lacks what the reader needs, Unreachable when the server is dead (what
    had not left stays queued), Busy when another sender is at work.
    """
    if channel.live:
        refuse_unready(settings)
    work = _Work(ledger, settings, channel, clock)
    with ledger.sender_lock():
        dead = ledger.recover(channel.name, clock.now(), MAX_ATTEMPTS)
        if ledger.due(channel.name, clock.now(), 1):
            with channel.open() as delivery:
                _send_all(work, delivery, limit)
    return work.tally.report(dead)


def _send_all(work: _Work, delivery: Delivery, limit: int | None) -> None:
    done = 0
    while limit is None or done < limit:
        size = HANDING if limit is None else min(HANDING, limit - done)
        rows = _claim(work, size)
        if rows is None:
            return
        _hand_over(work, delivery, rows)
        done += len(rows)


def _claim(work: _Work, size: int) -> list[_Leaving] | None:
    """Judge the next rows and commit those that leave as `handing`; None when nothing is due any more."""
    now = work.clock.now()
    with work.ledger.transaction():
        rows = work.ledger.due(work.channel.name, now, size)
        if not rows:
            return None
        leaving, ended = _judged(work, rows, now)
        work.ledger.record(ended, now)
        work.ledger.begin_handing({one.row.id: one.message_id for one in leaving}, now)
    for outcome in ended:
        work.tally.add(outcome.state, outcome.reason)
    return leaving


def _judged(work: _Work, rows: Sequence[OutboxRow], now: datetime) -> tuple[list[_Leaving], list[Outcome]]:
    facts = work.ledger.hand_over_facts(rows)
    left, leaving, ended = set(facts.left_today), [], []
    for row in rows:
        verdict = judge(row.outgoing, facts, now, left)
        if verdict.state == "leave":
            left.add(same_address_key(row.outgoing))
            domain = work.settings.sender(row.outgoing.sender).domain
            name = row.message_id or message_id(row.outgoing.key, domain)
            leaving.append(_Leaving(row, verdict.context, name))
        else:
            ended.append(Outcome(row.id, verdict.state, verdict.reason))
    return leaving, ended


def _hand_over(work: _Work, delivery: Delivery, rows: Sequence[_Leaving]) -> None:
    """Deliver a batch and record it, whatever happens; rows never attempted go back to the queue."""
    outcomes = {one.row.id: Outcome(one.row.id, "queued", one.row.reason) for one in rows}
    try:
        for one in rows:
            # From here until its receipt, the honest word for this row is unknown.
            outcomes[one.row.id] = Outcome(one.row.id, "unknown", "interrupted")
            try:
                outcomes[one.row.id] = _one(work, delivery, one)
            except Unreachable:
                outcomes[one.row.id] = Outcome(one.row.id, "queued", one.row.reason)
                raise
    finally:
        work.ledger.record(outcomes.values(), work.clock.now())
        _suppress(work, rows, outcomes)


def _one(work: _Work, delivery: Delivery, one: _Leaving) -> Outcome:
    try:
        message = _message(work, one)
    except (BadContext, BadDocument, NotFound) as error:
        receipt = Receipt("refused", "not_rendered", str(error))
    else:
        receipt = delivery.deliver(message)
    outcome = _outcome(one.row, receipt, work.clock.now())
    work.tally.add(outcome.state, outcome.reason, receipt.detail)
    return outcome


def _outcome(row: OutboxRow, receipt: Receipt, now: datetime) -> Outcome:
    if receipt.state != "deferred":
        return Outcome(row.id, receipt.state, receipt.reason)
    if row.attempts + 1 >= MAX_ATTEMPTS:
        return Outcome(row.id, "refused", "gave_up")
    wait = timedelta(minutes=RETRY_MINUTES[min(row.attempts, len(RETRY_MINUTES) - 1)])
    return Outcome(row.id, "deferred", receipt.reason, retry_at=now + wait)


def _suppress(work: _Work, rows: Sequence[_Leaving], outcomes: Mapping[int, Outcome]) -> None:
    dead = [one.row.outgoing.address_hash for one in rows if outcomes[one.row.id].reason == BAD_ADDRESS]
    now = work.clock.now()
    work.ledger.suppress(Suppression(address, work.channel.name, BAD_ADDRESS, now) for address in dead)


def _compiled(work: _Work, row: Outgoing) -> CompiledMessage:
    name = (row.message, row.message_version)
    if name not in work.compiled:
        body = work.ledger.document("message", *name).body
        work.compiled[name] = _compiled_text(body, f"{row.message}, version {row.message_version}")
    return work.compiled[name]


@lru_cache(maxsize=64)  # a sender that runs again and again compiles a message once
def _compiled_text(body: str, source: str) -> CompiledMessage:
    return compile_message(load_message(body), source)


def links(settings: MailSettings, contact: int, scope: tuple[str, str, str]) -> dict[str, str]:
    """The links every message carries, for (channel, purpose, sender)."""
    return {
        "unsubscribe_url": settings.link("u", sign(settings.key, Claim(UNSUBSCRIBE, contact, scope))),
        "preferences_url": settings.link("p", sign(settings.key, Claim(PREFERENCES, contact, scope))),
    }


def complete_context(settings: MailSettings, sender: str, context: Mapping[str, Any]) -> dict[str, Any]:
    """The context with the brand, and the sender as the shop where no shop is named."""
    brand, writes = settings.brand, settings.sender(sender)
    full: dict[str, Any] = {
        "brand": {"name": brand.name, "address": brand.address, "url": brand.url},
        **context,
    }
    if not full.get("shop"):
        postal = writes.postal_address or brand.address
        full["shop"] = {"name": writes.name, "address": postal, "phone": writes.phone}
    return full


def _message(work: _Work, one: _Leaving) -> Message:
    row, settings = one.row.outgoing, work.settings
    public = links(settings, row.key.contact, (row.key.channel, row.kind, row.sender))
    context = complete_context(settings, row.sender, one.context) | public
    return Message(
        to=row.address,
        sender=settings.sender(row.sender),
        rendered=render(_compiled(work, row), row.language, row.locale, context),
        message_id=one.message_id,
        feedback=(row.key.scenario, row.key.step, row.kind, row.sender),
        unsubscribe_url=public["unsubscribe_url"],
        language=row.language,
        at=work.clock.now(),
    )
