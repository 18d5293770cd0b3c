"""The built-in mailbox: mails become files of a Maildir, straight or through a small SMTP server."""

from __future__ import annotations

import itertools
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.parser import BytesHeaderParser
from hashlib import sha256
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from relance.base.errors import Busy, Unreachable
from relance.base.ids import normal_address
from relance.channels.channel import BAD_ADDRESS, Message, Receipt
from relance.channels.email.mime import BadAddress, ascii_address, to_bytes

_count = itertools.count(1)


def store(folder: Path, to: str, mail: bytes) -> Path:
    """Keep one mail as a file of the Maildir, whole or not at all. Raises Unreachable when it cannot be written."""
    name = f"{os.getpid()}.{next(_count):08}.{sha256(mail).hexdigest()[:16]}"
    try:
        if not (folder / "cur").is_dir():
            _make(folder)
        written = folder / "tmp" / name
        written.write_bytes(f"Delivered-To: {to}\r\n".encode("ascii", "replace") + mail)
        return written.rename(folder / "new" / name)
    except OSError as error:
        with suppress(OSError):
            (folder / "tmp" / name).unlink()
        said = f"{folder}: the mailbox cannot be written ({error.strerror}); what was to leave stays queued"
        raise Unreachable(said) from error


def _make(folder: Path) -> None:
    for part in ("tmp", "new", "cur"):
        (folder / part).mkdir(parents=True, exist_ok=True)


def mails(folder: Path) -> list[Path]:
    """The mails of a Maildir, in the order they came."""
    return sorted((file for part in ("new", "cur") for file in (folder / part).glob("*")), key=_arrival)


def _arrival(file: Path) -> tuple[int, str]:
    return file.stat().st_mtime_ns, file.name


def erase_from_mailbox(folder: Path, address: str) -> int:
    """Remove the mails to this address, for an erasure; how many."""
    erased = 0
    for file in mails(folder):
        with file.open("rb") as opened:
            headers = BytesHeaderParser().parse(opened, headersonly=True)
        if normal_address(str(headers["Delivered-To"])) == normal_address(address):
            file.unlink()
            erased += 1
    return erased


class MailboxDelivery:
    """Straight into the Maildir."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def deliver(self, message: Message) -> Receipt:
        try:
            to, mail = ascii_address(message.to), to_bytes(message)
        except BadAddress as error:
            return Receipt("refused", BAD_ADDRESS, str(error))
        store(self.folder, to, mail)
        return Receipt("accepted")


class MailboxChannel:
    """The default when no server is set: nothing reaches anybody, everything can be read."""

    name = "email"
    live = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def open(self) -> Iterator[MailboxDelivery]:
        yield MailboxDelivery(self.folder)


class _Keeper:
    """What the small server does with a mail."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        try:
            for to in envelope.rcpt_tos:
                store(self.folder, re.sub(r"[^\x21-\x7e]", "?", to), content)
        except Unreachable:
            return "452 4.3.1 the mailbox cannot be written now"
        return "250 kept"


def _free_port(host: str) -> int:
    with socket.socket() as asked:
        asked.bind((host, 0))
        return int(asked.getsockname()[1])


@contextmanager
def mailbox_server(folder: Path, host: str = "127.0.0.1", port: int = 0) -> Iterator[tuple[str, int]]:
    """A small SMTP server in a thread, keeping what it gets in the Maildir; gives its host and port.

    Raises Busy when the port is taken.
    """
    controller = Controller(_Keeper(folder), hostname=host, port=port or _free_port(host))
    try:
        controller.start()
    except OSError:
        raise Busy(f"{host}:{port} is taken by another program; choose another port for the mailbox") from None
    try:
        yield host, controller.port
    finally:
        controller.stop()
