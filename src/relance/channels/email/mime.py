"""A message with its envelope becomes the ASCII bytes of a mail with our headers and no others."""

from __future__ import annotations

import re
from base64 import b64encode
from binascii import b2a_qp
from collections.abc import Iterator
from email.utils import format_datetime, formataddr
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

from relance.base.errors import RelanceError
from relance.channels.channel import Message
from relance.channels.settings import Sender
from relance.messages.rendering import Rendered, one_line

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}")
_LONGEST_LINE = 998
_DOMAIN = re.compile(r"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*")


class BadAddress(RelanceError):
    """An address no mail can be sent to."""


@lru_cache(maxsize=256)  # asked of an envelope, and of the headers right after
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


def _mailbox(name: str, address: str) -> str:
    return formataddr((one_line(name), ascii_address(address)), "utf-8")


@lru_cache(maxsize=256)
def _who_writes(sender: Sender) -> tuple[str, str]:
    """The lines that say who writes, and the address at which one may unsubscribe by mail."""
    lines = f"From: {_mailbox(sender.name, sender.address)}\r\n"
    if sender.reply_to:
        lines += f"Reply-To: {_mailbox(sender.name, sender.reply_to)}\r\n"
    return lines, ascii_address(sender.unsubscribe_mailto or sender.reply_to or sender.address)


@lru_cache(maxsize=1_024)
def _feedback(names: tuple[str, ...]) -> str:
    return ":".join(re.sub(r"[^A-Za-z0-9._-]+", "-", name) or "-" for name in names)


_date = lru_cache(maxsize=16)(format_datetime)


def _headers(message: Message, boundary: str) -> str:
    who_writes, mailto = _who_writes(message.sender)
    unsubscribe = one_line(message.unsubscribe_url)
    return (
        f"Date: {_date(message.at)}\r\n{who_writes}To: {ascii_address(message.to)}\r\n"
        f"{_header('Subject', message.rendered.subject)}\r\nMessage-ID: {message.message_id}\r\n"
        f"List-Unsubscribe: <{unsubscribe}>,\r\n"
        f" <mailto:{mailto}?subject=unsubscribe%20{unsubscribe.rpartition('/')[2]}>\r\n"
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
        f"Feedback-ID: {_feedback(message.feedback)}\r\nContent-Language: {message.language}\r\n"
        f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="{boundary}"\r\n'
    )


class _Body(NamedTuple):
    """One form of the text, encoded; `dotted` where one of its lines may begin with a dot."""

    encoding: str
    data: bytes
    dotted: bool


def _html(rendered: Rendered) -> _Body:
    """Signs outside ASCII are written as entities; a compiled template has none left but those of values."""
    short = _unix(_entities(rendered.short_html)).replace(b"\n", b"\r\n")
    whole = rendered.shorthand.as_mail(short)
    if not _short_lines(whole):
        return _quoted(_unix(_entities(rendered.html)))
    return _Body("7bit", whole, rendered.shorthand.dotted or _dotted(short))


def _entities(html: str) -> bytes:
    return html.encode("ascii", "xmlcharrefreplace")


def _plain(text: str) -> _Body:
    raw = _unix(text.encode("utf-8", "replace"))
    if text.isascii() and _short_lines(whole := raw.replace(b"\n", b"\r\n")):
        return _Body("7bit", whole, _dotted(whole))
    return _quoted(raw)


def _dotted(data: bytes) -> bool:
    return b"\n." in data or data.startswith(b".")


def _quoted(raw: bytes) -> _Body:
    """Line by line: most lines are those of many messages."""
    data = b"".join(map(_quoted_line, raw.splitlines(keepends=True)))
    return _Body("quoted-printable", data, _dotted(data))


@lru_cache(maxsize=4_096)
def _quoted_line(line: bytes) -> bytes:
    return b2a_qp(line, istext=True).replace(b"\n", b"\r\n")


def _short_lines(mail: bytes) -> bool:
    """Whether no line is longer than SMTP allows; looks at few of the line breaks."""
    at = 0
    while len(mail) - at >= _LONGEST_LINE:
        at = mail.rfind(b"\n", at, at + _LONGEST_LINE + 1) + 1
        if not at:
            return False
    return True


def _unix(raw: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in raw else raw


def _part(boundary: str, kind: str, encoding: str) -> str:
    headers = f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}"
    return f"\r\n--{boundary}\r\n{headers}\r\n\r\n"


def _written(message: Message, end: str = "") -> tuple[bytes, bool]:
    """The whole mail, and whether one of its lines may begin with a dot."""
    # No text knows the digest of our Message-ID, so no part can end early.
    boundary = f"=_{sha256(message.message_id.encode()).hexdigest()[:24]}"
    plain, html = _plain(message.rendered.text), _html(message.rendered)
    before = f"{_headers(message, boundary)}{_part(boundary, 'plain', plain.encoding)}".encode("ascii")
    between = _part(boundary, "html", html.encoding).encode("ascii")
    mail = b"".join((before, plain.data, between, html.data, f"\r\n--{boundary}--\r\n{end}".encode("ascii")))
    return mail, plain.dotted or html.dotted


def to_bytes(message: Message) -> bytes:
    """The whole mail, ASCII with CRLF line ends. Raises BadAddress."""
    return _written(message)[0]


def to_wire(message: Message) -> bytes:
    """The mail as it travels: a leading dot is doubled (RFC 5321, 4.5.2), a lone dot ends it. Raises BadAddress."""
    mail, dotted = _written(message, ".\r\n")
    return mail[:-3].replace(b"\r\n.", b"\r\n..") + b".\r\n" if dotted else mail
