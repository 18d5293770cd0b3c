"""A shop that may write, a ledger with messages in it, and real SMTP servers that behave as told."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from relance.base.clock import FixedClock
from relance.channels.email.mailbox import MailboxChannel
from relance.channels.settings import Brand, MailSettings, Sender, Smtp
from relance.engines.ledger import Ledger, OutboxKey, Outgoing
from relance.engines.sqlite import migrate_ledger, open_ledger
from relance.messages.documents import canonical_body, shipped
from relance.messages.links import SigningKey

NINE = datetime(2026, 3, 10, 13, tzinfo=UTC)
CLOCK = FixedClock(NINE)
KEY = SigningKey("k1", b"a secret of this shop")
SHOP = Sender("Librairie des Deux Rives", "bonjour@deuxrives.example", "sophie@deuxrives.example")
SETTINGS = MailSettings(
    brand=Brand("Lire ici", "12, rue Saint-Jean, Québec (Québec) G1R 1S1", "https://lireici.example"),
    senders={"shop": SHOP},
    key=KEY,
    public_url="https://courriels.lireici.example",
    test_addresses=frozenset({"essai@lireici.example"}),
)


def outgoing(contact: int, **more: Any) -> Outgoing:
    """A second-purchase message to one contact, due now; `more` replaces any column, key parts included."""
    parts = {"scenario": "second-purchase", "step": "send", "occurrence": "once", "channel": "email"}
    key = OutboxKey(contact=contact, **{name: more.pop(name, value) for name, value in parts.items()})
    columns: dict[str, Any] = {
        "kind": "marketing",
        "version": 1,
        "sender": "shop",
        "message": "second-purchase",
        "message_version": 1,
        "language": "fr",
        "locale": "fr-CA",
        "context": {"contact": {"first_name": "Hélène"}, "product": "Les Marées lentes"},
        "address": f"contact{contact}@example.test",
        "address_hash": f"hash-{contact}",
        "local_day": date(2026, 3, 10),
        "due_at": NINE,
        "created_at": NINE,
    }
    return Outgoing(key=key, keys=(key.occurrence,), **{**columns, **more})


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    path = tmp_path / "ledger.sqlite"
    migrate_ledger(path)
    opened = open_ledger(path)
    for name in ("second-purchase", "win-back", "forgotten-cart"):
        opened.publish("message", name, canonical_body(shipped(name)), NINE)
    yield opened
    opened.close()


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    return tmp_path / "mail"


@pytest.fixture
def mailbox(maildir: Path) -> MailboxChannel:
    return MailboxChannel(maildir)


@dataclass
class Postmaster:
    """A server that answers RCPT and DATA as told, and keeps what it took."""

    rcpt: Callable[[str], str] = lambda address: "250 yes"
    data: Callable[[str], str] = lambda address: "250 taken"
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    line: SMTP | None = None

    def hang_up(self) -> None:
        """Close the line that spoke last, which may be idle."""
        assert self.line is not None
        self.line.loop.call_soon_threadsafe(cast(asyncio.Transport, self.line.transport).abort)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.line = server
        reply = self.rcpt(address)
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return await _said(server, reply)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        to = envelope.rcpt_tos[0]
        reply = self.data(to)
        if not reply.startswith(("4", "5")):
            self.taken.append((to, envelope.original_content or b""))
        return await _said(server, reply)


async def _said(server: SMTP, reply: str) -> str:
    """The reply; `hang up` closes the line without a word."""
    if reply.startswith("250 slowly"):
        await asyncio.sleep(0.01)
    if reply.endswith("hang up"):
        assert server.transport is not None
        cast(asyncio.Transport, server.transport).abort()
    return reply


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


@contextmanager
def smtp_server(postmaster: Postmaster) -> Iterator[Smtp]:
    controller = Controller(postmaster, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield Smtp("127.0.0.1", controller.port, tls="none", timeout_seconds=5)
    finally:
        controller.stop()


Serve = Callable[[Postmaster], AbstractContextManager[Smtp]]
