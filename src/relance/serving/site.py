"""Requests come in; /health is answered here, /t goes to the tracker, everything else to the pages."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from time import monotonic
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Health = Callable[[], dict[str, Any]]

MOST_BODY = 32_000_000  # bytes of one request: more than any page takes
KEPT = 1.0  # seconds for which an answer about health holds, however often it is asked


def site(health: Health, pages: App, tracker: App) -> App:
    """One app of the three."""
    well = _health_app(health)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path == "/health":
            await well(scope, receive, send)
        elif path.startswith("/t/"):
            await tracker(scope, receive, send)
        else:
            await pages(scope, receive, send)

    return limited(app)


def limited(app: App) -> App:
    """Refuses a body that is too long before anybody reads it: once, for every page there is."""

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        said = dict(scope["headers"]).get(b"content-length")
        if said is not None and not (said.isdigit() and int(said) <= MOST_BODY):
            await _answer(send, 413, b"too long\n", b"text/plain")
        elif said is None and b"chunked" in dict(scope["headers"]).get(b"transfer-encoding", b""):
            await _answer(send, 411, b"say how long it is\n", b"text/plain")
        else:
            await app(scope, receive, send)

    return inner


def _health_app(health: Health) -> App:
    kept: tuple[float, dict[str, Any]] | None = None
    one_at_a_time = asyncio.Lock()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal kept
        if scope["method"] not in ("GET", "HEAD"):
            await _answer(send, 405, b"GET only\n", b"text/plain")
            return
        async with one_at_a_time:
            if kept is None or monotonic() - kept[0] > KEPT:
                kept = monotonic(), await asyncio.to_thread(health)
        body = json.dumps(kept[1], ensure_ascii=False, indent=2).encode() + b"\n"
        status = 200 if kept[1]["healthy"] else 503
        await _answer(send, status, b"" if scope["method"] == "HEAD" else body, b"application/json")

    return app


async def _answer(send: Send, status: int, body: bytes, kind: bytes) -> None:
    headers = [
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
