"""Redirects and pixels, each hit durable before its answer, beside an endpoint that answers and does nothing else."""

from __future__ import annotations

import asyncio
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

import uvicorn

from relance.base.clock import SystemClock
from relance.engines.sqlite import migrate_ledger
from relance.engines.sqlite_hits import open_hits
from relance.messages.links import CLICK, OPEN, Claim, SigningKey, sign
from relance.tracking.app import Office, Tracker

KEY = SigningKey("1", b"a secret of this bench")
CONNECTIONS, SECONDS, ROUNDS, MESSAGES = 512, 3.0, 3, 2_000
WHERE = "https://shop.example/books/9782253010692?utm_source=relance"


def measure() -> dict[str, str]:
    """Answers a second over keep-alive connections, medians; each kind in turn, so that a busy machine is fair."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        migrate_ledger(home / "ledger.sqlite")
        with _served("bare", home) as bare, _served("tracker", home) as tracker:
            asked = {
                "bare": (bare, _paths("c")),
                "redirects": (tracker, _paths("c")),
                "pixels": (tracker, _paths("o")),
            }
            rounds: dict[str, list[float]] = {name: [] for name in asked}
            answered = 0
            for _ in range(ROUNDS):
                for name, (port, paths) in asked.items():
                    done = asyncio.run(_load(port, paths))
                    rounds[name].append(done / SECONDS)
                    answered += done if name != "bare" else 0
        kept = open_hits(home / "hits.sqlite").last_known(SystemClock().now())
    speed = {name: median(found) for name, found in rounds.items()}
    figures = {f"{name} a second": f"{found:,.0f}" for name, found in speed.items()}
    for name in ("redirects", "pixels"):
        figures[f"{name} / bare (goal ≥ 0.5, durable)"] = f"{speed[name] / speed['bare']:.2f}"
    return {**figures, "hits kept / answers": f"{kept:,} / {answered:,}"}


async def bare(scope: Any, receive: Any, send: Any) -> None:
    """The least that an ASGI application can answer."""
    if scope["type"] == "http":
        headers = [(b"location", WHERE.encode()), (b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 302, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


def _paths(page: str) -> list[bytes]:
    message = ("forgotten-cart", "reminder", "cart-123456#1", "email")
    more = (*message, "1", WHERE) if page == "c" else message
    purpose = CLICK if page == "c" else OPEN
    return [f"/t/{page}/{sign(KEY, Claim(purpose, one, more))}".encode() for one in range(MESSAGES)]


@contextmanager
def _served(kind: str, home: Path) -> Iterator[int]:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port = int(asked.getsockname()[1])
    server = get_context("spawn").Process(target=_serve, args=(kind, home, port), daemon=True)
    server.start()
    _wait(port)
    try:
        yield port
    finally:
        server.terminate()
        server.join()


def _serve(kind: str, home: Path, port: int) -> None:
    office = Office({KEY.id: KEY}, "Bench", {}, home / "ledger.sqlite", home / "hits.sqlite")
    app: Any = bare if kind == "bare" else Tracker(office, SystemClock())
    uvicorn.run(app, port=port, log_level="error", access_log=False, lifespan="off", server_header=False)


def _wait(port: int) -> None:
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return


async def _load(port: int, paths: list[bytes]) -> int:
    """How many answers came within SECONDS on CONNECTIONS connections, each asking anew when it is answered."""
    loop, until, turns = asyncio.get_running_loop(), time.monotonic() + SECONDS, cycle(paths)
    clients = [Client(turns, until) for _ in range(CONNECTIONS)]
    await asyncio.gather(*(loop.create_connection(lambda one=one: one, "127.0.0.1", port) for one in clients))
    await asyncio.gather(*(one.over for one in clients))
    return sum(one.answers for one in clients)


class Client(asyncio.Protocol):
    """One connection that asks, waits for the end of the answer's headers (its body is short), and asks again."""

    def __init__(self, paths: Iterator[bytes], until: float) -> None:
        self.paths, self.until, self.answers = paths, until, 0
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        if b"\r\n\r\n" not in data:
            return
        self.answers += 1
        if time.monotonic() < self.until:
            self._ask()
        else:
            self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.over.done():
            self.over.set_result(None)

    def _ask(self) -> None:
        self.transport.write(b"GET " + next(self.paths) + b" HTTP/1.1\r\nHost: x\r\nUser-Agent: Mozilla/5.0\r\n\r\n")
