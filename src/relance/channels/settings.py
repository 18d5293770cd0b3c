"""What the settings file says about sending, as plain facts: brand, senders, server, links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from relance.base.errors import Refused
from relance.messages.following import PAGES
from relance.messages.links import SigningKey


@dataclass(frozen=True, slots=True)
class Brand:
    """On whose behalf messages are written. `address` is postal."""

    name: str
    address: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes: shown name, address, where replies go; postal address and phone of a shop of its own."""

    name: str
    address: str
    reply_to: str | None = None
    postal_address: str | None = None
    phone: str | None = None
    unsubscribe_mailto: str | None = None

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Smtp:
    """A server that takes mail. The password is the first line of a file that only its owner may read.

    At most `per_domain` messages a minute go to one domain, 0 for no limit.
    """

    host: str
    port: int = 587
    user: str | None = None
    password_file: Path | None = None
    tls: Literal["none", "starttls", "tls"] = "starttls"
    timeout_seconds: float = 30.0
    hello: str = "localhost"
    messages_per_connection: int = 100
    connections: int = 4
    per_domain: int = 0


@dataclass(frozen=True, slots=True)
class MailSettings:
    """All a sender of e-mail needs to know. `test_addresses` are the only ones a test message may go to."""

    brand: Brand
    senders: Mapping[str, Sender]
    key: SigningKey
    public_url: str | None = None
    smtp: Smtp | None = None
    test_addresses: frozenset[str] = field(default_factory=frozenset)

    def sender(self, name: str) -> Sender:
        """The sender of this name; where there is only one, any name means it. Without any, the brand, which
        only the mailbox accepts. Raises Refused."""
        if not self.senders:
            return Sender(self.brand.name or "Relance", "relance@relance.invalid")
        if len(self.senders) == 1:
            return next(iter(self.senders.values()))
        if name not in self.senders:
            known = ", ".join(self.senders) or "none"
            raise Refused(f"the settings have no sender “{name}” (they have {known}); add it, nothing was sent")
        return self.senders[name]

    def link(self, page: str, token: str) -> str:
        """A public address; one that leads nowhere where the mail stays in the built-in mailbox."""
        return f"{self.root}/{PAGES}/{page}/{token}"

    @property
    def root(self) -> str:
        """Where our public pages begin."""
        return (self.public_url or "https://relance.invalid").rstrip("/")


def refuse_unready(settings: MailSettings) -> None:
    """Refuse a live send that the reader could not answer, identify or leave. Raises Refused."""
    missing = [
        what
        for what, there in (
            ("public_url (https)", (settings.public_url or "").startswith("https://")),
            ("the brand's name", settings.brand.name.strip()),
            ("the brand's postal address", settings.brand.address.strip()),
            ("a sender", settings.senders),
        )
        if not there
    ]
    if missing:
        raise Refused(f"nothing was sent: the settings need {', '.join(missing)} before mail may leave")


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """What the caller of webhooks knows: the secret that signs, and private places it may call all the same."""

    secret: bytes
    private: frozenset[str] = field(default_factory=frozenset)
