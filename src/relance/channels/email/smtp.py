"""Mail leaves to any SMTP server over a few connections at once; the loop runs only while a batch leaves."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from time import monotonic

from relance.base.errors import RelanceError
from relance.channels.channel import BAD_ADDRESS, Batch, Message, Receipt
from relance.channels.email.connecting import connect, password_of
from relance.channels.email.conversation import Conversation, Letter
from relance.channels.email.mime import BadAddress, ascii_address, to_wire
from relance.channels.settings import Smtp

AHEAD = 8
"""Letters written at once: more of them take less CPU each, but leave the server waiting meanwhile."""


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:  # not made for every system
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


class SmtpDelivery:
    """Open connections that come back by themselves when the server closes them."""

    def __init__(self, settings: Smtp) -> None:
        self.settings, self.password = settings, password_of(settings.password_file)
        self.loop = _new_loop()
        self.lines: set[Conversation] = set()
        try:
            self.lines.add(self.loop.run_until_complete(connect(settings, self.password)))
        except BaseException:
            self.loop.close()
            raise

    def close(self) -> None:
        for line in self.lines:
            line.leave()
        with suppress(RuntimeError):
            self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()

    def deliver(self, message: Message) -> Receipt:
        """Hand one message over. Raises Unreachable when no connection can be had; nothing left then."""
        batch = _One(message)
        self.deliver_all(batch)
        return batch.receipt or Receipt("deferred", "connection_lost")

    def deliver_all(self, batch: Batch) -> None:
        round_ = _Round(self, batch)
        try:
            self.loop.run_until_complete(round_.run())
        finally:
            round_.close()
        if round_.trouble:
            raise round_.trouble


class _One:
    """A batch of one message."""

    def __init__(self, message: Message) -> None:
        self.waiting: Message | None = message
        self.receipt: Receipt | None = None

    def next(self) -> Message | None:
        message, self.waiting = self.waiting, None
        return message

    def may_send(self) -> bool:
        return True

    def done(self, message: Message, receipt: Receipt) -> None:
        self.receipt = receipt

    def give_back(self, message: Message) -> None:
        pass


class _Round:
    """One batch on its way over the connections of a delivery."""

    def __init__(self, delivery: SmtpDelivery, batch: Batch) -> None:
        self.delivery, self.batch, self.settings = delivery, batch, delivery.settings
        self.lines = delivery.lines
        self.again: deque[Letter] = deque()
        self.opening: set[asyncio.Task[None]] = set()
        self.resting: set[Conversation] = set()
        self.trouble: RelanceError | None = None
        self.over = asyncio.Event()
        self.drained = False

    async def run(self) -> None:
        for line in tuple(self.lines):
            line.bag = self
            line.pull()
        while len(self.lines) + len(self.opening) < self.settings.connections and (letter := self.take()):
            self.again.append(letter)
            self._open()
        self._look()
        while not self.over.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self.over.wait(), self.settings.timeout_seconds / 4)
            self._hang_up_on_the_silent()

    def close(self) -> None:
        """Whatever happened, every letter taken has its word."""
        self.over.set()
        for task in self.opening:
            task.cancel()
        for line in tuple(self.lines):
            if line.waiting:
                line.drop()
            line.bag = None
        for letter in self.again:
            self.batch.give_back(letter.message)
        self.again.clear()

    # --- what a conversation asks and tells ------------------------------------------------------------------

    def take(self) -> Letter | None:
        if not self.again and not self.drained and not self.trouble:
            self._write_ahead()
        return self.again.popleft() if self.again else None

    def _write_ahead(self) -> None:
        """Some letters one after the other: written in turns with the network, each would take longer."""
        messages = list(islice(iter(self.batch.next, None), AHEAD))
        self.drained = len(messages) < AHEAD
        self.again.extend(filter(None, map(self._letter, messages)))

    def _letter(self, message: Message) -> Letter | None:
        try:
            to, sender = ascii_address(message.to), ascii_address(message.sender.address)
            return Letter(message, sender, to, to_wire(message))
        except BadAddress as error:
            self.batch.done(message, Receipt("refused", BAD_ADDRESS, str(error)))
        except Exception as error:  # a defect in one letter may not put those written with it in doubt
            self.batch.done(message, Receipt("refused", "not_rendered", f"{type(error).__name__}: {error}"))
        return None

    def may_send(self) -> bool:
        return self.batch.may_send()

    def done(self, letter: Letter, receipt: Receipt) -> None:
        self.batch.done(letter.message, receipt)

    def lost(self, letter: Letter) -> None:
        """Nothing has left, so one more try on another connection is safe."""
        letter.tries += 1
        if not self.batch.may_send():
            self.batch.give_back(letter.message)
        elif letter.tries > 1:
            self.batch.done(letter.message, Receipt("deferred", "connection_lost"))
        else:
            self.again.append(letter)

    def idle(self, conversation: Conversation) -> None:
        self.resting.add(conversation)
        self._look()

    def ended(self, conversation: Conversation) -> None:
        self.lines.discard(conversation)
        self.resting.discard(conversation)
        if not self.over.is_set() and (self.again or not self.drained):
            self._open()
        self._look()

    # --- connections -----------------------------------------------------------------------------------------

    def _open(self) -> None:
        task = asyncio.get_running_loop().create_task(self._opened())
        self.opening.add(task)
        task.add_done_callback(self._arrived)

    async def _opened(self) -> None:
        try:
            line = await connect(self.settings, self.delivery.password)
        except RelanceError as error:
            if not self.lines:
                self.trouble = error
            return
        line.bag = self
        self.lines.add(line)
        line.pull()

    def _arrived(self, task: asyncio.Task[None]) -> None:
        self.opening.discard(task)
        self._look()

    def _look(self) -> None:
        """The batch is over when no line is at work and nothing, or nobody to carry it, is left."""
        if self.again and not self.opening:
            for line in tuple(self.resting):
                self.resting.discard(line)
                line.pull()
        if any(line.waiting for line in self.lines):
            return
        finished = self.drained and not self.again
        stuck = not self.opening and (self.trouble is not None or not self.lines)
        if finished or stuck:
            self.over.set()

    def _hang_up_on_the_silent(self) -> None:
        late = monotonic() - self.settings.timeout_seconds
        for line in tuple(self.lines):
            if line.waiting and line.since < late:
                line.drop()


class SmtpChannel:
    """E-mail through a server of the settings."""

    name = "email"
    live = True

    def __init__(self, settings: Smtp) -> None:
        self.settings = settings

    @contextmanager
    def open(self) -> Iterator[SmtpDelivery]:
        """Connect. Raises Unreachable, Refused or BadDocument."""
        delivery = SmtpDelivery(self.settings)
        try:
            yield delivery
        finally:
            delivery.close()
