"""A message with its envelope becomes the ASCII bytes of a mail with our headers and no others."""

from __future__ import annotations

import re
from binascii import b2a_qp
from email.header import Header
from email.utils import format_datetime, formataddr
from hashlib import sha256

from relance.base.errors import RelanceError
from relance.channels.channel import Message
from relance.messages.rendering import one_line

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}")
_DOMAIN = re.compile(r"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*")


class BadAddress(RelanceError):
    """An address no mail can be sent to."""


def ascii_address(address: str) -> str:
    """The address as SMTP takes it, its domain in ASCII. Raises BadAddress."""
    local, _, domain = address.strip().rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        ascii_domain = ""
    if not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(ascii_domain):
        raise BadAddress("the address is not one that mail can be sent to; correct it in the shop's data")
    return f"{local}@{ascii_domain}"


def _header(name: str, value: str) -> str:
    text = one_line(value)
    if text.isascii() and len(text) + len(name) < 900 and "=?" not in text:
        return f"{name}: {text}"
    encoded = Header(text, "utf-8", maxlinelen=76, header_name=name).encode(linesep="\r\n")
    return f"{name}: {encoded}"


def _mailbox(name: str, address: str) -> str:
    return formataddr((one_line(name), ascii_address(address)), "utf-8")


def _unsubscribe(message: Message) -> list[str]:
    mailto = message.sender.unsubscribe_mailto or message.sender.reply_to or message.sender.address
    token = message.unsubscribe_url.rpartition("/")[2]
    by_mail = f"<mailto:{ascii_address(mailto)}?subject=unsubscribe%20{token}>"
    return [
        f"List-Unsubscribe: <{one_line(message.unsubscribe_url)}>,\r\n {by_mail}",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
    ]


def _feedback(message: Message) -> str:
    parts = (re.sub(r"[^A-Za-z0-9._-]+", "-", part) or "-" for part in message.feedback)
    return ":".join(parts)


def _headers(message: Message, boundary: str) -> list[str]:
    sender = message.sender
    return [
        f"Date: {format_datetime(message.at)}",
        f"From: {_mailbox(sender.name, sender.address)}",
        *([f"Reply-To: {_mailbox(sender.name, sender.reply_to)}"] if sender.reply_to else []),
        f"To: {ascii_address(message.to)}",
        _header("Subject", message.rendered.subject),
        f"Message-ID: {message.message_id}",
        *_unsubscribe(message),
        f"Feedback-ID: {_feedback(message)}",
        f"Content-Language: {message.language}",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/alternative; boundary="{boundary}"',
    ]


def _part(kind: str, text: str) -> str:
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    body = b2a_qp(plain.encode(), istext=True).decode("ascii").replace("\n", "\r\n")
    headers = f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable"
    return f"{headers}\r\n\r\n{body}\r\n"


def to_bytes(message: Message) -> bytes:
    """The whole mail, ASCII with CRLF line ends. Raises BadAddress."""
    # “=_” never stands in quoted-printable text, so no part can end early.
    boundary = f"=_{sha256(message.message_id.encode()).hexdigest()[:24]}"
    parts = [_part("plain", message.rendered.text), _part("html", message.rendered.html)]
    body = "".join(f"--{boundary}\r\n{part}" for part in parts)
    return ("\r\n".join(_headers(message, boundary)) + f"\r\n\r\n{body}--{boundary}--\r\n").encode("ascii")
