"""A sender: rows of the outbox that are due are leased, committed before they leave, and become receipts."""

from __future__ import annotations

import gc
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from relance.base.clock import Clock, SystemClock
from relance.base.errors import BadDocument, LeaseLost, Refused, RelanceError
from relance.channels.batch import MAX_ATTEMPTS, HandingBatch, Leaving, Settled
from relance.channels.channel import BAD_ADDRESS, Channel, Delivery, message_id
from relance.channels.domains import DomainPace, domain_pace
from relance.channels.hand_over import judge, same_address_key
from relance.channels.settings import MailSettings, refuse_unready
from relance.channels.writing import Writer
from relance.engines.ledger import Ledger, OutboxRow, Outcome, Suppression

AGAIN = timedelta(minutes=5)
"""A transactional message whose outcome is unknown is tried again so much later."""

LAST_PATIENCE = 20.0  # seconds a sender that was told to stop still waits for the ledger


@dataclass(frozen=True, slots=True)
class Pace:
    """How much a sender takes at once, and for how long it may be away."""

    handing: int = 100
    """At most so many rows are in flight when a sender dies."""
    leased: int = 1_000
    lease: timedelta = timedelta(minutes=5)
    margin: timedelta = timedelta(minutes=1)
    """No message begins to leave so shortly before the lease ends."""
    patience: float = 30.0
    """Seconds a sender waits for a ledger that cannot be written before it gives up."""


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


@dataclass(slots=True)
class _Work:
    """What one run of a sender carries about. `clock` is the shop's time, `machine` that of leases."""

    ledger: Ledger
    settings: MailSettings
    channel: Channel
    clock: Clock
    machine: Clock
    pace: Pace
    stopping: Callable[[], bool]
    writer: Writer
    until: datetime
    domains: DomainPace
    tally: _Tally = field(default_factory=_Tally)
    lease: int = 0
    settled: list[Settled] = field(default_factory=list)
    dead: int = 0

    def may_begin(self) -> bool:
        return not self.stopping() and self.machine.now() < self.until - self.pace.margin

    def may_send(self) -> bool:
        return self.machine.now() < self.until


