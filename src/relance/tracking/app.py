"""The tracker: requests for the links of messages become redirects, pixels and pages; a plain ASGI application."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote

from relance.base.clock import Clock
from relance.base.errors import Refused, RelanceError
from relance.engines.hits import Hit
from relance.engines.sqlite import open_ledger
from relance.messages.following import PAGES
from relance.messages.links import PREFERENCES, UNSUBSCRIBE
from relance.tracking.asking import asker_of
from relance.tracking.leaving import CHOICES, ONE_CLICK, PAGE, Choice, leave
from relance.tracking.pages import POLICY, ask_page, broken_page, busy_page, done_page
from relance.tracking.tokens import Keys, Leave, leave_of, open_of, redirect_of
from relance.tracking.writer import HitWriter

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

LARGEST_BODY, LARGEST_HEADERS = 4_096, 16_384  # bytes
PIXEL = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")
_AS_IT_IS = "%:/?#[]@!$&'()*+,;=~"  # of an address, besides letters and digits
ALWAYS: Headers = [
    (b"cache-control", b"no-store, private"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-robots-tag", b"noindex, nofollow"),
]
_PAGE: Headers = [(b"content-type", b"text/html; charset=utf-8"), (b"content-security-policy", POLICY.encode())]


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: no cookie is ever among it."""

    status: int
    headers: Headers
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Office:
    """What the tracker stands on: keys, the brand, its senders' shown names, two files.

    It needs no warehouse; redirects need no ledger either.
    """

    keys: Keys
    brand: str
    senders: Mapping[str, str]
    ledger: Path
    hits: Path

    def name_of(self, sender: str | None) -> str:
        """Who stops writing: the sender where there are several, else the brand."""
        return self.senders.get(sender or "", self.brand) if len(self.senders) > 1 else self.brand


class Tracker:
    """The application; paths are `/t/c/TOKEN`, `/t/o/TOKEN`, `/t/u/TOKEN`, `/t/p/TOKEN` and `/t/health`."""

    def __init__(self, office: Office, clock: Clock) -> None:
        self.office, self.clock = office, clock
        self.writer = HitWriter(office.hits, office.ledger, self.clock)
        self._hands = ThreadPoolExecutor(max_workers=1, thread_name_prefix="leaving")
        self._pages: Mapping[str, Callable[[Scope, Receive, str], Awaitable[Answer]]] = {
            "c": self._click, "o": self._open, "u": self._unsubscribe, "p": self._preferences}  # fmt: skip

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await _say(send, await self._answer(scope, receive), scope["method"] == "HEAD")

    def close(self) -> None:
        """Keeps what is under way, and lets go of the files."""
        self.writer.close()
        self._hands.shutdown()

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            step = (await receive())["type"].removeprefix("lifespan.")
            if step == "shutdown":
                self.close()
            await send({"type": f"lifespan.{step}.complete"})
            if step == "shutdown":
                return

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        if sum(len(name) + len(value) for name, value in scope["headers"]) > LARGEST_HEADERS:
            return Answer(431, _PAGE, broken_page(self.office.brand))
        root, _, rest = scope["path"].removeprefix("/").partition("/")
        page, _, token = rest.partition("/")
        if root == PAGES and page == "health" and not token:
            return self._health()
        if root != PAGES or page not in self._pages:
            return self._broken()
        if scope["method"] not in ("GET", "HEAD", *(["POST"] if page in "up" else [])):
            return Answer(405, [(b"allow", b"GET, HEAD, POST" if page in "up" else b"GET, HEAD")])
        try:
            return await self._pages[page](scope, receive, token)
        except Refused:
            return self._broken()

    async def _click(self, scope: Scope, _: Receive, token: str) -> Answer:
        leads = redirect_of(self.office.keys, token, asker_of(scope))
        await self._keep(scope, leads.hit)
        return Answer(302, [(b"location", _location(leads.destination))])

    async def _open(self, scope: Scope, _: Receive, token: str) -> Answer:
        await self._keep(scope, open_of(self.office.keys, token.removesuffix(".gif"), asker_of(scope)))
        return Answer(200, [(b"content-type", b"image/gif")], PIXEL)

    async def _keep(self, scope: Scope, hit: Hit) -> None:
        """A GET is a hit; a HEAD asks about the link and is none."""
        if scope["method"] == "GET":
            await self.writer.keep(hit)

    async def _unsubscribe(self, scope: Scope, receive: Receive, token: str) -> Answer:
        return await self._leave(scope, receive, leave_of(self.office.keys, token, UNSUBSCRIBE))

    async def _preferences(self, scope: Scope, receive: Receive, token: str) -> Answer:
        return await self._leave(scope, receive, leave_of(self.office.keys, token, PREFERENCES))

    async def _leave(self, scope: Scope, receive: Receive, wish: Leave) -> Answer:
        """GET asks and changes nothing; POST is heard at once, without session, cookie or referrer (RFC 8058)."""
        name = self.office.name_of(wish.sender)
        if scope["method"] != "POST":
            return Answer(200, _PAGE, ask_page(wish.language, name, wish.channel, wish.purpose))
        body = await _body(receive)
        if body is None:
            return Answer(413, _PAGE, broken_page(self.office.brand))
        choice, source = _choice(body)
        if not await asyncio.get_running_loop().run_in_executor(self._hands, self._left, wish, choice, source):
            return Answer(503, [*_PAGE, (b"retry-after", b"30")], busy_page(wish.language, name))
        return Answer(200, _PAGE, done_page(wish.language, name, choice))

    def _left(self, wish: Leave, choice: Choice, source: str) -> bool:
        """Whether the ledger has it; only then is the person told so."""
        try:
            ledger = open_ledger(self.office.ledger)
        except RelanceError:
            return False
        try:
            whom = wish if len(self.office.senders) > 1 else replace(wish, sender=None)
            new = leave(ledger, whom, choice, source, _said(wish, choice), self.clock.now())
        except RelanceError:
            return False
        finally:
            ledger.close()
        if new and wish.hit is not None and choice != "following":
            self.writer.keep_later(wish.hit)
        return True

    def _broken(self) -> Answer:
        return Answer(404, _PAGE, broken_page(self.office.brand))

    def _health(self) -> Answer:
        return Answer(200, [(b"content-type", b"application/json")], b'{"lost_hits": %d}' % self.writer.lost)


def _location(destination: str) -> bytes:
    return (destination if destination.isascii() else quote(destination, safe=_AS_IT_IS)).encode("ascii")


def _choice(body: bytes) -> tuple[Choice, str]:
    """What the form chose; whatever else is posted to the link is the one click of a mail program."""
    said = parse_qs(body.decode("latin-1"), max_num_fields=20).get("choice", [""])[0] if body.count(b"&") < 20 else ""
    chosen: Choice | None = next((choice for choice in CHOICES if choice == said), None)
    return (chosen, PAGE) if chosen else ("kind", ONE_CLICK)


def _said(wish: Leave, choice: Choice) -> str:
    return f"{choice}: {wish.purpose}, {wish.channel}"


async def _body(receive: Receive) -> bytes | None:
    """The whole body; None where it is too large or its sender has gone."""
    body = b""
    while True:
        part = await receive()
        if part["type"] != "http.request":
            return None
        body += bytes(part.get("body", b""))
        if len(body) > LARGEST_BODY:
            return None
        if not part.get("more_body"):
            return body


async def _say(send: Send, answer: Answer, head: bool) -> None:
    length = (b"content-length", str(len(answer.body)).encode())
    headers = [*answer.headers, *ALWAYS, length]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else answer.body})
