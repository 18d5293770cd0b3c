"""An SMTP server with PIPELINING that drops, defers, closes and falls silent as told, and counts what it took."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

from relance.channels.settings import Smtp


@dataclass
class Hostile:
    """What it does wrong, each at every n-th chance (0: never); `taken` is every recipient whose text it has."""

    later: int = 0
    """451 to RCPT."""
    closing: int = 0
    """421 to MAIL, with the rest of the pipeline unanswered."""
    dropping: int = 0
    """Takes the text and closes the line before it answers."""
    silent: int = 0
    """Takes the text and answers only after `pause` seconds."""
    pause: float = 3.0
    pipelining: bool = True
    rcpt: str = "250 2.1.5 yes"
    data_anyway: bool = False
    """354 to DATA even where no recipient was taken."""
    each: float = 0.0
    """Seconds every message takes it."""
    taken: list[str] = field(default_factory=list)
    texts: list[bytes] = field(default_factory=list)
    empty: int = 0
    lines: int = 0
    _turn: dict[str, Iterator[int]] = field(default_factory=dict)

    def now(self, name: str, every: int) -> bool:
        return bool(every) and next(self._turn.setdefault(name, count(1))) % every == 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.lines += 1
        try:
            writer.write(b"220 hostile\r\n")
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to: str | None = None
        while line := await reader.readline():
            word = line[:4].upper()
            if word == b"EHLO":
                offers = b"250-hostile\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
                writer.write(offers if self.pipelining else b"250 hostile\r\n")
            elif word == b"MAIL":
                if self.now("closing", self.closing):
                    writer.write(b"421 4.3.2 closing\r\n")
                    return await writer.drain()
                to = None
                writer.write(b"250 ok\r\n")
            elif word == b"RCPT":
                reply = "451 4.7.1 later" if self.now("later", self.later) else self.rcpt
                if reply.startswith("250"):
                    to = line[9:].strip(b"<>\r\n ").decode()
                writer.write(f"{reply}\r\n".encode())
            elif word == b"DATA":
                if to is None and not self.data_anyway:
                    writer.write(b"554 5.5.1 no valid recipients\r\n")
                    continue
                writer.write(b"354 go on\r\n")
                if not await self._text(reader, writer, to):
                    return
            elif word == b"QUIT":
                return
            else:
                writer.write(b"250 ok\r\n")

    async def _text(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, to: str | None) -> bool:
        """Take a text; False when the line is dropped instead of answered."""
        if to is None:
            assert await reader.readline() == b".\r\n"
            self.empty += 1
            writer.write(b"554 5.5.1 no valid recipients\r\n")
            return True
        self.texts.append(await reader.readuntil(b"\r\n.\r\n"))
        self.taken.append(to)
        if self.each:
            await asyncio.sleep(self.each)
        if self.now("dropping", self.dropping):
            writer.transport.abort()
            return False
        if self.now("silent", self.silent):
            await asyncio.sleep(self.pause)
        writer.write(b"250 2.0.0 taken\r\n")
        return True


@contextmanager
def hostile_server(hostile: Hostile, port: int = 0) -> Iterator[Smtp]:
    """The server on a port of this machine, in a thread of its own."""
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(hostile.serve, "127.0.0.1", port, limit=2**20))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield Smtp("127.0.0.1", server.sockets[0].getsockname()[1], tls="none", timeout_seconds=2)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
