"""One connection to a mail server: letters go out back to back, every reply or silence becomes a receipt."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Protocol, cast

from relance.channels.channel import Message, Receipt
from relance.channels.email.replies import Stage, classify

LONGEST_REPLY = 64_000

_ACCEPTED = Receipt("accepted")

Reply = tuple[int, bytes]


@dataclass(slots=True, eq=False)
class Letter:
    """A message as a server takes it. `begun` is true from the first byte of its text."""

    message: Message
    sender: str
    to: str
    data: bytes
    tries: int = 0
    begun: bool = False
    failure: Receipt | None = None

    @property
    def mail(self) -> bytes:
        return f"MAIL FROM:<{self.sender}>\r\n".encode("ascii")

    @property
    def rcpt(self) -> bytes:
        return f"RCPT TO:<{self.to}>\r\n".encode("ascii")


class Postbag(Protocol):
    """Where a conversation takes letters from, and to whom it tells what became of them."""

    def take(self) -> Letter | None: ...

    def may_send(self) -> bool: ...

    def done(self, letter: Letter, receipt: Receipt) -> None: ...

    def lost(self, letter: Letter) -> None:
        """The connection ended before the text of this letter began."""

    def idle(self, conversation: Conversation) -> None: ...

    def ended(self, conversation: Conversation) -> None: ...


_Heard = Callable[[Letter, int, bytes], None]


class Conversation(asyncio.Protocol):
    """The client's side. With PIPELINING the next envelope travels with the text before it (RFC 2920)."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.bag: Postbag | None = None
        self.pipelining = False
        self.handed, self.most = 0, 100
        self.since = monotonic()
        self.open = self.ready = False
        self._rest = b""
        self._lines: list[bytes] = []
        self._expected: deque[tuple[_Heard, Letter]] = deque()
        self._asked: asyncio.Future[Reply] | None = None

    # --- the line -----------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.open = cast(asyncio.Transport, transport), True

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._line(line.rstrip(b"\r"))
        if len(self._rest) > LONGEST_REPLY or len(self._lines) > 1_000:
            self.drop()

    def connection_lost(self, exc: Exception | None) -> None:
        self.drop()

    def _line(self, line: bytes) -> None:
        self._lines.append(line[4:])
        if line[3:4] == b"-":
            return
        words, self._lines = b"\n".join(self._lines), []
        if not line[:3].isdigit() or not self.open:
            return self.drop()
        self.since = monotonic()
        self._reply(int(line[:3]), words)

    def _reply(self, code: int, words: bytes) -> None:
        if self._asked and not self._asked.done():
            self._asked.set_result((code, words))
        elif not self._expected:  # a server that speaks unasked says good-bye
            self.drop()
        else:
            heard, letter = self._expected.popleft()
            heard(letter, code, words)
            if code == 421:
                self.drop()
            elif not self._expected:
                self.pull()

    def drop(self) -> None:
        """Hang up. A letter whose text had begun is in doubt, one still at its envelope surely did not leave."""
        if not self.open:
            return
        self.open = False
        if self.transport:
            self.transport.abort()
        if self._asked and not self._asked.done():
            self._asked.set_exception(ConnectionError("the line was closed"))
        letters = dict.fromkeys(letter for _, letter in self._expected)
        self._expected.clear()
        for letter in letters:
            self._end(letter)
        if self.bag:
            self.bag.ended(self)

    def _end(self, letter: Letter) -> None:
        assert self.bag is not None
        if letter.begun:
            self.bag.done(letter, Receipt("unknown", "connection_lost_after_data"))
        elif letter.failure:
            self.bag.done(letter, letter.failure)
        else:
            self.bag.lost(letter)

    # --- before the first letter ----------------------------------------------------------------------------

    async def listen(self) -> Reply:
        """The next reply, outside the delivery of letters."""
        self._asked = asyncio.get_running_loop().create_future()
        try:
            return await self._asked
        finally:
            self._asked = None

    async def ask(self, line: str) -> Reply:
        self._write(line.encode("ascii") + b"\r\n")
        return await self.listen()

    def forget(self) -> None:
        """What was said before the line was secured counts for nothing."""
        self._rest = b""
        self._lines.clear()

    def leave(self) -> None:
        """Say good-bye without waiting for the answer."""
        if self.open:
            self.open = False
            self._write(b"QUIT\r\n")
            if self.transport:
                self.transport.close()

    # --- letters --------------------------------------------------------------------------------------------

    @property
    def waiting(self) -> bool:
        """Whether the server owes us an answer."""
        return bool(self._expected)

    def pull(self) -> None:
        """Take the next letter; without one the line stays open, idle."""
        if not self.open or self.bag is None or self._expected:
            return
        if self.handed >= self.most:
            self.leave()
            return self.bag.ended(self)
        letter = self.bag.take()
        if letter is None:
            return self.bag.idle(self)
        self.since = monotonic()
        self._write(self._envelope(letter))

    def _envelope(self, letter: Letter) -> bytes:
        self.handed += 1
        letter.failure = None
        if not self.pipelining:
            self._expected.append((self._mail, letter))
            return letter.mail
        self._expected.extend(((self._mail, letter), (self._rcpt, letter), (self._data, letter)))
        return letter.mail + letter.rcpt + b"DATA\r\n"

    def _mail(self, letter: Letter, code: int, words: bytes) -> None:
        if code != 250:
            return self._refused(letter, code, words, "mail")
        if not self.pipelining:
            self._next(letter, letter.rcpt, self._rcpt)

    def _rcpt(self, letter: Letter, code: int, words: bytes) -> None:
        if code not in (250, 251):
            return self._refused(letter, code, words, "rcpt")
        if not self.pipelining:
            self._next(letter, b"DATA\r\n", self._data)

    def _data(self, letter: Letter, code: int, words: bytes) -> None:
        if code != 354:
            return self._refused(letter, code, words, "data", last=True)
        assert self.bag is not None
        if letter.failure:
            # A server may answer 354 although it took no recipient; nothing but the lone dot goes to it.
            self._next(letter, b".\r\n", self._dot)
        elif not self.bag.may_send():
            self.bag.lost(letter)
            self.drop()
        else:
            self._text(letter)

    def _text(self, letter: Letter) -> None:
        """The text with its final dot, and the next envelope right behind it."""
        assert self.bag is not None
        letter.begun = True
        self._expected.append((self._answer, letter))
        more = self.bag.take() if self.pipelining and self.handed < self.most else None
        self._write(letter.data, *((self._envelope(more),) if more else ()))

    def _answer(self, letter: Letter, code: int, words: bytes) -> None:
        assert self.bag is not None
        self.bag.done(letter, _ACCEPTED if code == 250 else classify(code, words, "data"))

    def _dot(self, letter: Letter, code: int, words: bytes) -> None:
        assert self.bag is not None and letter.failure is not None
        self.bag.done(letter, letter.failure)

    def _refused(self, letter: Letter, code: int, words: bytes, stage: Stage, *, last: bool = False) -> None:
        """The first refusal counts; the letter ends with the last answer of its envelope."""
        letter.failure = letter.failure or classify(code, words, stage)
        assert self.bag is not None
        if code == 421:
            self._expected = deque(one for one in self._expected if one[1] is not letter)
            self.bag.done(letter, letter.failure)
        elif last or not self.pipelining:
            self._next(letter, b"RSET\r\n", self._dot)

    def _next(self, letter: Letter, line: bytes, heard: _Heard) -> None:
        self._expected.append((heard, letter))
        self._write(line)

    def _write(self, *data: bytes) -> None:
        if self.transport:
            self.transport.writelines(data)
