"""Mail leaves to any SMTP server, one message at a time, and every reply or silence becomes a receipt."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from relance.base.errors import BadDocument, Refused, Unreachable
from relance.channels.channel import BAD_ADDRESS, Message, Receipt
from relance.channels.email.mime import BadAddress, ascii_address, to_bytes
from relance.channels.email.replies import classify
from relance.channels.settings import Smtp

_BROKEN = (smtplib.SMTPServerDisconnected, OSError)


def _password(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        if path.stat().st_mode & 0o077:
            raise BadDocument("others can read this file; make it private with chmod 600", source=str(path))
        return path.read_text("utf-8").split("\n")[0]
    except OSError as error:
        raise BadDocument(f"the password file cannot be read ({error.strerror})", source=str(path)) from None


def _connected(settings: Smtp) -> smtplib.SMTP:
    secure = ssl.create_default_context() if settings.tls != "none" else None
    place, wait = (settings.host, settings.port, settings.hello), settings.timeout_seconds
    if settings.tls == "tls":
        return smtplib.SMTP_SSL(*place, timeout=wait, context=secure)
    server = smtplib.SMTP(*place, timeout=wait)
    if secure:
        server.starttls(context=secure)
    return server


def connect(settings: Smtp) -> smtplib.SMTP:
    """A greeted, secured, authenticated connection. Raises Unreachable, Refused or BadDocument."""
    place = f"the mail server {settings.host}:{settings.port}"
    password = _password(settings.password_file)
    try:
        server = _connected(settings)
        server.ehlo_or_helo_if_needed()
        if settings.user:
            server.login(settings.user, password)
        return server
    except smtplib.SMTPAuthenticationError:
        raise Refused(f"{place} does not accept user “{settings.user}” and its password; check both") from None
    except smtplib.SMTPNotSupportedError:
        raise Refused(f"{place} offers no STARTTLS or no login; change smtp.tls or smtp.user") from None
    except ssl.SSLError as error:
        raise Refused(f"{place} does not prove who it is ({error.reason}); check host and smtp.tls") from None
    except (OSError, smtplib.SMTPException) as error:
        raise Unreachable(f"{place} does not answer ({error}); what was to leave stays queued") from None


class SmtpDelivery:
    """An open connection that comes back by itself when the server closes it."""

    def __init__(self, settings: Smtp) -> None:
        self.settings = settings
        self.server: smtplib.SMTP | None = connect(settings)
        self.handed = 0

    def close(self) -> None:
        if self.server:
            with suppress(smtplib.SMTPException, OSError):
                self.server.quit()
        self.server = None

    def deliver(self, message: Message) -> Receipt:
        """Hand one message over. Raises Unreachable when no connection can be had; nothing left then."""
        try:
            to, data = ascii_address(message.to), to_bytes(message)
        except BadAddress as error:
            return Receipt("refused", BAD_ADDRESS, str(error))
        sender = ascii_address(message.sender.address)
        receipt = self._attempt(sender, to, data)
        # A server may close an idle connection: nothing has left then, so one more try on a new one is safe.
        return self._attempt(sender, to, data) if receipt.reason == "connection_lost" else receipt

    def _attempt(self, sender: str, to: str, data: bytes) -> Receipt:
        server = self._server()
        self.handed += 1
        receipt = self._before_data(server, sender, to) or self._data(server, data)
        if receipt.reason in ("smtp_421", "connection_lost"):
            self._drop()
        return receipt

    def _server(self) -> smtplib.SMTP:
        if self.handed >= self.settings.messages_per_connection:
            self.close()
        if self.server is None:
            self.server, self.handed = connect(self.settings), 0
        return self.server

    def _drop(self) -> None:
        if self.server:
            self.server.close()
        self.server = None

    def _before_data(self, server: smtplib.SMTP, sender: str, to: str) -> Receipt | None:
        """MAIL, RCPT and DATA; None when the server waits for the text. Nothing has left until then."""
        try:
            code, reply = server.mail(sender)
            if code != 250:
                return self._reset(server, classify(code, reply, "mail"))
            code, reply = server.rcpt(to)
            if code not in (250, 251):
                return self._reset(server, classify(code, reply, "rcpt"))
            code, reply = server.docmd("DATA")
            return None if code == 354 else self._reset(server, classify(code, reply, "data"))
        except _BROKEN:
            return Receipt("deferred", "connection_lost")

    def _reset(self, server: smtplib.SMTP, receipt: Receipt) -> Receipt:
        if receipt.reason != "smtp_421":
            with suppress(*_BROKEN):
                server.rset()
        return receipt

    def _data(self, server: smtplib.SMTP, data: bytes) -> Receipt:
        """The text and its final dot. A connection lost from here on leaves the outcome unknown."""
        # A leading dot is doubled (RFC 5321, 4.5.2); the mail already ends its lines with CRLF.
        stuffed = data.replace(b"\r\n.", b"\r\n..")
        try:
            server.send(stuffed + b".\r\n")
            code, reply = server.getreply()
        except _BROKEN:
            self._drop()
            return Receipt("unknown", "connection_lost_after_data")
        return Receipt("accepted") if code == 250 else classify(code, reply, "data")


class SmtpChannel:
    """E-mail through a server of the settings."""

    name = "email"
    live = True

    def __init__(self, settings: Smtp) -> None:
        self.settings = settings

    @contextmanager
    def open(self) -> Iterator[SmtpDelivery]:
        """Connect. Raises Unreachable, Refused or BadDocument."""
        delivery = SmtpDelivery(self.settings)
        try:
            yield delivery
        finally:
            delivery.close()
