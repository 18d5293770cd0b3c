"""A tracker over files of its own, asked as a browser, a mail program or a robot would, without a socket between."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from relance.base.clock import FixedClock
from relance.engines.ledger import Ledger
from relance.engines.sqlite import migrate_ledger, open_ledger
from relance.engines.sqlite_hits import open_hits
from relance.messages.links import UNSUBSCRIBE, Claim, SigningKey, sign
from relance.tracking.app import Office, Tracker

TEN = datetime(2026, 3, 10, 14, tzinfo=UTC)
KEY = SigningKey("1", b"a secret of this shop")
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@dataclass
class Reply:
    status: int
    headers: Mapping[str, str]
    body: str


@dataclass
class Desk:
    """Files and a tracker; `ask` is one request."""

    folder: Path
    brand: str = "Lire ici"
    senders: Mapping[str, str] = field(default_factory=lambda: {"shop": "Lire ici", "other": "Deux Rives"})
    keys: Mapping[str, SigningKey] = field(default_factory=lambda: {KEY.id: KEY})

    def __post_init__(self) -> None:
        migrate_ledger(self.folder / "ledger.sqlite")
        self.ledger: Ledger = open_ledger(self.folder / "ledger.sqlite")
        self.hits = open_hits(self.folder / "hits.sqlite")
        office = Office(self.keys, self.brand, self.senders, self.folder / "ledger.sqlite", self.folder / "hits.sqlite")
        self.tracker = Tracker(office, FixedClock(TEN))

    def ask(self, path: str, method: str = "GET", body: bytes = b"", agent: str = BROWSER, **more: str) -> Reply:
        return asked(self.tracker, path, method, agent, body, **more)

    def close(self) -> None:
        self.tracker.close()
        self.hits.close()
        self.ledger.close()

    def kept(self) -> list[str]:
        """What the hits file holds, once all that waits is written."""
        self.tracker.writer.close()
        return [f"{one.hit.kind} {one.hit.link or ''}".strip() for one in self.hits.of_messages(0, 10_000)]


def asked(tracker: Tracker, path: str, method: str, agent: str, body: bytes = b"", **more: str) -> Reply:
    """One request from a fixed network."""
    headers = [(b"user-agent", agent.encode("latin-1"))]
    headers += [(name.replace("_", "-").encode(), value.encode()) for name, value in more.items()]
    scope = {"type": "http", "method": method, "path": path, "headers": headers, "client": ("203.0.113.77", 5)}
    return asyncio.run(_asked(tracker, scope, body))


async def _asked(tracker: Tracker, scope: dict[str, Any], body: bytes) -> Reply:
    said: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(part: Any) -> None:
        said.append(part)

    await tracker(scope, receive, send)
    headers = {name.decode(): value.decode("latin-1") for name, value in said[0]["headers"]}
    return Reply(said[0]["status"], headers, said[1]["body"].decode("latin-1" if "gif" in str(headers) else "utf-8"))


def unsubscribe_token(language: str = "fr", purpose: str = UNSUBSCRIBE, contact: int = 7) -> str:
    scope = ("email", "marketing", "shop", language, "win-back", "send", "order-1")
    return sign(KEY, Claim(purpose, contact, scope))
