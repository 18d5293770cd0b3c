"""A row about to leave becomes a message: its version rendered, with brand, shop and public links."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from relance.channels.channel import Message
from relance.channels.settings import MailSettings
from relance.engines.ledger import Ledger, Outgoing
from relance.messages.documents import load_message
from relance.messages.following import FOLLOWED, Trail, follow
from relance.messages.links import PREFERENCES, UNSUBSCRIBE, Claim, sign
from relance.messages.rendering import CompiledMessage, Rendered, compile_published, render


def links(settings: MailSettings, contact: int, scope: tuple[str, ...]) -> dict[str, str]:
    """The links every message carries, for (channel, purpose, sender), then language, scenario, step, occurrence."""
    return {
        "unsubscribe_url": settings.link("u", sign(settings.key, Claim(UNSUBSCRIBE, contact, scope))),
        "preferences_url": settings.link("p", sign(settings.key, Claim(PREFERENCES, contact, scope))),
    }


def complete_context(settings: MailSettings, sender: str, context: Mapping[str, Any]) -> dict[str, Any]:
    """The context with the brand, and the sender as the shop where no shop is named."""
    brand, writes = settings.brand, settings.sender(sender)
    full: dict[str, Any] = {
        "brand": {"name": brand.name, "address": brand.address, "url": brand.url},
        **context,
    }
    if not full.get("shop"):
        postal = writes.postal_address or brand.address
        full["shop"] = {"name": writes.name, "address": postal, "phone": writes.phone}
    return full


def _scope(row: Outgoing) -> tuple[str, ...]:
    key = row.key
    message = (row.language, key.scenario, key.step, key.occurrence)
    return (key.channel, row.kind, row.sender, *(() if any("\n" in part for part in message) else message))


def _followed(rendered: Rendered, settings: MailSettings, row: Outgoing) -> Rendered:
    """As far as its release allowed; not at all where nobody could reach our pages."""
    allowed, key = row.context.get(FOLLOWED), row.key
    if not allowed or not settings.public_url:
        return rendered
    message = (key.contact, key.scenario, key.step, key.occurrence, key.channel)
    links, pixel = bool(allowed.get("links")), bool(allowed.get("pixel"))
    return follow(rendered, Trail(settings.key, settings.root, *message, links=links, pixel=pixel))


class Writer:
    """Writes messages from the versions in the ledger; a version is compiled once for each language."""

    def __init__(self, ledger: Ledger, settings: MailSettings) -> None:
        self.ledger, self.settings = ledger, settings
        self.compiled: dict[tuple[str, int, str], CompiledMessage] = {}

    def write(self, row: Outgoing, context: Mapping[str, Any], message_id: str, at: datetime) -> Message:
        """The message of a row. Raises BadContext, BadDocument or NotFound when it cannot be written."""
        settings = self.settings
        public = links(settings, row.key.contact, _scope(row))
        full = complete_context(settings, row.sender, context) | public
        return Message(
            to=row.address,
            sender=settings.sender(row.sender),
            rendered=_followed(render(self._compiled(row), row.language, row.locale, full), settings, row),
            message_id=message_id,
            feedback=(row.key.scenario, row.key.step, row.kind, row.sender),
            unsubscribe_url=public["unsubscribe_url"],
            language=row.language,
            at=at,
        )

    def _compiled(self, row: Outgoing) -> CompiledMessage:
        name = (row.message, row.message_version, row.language)
        if name not in self.compiled:
            body = self.ledger.document("message", row.message, row.message_version).body
            self.compiled[name] = _compiled_text(body, row.language, f"{row.message}, version {row.message_version}")
        return self.compiled[name]


@lru_cache(maxsize=128)  # a sender that runs again and again compiles a message once
def _compiled_text(body: str, language: str, source: str) -> CompiledMessage:
    return compile_published(load_message(body), language, source)
