"""Senders as processes of their own: what one needs to know goes in, what became of the mail comes out."""

from __future__ import annotations

import math
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from pathlib import Path

from relance.base.clock import Clock
from relance.base.errors import BadDocument, Refused, RelanceError
from relance.channels.sender import Pace, SendReport, send_due
from relance.channels.settings import MailSettings, WebhookSettings
from relance.channels.setup import email_channel
from relance.channels.webhook.caller import call_due
from relance.engines.sqlite import open_ledger

REST = 2.0  # seconds between two looks when nothing was due
LONGEST_REST = 60.0  # seconds between two tries while something is wrong

_DIED = "a sender died; what it was handing over is listed as unknown"

Stopping = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Post:
    """All that a sender knows: the ledger, which holds the messages too, and how mail leaves."""

    ledger: Path
    settings: MailSettings
    mailbox: Path
    clock: Clock
    webhooks: WebhookSettings


def send_once(post: Post, limit: int | None = None, stopping: Stopping = lambda: False) -> SendReport:
    """Hand over what is due, in this process, and call what is to be called. Raises what `send_due` raises."""
    try:
        return _send(post, limit, stopping, Pace())
    finally:
        _call(post, stopping)  # a mail server that does not answer keeps no shop's own system waiting


def keep_sending(post: Post, stopping: Stopping, say: Callable[[str], None]) -> SendReport:
    """Hand over whatever falls due until told to stop. A server that does not answer, a locked ledger or a full
    disk is said once and waited out; what only a person can mend (Refused, BadDocument) is raised."""
    total, trouble, rest = NOTHING, "", REST
    threading.Thread(target=_keep_calling, args=(post, stopping, say), daemon=True).start()
    while not stopping():
        try:
            total = merged((total, _send(post, None, stopping, Pace(patience=math.inf))))
            trouble, rest = _said(say, trouble, ""), REST
        except (Refused, BadDocument):
            raise
        except RelanceError as error:
            trouble, rest = _said(say, trouble, str(error)), min(rest * 2, LONGEST_REST)
        _rest(rest, stopping)
    return total


def send_by(post: Post, senders: int, *, for_ever: bool, stopping: Stopping, say: Callable[[str], None]) -> SendReport:
    """The same by so many child processes, which leave when this process does, however it goes.

    For ever, a child that died is started again. Raises what the first of them raised, when all have ended.
    """
    crew = [_Sender(post, for_ever) for _ in range(senders)]
    told = False
    while any(one.process.is_alive() for one in crew):
        if stopping() and not told:
            told = True
            for one in crew:
                one.process.terminate()
        for one in crew:
            if for_ever and not told and one.process.exitcode:
                say(_DIED)
                one.start()
        time.sleep(0.05)
    answers = [one.answer() for one in crew]
    for answer in answers:
        if isinstance(answer, RelanceError):
            raise answer
    return merged(answer for answer in answers if isinstance(answer, SendReport))


class _Sender:
    """A child process that sends, and the line on which it answers at its end."""

    def __init__(self, post: Post, for_ever: bool) -> None:
        self.post, self.for_ever = post, for_ever
        self.start()

    def start(self) -> None:
        context = get_context("spawn")
        self.line, there = context.Pipe(duplex=False)
        self.process = context.Process(target=_child, args=(self.post, self.for_ever, there), daemon=True)
        self.process.start()
        there.close()

    def answer(self) -> SendReport | RelanceError:
        try:
            answer = self.line.recv()
        except EOFError:
            return RelanceError(_DIED)
        assert isinstance(answer, SendReport | RelanceError)
        return answer


@contextmanager
def until_told() -> Iterator[Stopping]:
    """A first SIGTERM or Ctrl-C finishes the batch under way and leaves; a second Ctrl-C interrupts."""
    told: list[int] = []

    def hear(number: int, frame: object) -> None:
        told.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = {one: signal.signal(one, hear) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield lambda: bool(told)
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


NOTHING = SendReport(0, {}, {}, {}, 0, 0, {})


def merged(reports: Iterable[SendReport]) -> SendReport:
    """Several reports as one."""
    listed = list(reports)

    def added(name: str) -> dict[str, int]:
        return dict(sum((Counter(getattr(one, name)) for one in listed), Counter[str]()))

    return SendReport(
        sum(one.accepted for one in listed),
        added("deferred"),
        added("refused"),
        added("cancelled"),
        sum(one.unknown for one in listed),
        sum(one.left_by_a_dead_sender for one in listed),
        {reason: words for one in reversed(listed) for reason, words in one.said.items()},
    )


def _send(post: Post, limit: int | None, stopping: Stopping, pace: Pace) -> SendReport:
    ledger = open_ledger(post.ledger)
    try:
        channel = email_channel(post.settings, post.mailbox)
        return send_due(ledger, channel, post.settings, post.clock, limit, pace=pace, stopping=stopping)
    finally:
        ledger.close()


def _call(post: Post, stopping: Stopping) -> None:
    ledger = open_ledger(post.ledger)
    try:
        call_due(ledger, post.webhooks, post.clock, stopping)
    finally:
        ledger.close()


def _keep_calling(post: Post, stopping: Stopping, say: Callable[[str], None]) -> None:
    """Beside the mail, which does not wait for a shop's own systems. What is under way at the end is called again."""
    trouble = ""
    while not stopping():
        try:
            _call(post, stopping)
            trouble = _said(say, trouble, "")
        except RelanceError as error:
            trouble = _said(say, trouble, str(error))
        _rest(REST, stopping)


def _said(say: Callable[[str], None], before: str, now: str) -> str:
    """Trouble is told when it begins, changes and ends, not at every try."""
    if now != before:
        say(now or "sending goes on")
    return now


def _rest(seconds: float, stopping: Stopping) -> None:
    until = time.monotonic() + seconds
    while not stopping() and time.monotonic() < until:
        time.sleep(0.1)


def _child(post: Post, for_ever: bool, to: Connection) -> None:
    parent = parent_process()
    with until_told() as told:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent too, which tells us

        def stopping() -> bool:
            return told() or (parent is not None and os.getppid() != parent.pid)

        answer: SendReport | RelanceError
        try:
            answer = keep_sending(post, stopping, _mutter) if for_ever else send_once(post, None, stopping)
        except RelanceError as error:
            answer = type(error)(str(error))
    with suppress(OSError):  # a parent that is gone hears nothing
        to.send(answer)


def _mutter(line: str) -> None:
    with suppress(OSError):
        os.write(2, f"sender {os.getpid()}: {line}\n".encode())
