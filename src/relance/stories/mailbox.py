"""Mail of a story comes in and is kept in the home's mailbox, but for addresses that a server would not take."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from relance.channels.channel import Message, Receipt
from relance.channels.email.mailbox import MailboxDelivery
from relance.channels.email.replies import classify

_CODE, _NOBODY = 550, b"5.1.1 nobody here"


class PickyDelivery(MailboxDelivery):
    """Answers as a server does that does not know an address."""

    def __init__(self, folder: Path, refused: Collection[str]) -> None:
        super().__init__(folder)
        self.refused = refused

    def deliver(self, message: Message) -> Receipt:
        return classify(_CODE, _NOBODY, "rcpt") if message.to in self.refused else super().deliver(message)


class PickyMailbox:
    """The mailbox of a story."""

    name = "email"
    live = False

    def __init__(self, folder: Path, refused: Collection[str]) -> None:
        self.folder = folder
        self.refused = refused

    @contextmanager
    def open(self) -> Iterator[PickyDelivery]:
        yield PickyDelivery(self.folder, self.refused)
