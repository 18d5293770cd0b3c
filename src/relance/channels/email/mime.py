"""A message with its envelope becomes the ASCII bytes of a mail with our headers and no others."""

from __future__ import annotations

import re
from base64 import b64encode
from binascii import b2a_qp
from collections.abc import Iterator
from email.utils import format_datetime, formataddr
from functools import lru_cache
from hashlib import sha256

from relance.base.errors import RelanceError
from relance.channels.channel import Message
from relance.messages.rendering import one_line

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}")
_LONGEST_LINE = 998
_DOMAIN = re.compile(r"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*")


class BadAddress(RelanceError):
    """An address no mail can be sent to."""


def ascii_address(address: str) -> str:
    """The address as SMTP takes it, its domain in ASCII. Raises BadAddress."""
    local, _, domain = address.strip().rpartition("@")
    try:
        ascii_domain = domain if domain.isascii() else domain.encode("idna").decode("ascii")
    except UnicodeError:
        ascii_domain = ""
    if not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(ascii_domain):
        raise BadAddress("the address is not one that mail can be sent to; correct it in the shop's data")
    return f"{local}@{ascii_domain}"


@lru_cache(maxsize=4_096)  # most subjects are those of many messages
def _header(name: str, value: str) -> str:
    text = one_line(value)
    if text.isascii() and len(text) + len(name) < 900 and "=?" not in text:
        return f"{name}: {text}"
    # Each word stands alone in at most 75 signs (RFC 2047); the first shares its line with the name.
    words = "\r\n ".join(f"=?utf-8?B?{word}?=" for word in _words(text, 62 - len(name)))
    return f"{name}: {words}"


def _words(text: str, room: int) -> Iterator[str]:
    """The text as base64, cut between characters so that each piece fits."""
    raw, at = text.encode("utf-8", "replace"), 0
    while at < len(raw):
        end = min(len(raw), at + room // 4 * 3)
        while end < len(raw) and raw[end] & 0xC0 == 0x80:
            end -= 1
        yield b64encode(raw[at:end]).decode("ascii")
        at, room = end, 62


@lru_cache(maxsize=256)
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


@lru_cache(maxsize=1_024)
def _feedback(names: tuple[str, ...]) -> str:
    return ":".join(re.sub(r"[^A-Za-z0-9._-]+", "-", name) or "-" for name in names)


_date = lru_cache(maxsize=16)(format_datetime)


def _headers(message: Message, boundary: str) -> list[str]:
    sender = message.sender
    return [
        f"Date: {_date(message.at)}",
        f"From: {_mailbox(sender.name, sender.address)}",
        *([f"Reply-To: {_mailbox(sender.name, sender.reply_to)}"] if sender.reply_to else []),
        f"To: {ascii_address(message.to)}",
        _header("Subject", message.rendered.subject),
        f"Message-ID: {message.message_id}",
        *_unsubscribe(message),
        f"Feedback-ID: {_feedback(message.feedback)}",
        f"Content-Language: {message.language}",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/alternative; boundary="{boundary}"',
    ]


def _html(html: str) -> tuple[str, bytes]:
    """Signs outside ASCII are written as entities; a compiled template has none left but those of values."""
    return _as_it_is(_unix(html.encode("ascii", "xmlcharrefreplace")))


def _plain(text: str) -> tuple[str, bytes]:
    raw = _unix(text.encode("utf-8", "replace"))
    return _as_it_is(raw) if text.isascii() else _quoted(raw)


def _as_it_is(raw: bytes) -> tuple[str, bytes]:
    return ("7bit", raw.replace(b"\n", b"\r\n")) if _short_lines(raw) else _quoted(raw)


def _quoted(raw: bytes) -> tuple[str, bytes]:
    return "quoted-printable", b2a_qp(raw, istext=True).replace(b"\n", b"\r\n")


def _short_lines(raw: bytes) -> bool:
    """Whether a line break comes at least every 998 signs; looks at few of them."""
    at = 0
    while len(raw) - at >= _LONGEST_LINE:
        at = raw.rfind(b"\n", at, at + _LONGEST_LINE) + 1
        if not at:
            return False
    return True


def _unix(raw: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in raw else raw


def _part(boundary: str, kind: str, encoding: str) -> str:
    headers = f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}"
    return f"--{boundary}\r\n{headers}\r\n\r\n"


def to_bytes(message: Message) -> bytes:
    """The whole mail, ASCII with CRLF line ends. Raises BadAddress."""
    # No text knows the digest of our Message-ID, so no part can end early.
    boundary = f"=_{sha256(message.message_id.encode()).hexdigest()[:24]}"
    encoding, text = _plain(message.rendered.text)
    html_encoding, html = _html(message.rendered.html)
    before = "\r\n".join((*_headers(message, boundary), "", _part(boundary, "plain", encoding)))
    between = f"\r\n{_part(boundary, 'html', html_encoding)}"
    return b"".join((before.encode("ascii"), text, between.encode("ascii"), html, f"\r\n--{boundary}--\r\n".encode()))
