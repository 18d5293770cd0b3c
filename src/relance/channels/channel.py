"""The port to a channel: a rendered message with its envelope goes in, a receipt comes out."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Literal, Protocol, runtime_checkable

from relance.channels.settings import Sender
from relance.engines.ledger import OutboxKey
from relance.messages.rendering import Rendered


@dataclass(frozen=True, slots=True)
class Message:
    """What leaves: to whom, from whom, what. `feedback` is scenario, step, kind, sender."""

    to: str
    sender: Sender
    rendered: Rendered
    message_id: str
    feedback: tuple[str, str, str, str]
    unsubscribe_url: str
    language: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the channel said. `detail` is its own words, for people."""

    state: Literal["accepted", "deferred", "refused", "unknown"]
    reason: str | None = None
    detail: str | None = None


BAD_ADDRESS = "bad_address"
"""The one reason for which the address itself is suppressed."""


def message_id(key: OutboxKey, domain: str) -> str:
    """The Message-ID of an outbox key: the same at every attempt, and telling nothing of the contact."""
    text = "\n".join((key.scenario, key.step, str(key.contact), key.occurrence, key.channel))
    return f"<{sha256(text.encode()).hexdigest()[:32]}@{_ascii(domain)}>"


@lru_cache(maxsize=256)
def _ascii(domain: str) -> str:
    return domain.encode("idna").decode("ascii")


class Delivery(Protocol):
    """An open way out."""

    def deliver(self, message: Message) -> Receipt:
        """Hand one message over. Raises Unreachable when it surely did not begin to leave."""


class Batch(Protocol):
    """Messages to hand over many at a time; each taken gets one `done` or one `give_back`."""

    def next(self) -> Message | None:
        """The next one; None when there is no more, or when it is too late to begin another."""

    def may_send(self) -> bool:
        """To be asked right before the text is sent: a sender that overslept may not."""

    def done(self, message: Message, receipt: Receipt) -> None: ...

    def give_back(self, message: Message) -> None:
        """It surely did not begin to leave."""


@runtime_checkable
class ManyDelivery(Delivery, Protocol):
    """An open way out that is quicker when it may hand over many at once."""

    def deliver_all(self, batch: Batch) -> None:
        """Hand over the batch. Raises Unreachable; what was neither done nor given back did not leave then."""


class Channel(Protocol):
    """A way out. One that is `live` reaches people; the built-in mailbox does not."""

    name: str
    live: bool

    def open(self) -> AbstractContextManager[Delivery]:
        """Connect. Raises Unreachable, or Refused when the server will not have us."""
