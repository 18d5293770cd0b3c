"""Settings of a server become a greeted, secured, authenticated conversation, or one sentence why not."""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64encode
from pathlib import Path

from relance.base.errors import BadDocument, Refused, Unreachable
from relance.channels.email.conversation import Conversation
from relance.channels.settings import Smtp


def password_of(path: Path | None) -> str:
    """The first line of the file. Raises BadDocument when it cannot be read, or can be by others."""
    if path is None:
        return ""
    try:
        if path.stat().st_mode & 0o077:
            raise BadDocument("others can read this file; make it private with chmod 600", source=str(path))
        return path.read_text("utf-8").split("\n")[0]
    except OSError as error:
        raise BadDocument(f"the password file cannot be read ({error.strerror})", source=str(path)) from None


async def connect(settings: Smtp, password: str) -> Conversation:
    """A line ready for letters. Raises Unreachable or Refused."""
    place = f"the mail server {settings.host}:{settings.port}"
    conversation = Conversation()
    conversation.most = settings.messages_per_connection
    try:
        async with asyncio.timeout(settings.timeout_seconds):
            await _greet(conversation, settings, password, place)
    except ssl.SSLError as error:
        raise Refused(f"{place} does not prove who it is ({error.reason}); check host and smtp.tls") from None
    except OSError as error:
        said = str(error) or "no answer in time"
        raise Unreachable(f"{place} does not answer ({said}); what was to leave stays queued") from None
    finally:
        if not conversation.ready:
            conversation.drop()
    return conversation


async def _greet(conversation: Conversation, settings: Smtp, password: str, place: str) -> None:
    secure = ssl.create_default_context() if settings.tls != "none" else None
    loop = asyncio.get_running_loop()
    at_once = secure if settings.tls == "tls" else None
    greeting = asyncio.ensure_future(conversation.listen())
    await asyncio.sleep(0)  # the greeting may come with the connection; somebody must be listening
    try:
        await loop.create_connection(lambda: conversation, settings.host, settings.port, ssl=at_once)
        _expect(await greeting, 220)
    finally:
        greeting.cancel()
    offers = await _hello(conversation, settings)
    if secure and not at_once:
        if "STARTTLS" not in offers:
            raise Refused(f"{place} offers no STARTTLS or no login; change smtp.tls or smtp.user")
        _expect(await conversation.ask("STARTTLS"), 220)
        conversation.forget()
        assert conversation.transport is not None
        upgraded = await loop.start_tls(conversation.transport, conversation, secure, server_hostname=settings.host)
        conversation.transport = upgraded
        offers = await _hello(conversation, settings)
    if settings.user:
        await _log_in(conversation, settings.user, password, offers, place)
    conversation.pipelining, conversation.ready = "PIPELINING" in offers, True


def _expect(reply: tuple[int, bytes], wanted: int) -> None:
    code, words = reply
    if code != wanted:
        raise ConnectionError(f"it says {code} {words.decode('utf-8', 'replace')[:200]}".replace("\n", " "))


async def _hello(conversation: Conversation, settings: Smtp) -> dict[str, str]:
    """What the server offers, in capitals, with its parameters."""
    code, words = await conversation.ask(f"EHLO {settings.hello}")
    if code != 250:
        _expect(await conversation.ask(f"HELO {settings.hello}"), 250)
        return {}
    lines = words.decode("ascii", "replace").upper().splitlines()[1:]
    return {name: rest for name, _, rest in (line.replace("=", " ", 1).partition(" ") for line in lines)}


async def _log_in(conversation: Conversation, user: str, password: str, offers: dict[str, str], place: str) -> None:
    ways = offers.get("AUTH", "").split()
    if "PLAIN" in ways:
        code, words = await conversation.ask("AUTH PLAIN " + _base64("\0".join(("", user, password))))
    elif "LOGIN" in ways:
        code, words = await conversation.ask("AUTH LOGIN")
        for secret in (user, password):
            if code == 334:
                code, words = await conversation.ask(_base64(secret))
    else:
        raise Refused(f"{place} offers no STARTTLS or no login; change smtp.tls or smtp.user")
    if 500 <= code < 600:
        raise Refused(f"{place} does not accept user “{user}” and its password; check both")
    _expect((code, words), 235)


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode("ascii")