def send_due(
    ledger: Ledger,
    channel: Channel,
    settings: MailSettings,
    clock: Clock,
    limit: int | None = None,
    *,
    pace: Pace | None = None,
    machine: Clock | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> SendReport:
    """Hand over what is due on this channel, at most `limit` messages; any number of senders may be at work.

    Raises Refused when a live channel lacks what the reader needs, Unreachable when the server is dead (what
    had not left stays queued), RelanceError when the ledger cannot be written.
    """
    if channel.live:
        refuse_unready(settings)
    writer, machine = Writer(ledger, settings), machine or SystemClock()
    domains = domain_pace(settings.smtp.per_domain if settings.smtp else 0)
    work = _Work(ledger, settings, channel, clock, machine, pace or Pace(), stopping, writer, machine.now(), domains)
    _recover(work)
    if ledger.due(channel.name, clock.now(), 1):
        with _rarely_collecting(), channel.open() as delivery:
            while not _send_all(work, delivery, limit):
                pass
    return work.tally.report(work.dead)


@contextmanager
def _rarely_collecting() -> Iterator[None]:
    """Rows and messages hold no cycles: to look for them among each thousand new objects finds nothing."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _recover(work: _Work) -> None:
    now = work.clock.now()
    work.dead += work.ledger.recover(work.channel.name, now, work.machine.now(), MAX_ATTEMPTS, AGAIN)


def _send_all(work: _Work, delivery: Delivery, limit: int | None) -> bool:
    """Send under one lease; False when the lease was lost and a new one must be taken."""
    try:
        with _lease(work):
            _under_lease(work, delivery, limit)
        return True
    except LeaseLost:
        # Whoever took over has already called these unknown, and they are not sent again.
        for _ in work.settled:
            work.tally.add("unknown", "overslept")
        work.settled.clear()
        return False


@contextmanager
def _lease(work: _Work) -> Iterator[None]:
    work.until = work.machine.now() + work.pace.lease
    work.lease = work.ledger.open_lease(work.channel.name, work.until)
    try:
        try:
            yield
        finally:
            if work.settled:
                _patiently(work, lambda: _commit(work, (), {}))
    finally:
        work.ledger.close_lease(work.lease)


def _patiently(work: _Work, write: Callable[[], None]) -> None:
    """What has left must be written down: a ledger that is locked or full is asked again for a while."""
    begun, patience = time.monotonic(), work.pace.patience
    while True:
        try:
            return write()
        except (LeaseLost, Refused, BadDocument):
            raise
        except RelanceError:
            if time.monotonic() - begun > (min(patience, LAST_PATIENCE) if work.stopping() else patience):
                raise
            time.sleep(0.2)


def _under_lease(work: _Work, delivery: Delivery, limit: int | None) -> None:
    waiting: deque[OutboxRow] = deque()
    done = 0
    while not work.stopping() and (limit is None or done < limit):
        if not waiting:
            room = work.pace.leased if limit is None else min(work.pace.leased, limit - done)
            _recover(work)
            waiting.extend(work.ledger.lease_rows(work.lease, work.channel.name, work.clock.now(), room))
        rows = [waiting.popleft() for _ in range(min(work.pace.handing, len(waiting)))]
        if not rows:
            return
        _hand_over(work, delivery, rows)
        done += len(rows)


def _hand_over(work: _Work, delivery: Delivery, rows: Sequence[OutboxRow]) -> None:
    """Commit as `handing` what may leave, give it to the channel, and keep what became of it."""
    leaving: list[Leaving] = []
    _patiently(work, lambda: leaving.extend(_claim(work, rows)))
    batch = HandingBatch(leaving, work.writer, work.clock.now(), work.may_begin, work.may_send)
    try:
        batch.hand_over(delivery)
    finally:
        work.settled.extend(batch.outcomes())


def _claim(work: _Work, rows: Sequence[OutboxRow]) -> list[Leaving]:
    """The last look at these rows, in the transaction that lets them leave."""
    now = work.clock.now()
    with work.ledger.transaction():
        held = work.ledger.still_leased(work.lease, [row.id for row in rows])
        leaving, ended = _judged(work, [row for row in rows if row.id in held], now)
        _commit(work, ended, {one.row.id: one.message_id for one in leaving})
    return leaving


def _commit(work: _Work, ended: Iterable[Settled], begin: Mapping[int, str]) -> None:
    """Write down what became of the last batch, and begin the next, in one transaction."""
    now, until = work.clock.now(), work.machine.now() + work.pace.lease
    settled = [*work.settled, *ended]
    with work.ledger.transaction():
        work.ledger.renew_lease(work.lease, until)
        work.ledger.record((one.outcome for one in settled), now, work.lease)
        _suppress(work, settled, now)
        work.ledger.begin_handing(begin, now, work.lease)
    work.until = until
    work.settled.clear()
    for one in settled:
        if one.outcome.state != "queued":
            work.tally.add(one.outcome.state, one.outcome.reason, one.detail)


def _suppress(work: _Work, settled: Iterable[Settled], now: datetime) -> None:
    dead = [one.row.outgoing.address_hash for one in settled if one.outcome.reason == BAD_ADDRESS]
    if dead:
        work.ledger.suppress(Suppression(address, work.channel.name, BAD_ADDRESS, now) for address in dead)


def _judged(work: _Work, rows: Sequence[OutboxRow], now: datetime) -> tuple[list[Leaving], list[Settled]]:
    facts = work.ledger.hand_over_facts(rows)
    left, leaving, ended = set(facts.left_today), [], []
    for row in rows:
        verdict = judge(row.outgoing, facts, now, left)
        if verdict.state != "leave":
            ended.append(Settled(row, Outcome(row.id, verdict.state, verdict.reason)))
        elif (wait := work.domains.wait(row.outgoing.address)) and row.outgoing.kind != "transactional":
            later = now + timedelta(seconds=wait)
            ended.append(Settled(row, Outcome(row.id, "deferred", "domain_rate", retry_at=later)))
        else:
            left.add(same_address_key(row.outgoing))
            domain = work.settings.sender(row.outgoing.sender).domain
            name = row.message_id or message_id(row.outgoing.key, domain)
            leaving.append(Leaving(row, verdict.context, name))
    return leaving, ended
