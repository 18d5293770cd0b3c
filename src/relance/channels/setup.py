"""What `relance.toml` says becomes the way out of e-mail and all that its sender needs to know."""

from __future__ import annotations

import hmac
from hashlib import sha256
from pathlib import Path

from relance.base import settings as said
from relance.channels.channel import Channel
from relance.channels.email.mailbox import MailboxChannel
from relance.channels.email.smtp import SmtpChannel
from relance.channels.settings import Brand, MailSettings, Sender, Smtp, WebhookSettings
from relance.messages.links import SigningKey


def signing_key(secret: bytes, number: int = 1) -> SigningKey:
    """The n-th key of public links, derived so that no link tells anything of the home's own secret."""
    name = b"links" if number == 1 else f"links {number}".encode()
    return SigningKey(str(number), hmac.new(secret, name, sha256).digest())


def verifying_keys(secret: bytes, number: int) -> dict[str, SigningKey]:
    """Every key up to the n-th: links of mail sent under an earlier one stay good."""
    return {key.id: key for key in (signing_key(secret, one) for one in range(1, number + 1))}


def mail_settings(settings: said.Settings, secret: bytes) -> MailSettings:
    """The settings of a home as the sender of e-mail reads them."""
    brand = settings.brand
    return MailSettings(
        brand=Brand(brand.name, brand.address, brand.url or None),
        senders={name: _sender(one) for name, one in settings.senders.items()},
        key=signing_key(secret, settings.tracking.key),
        public_url=settings.public_url or None,
        smtp=_smtp(settings.smtp),
        test_addresses=frozenset(settings.test_addresses),
    )


def webhook_settings(settings: said.Settings, secret: bytes) -> WebhookSettings:
    """What the caller of webhooks needs to know; its key tells nothing of the home's own secret."""
    return WebhookSettings(hmac.new(secret, b"webhooks", sha256).digest(), frozenset(settings.webhook.private))


def email_channel(settings: MailSettings, mailbox: Path) -> Channel:
    """The server of the settings, or the built-in mailbox in this folder where there is none."""
    return SmtpChannel(settings.smtp) if settings.smtp else MailboxChannel(mailbox)


def _sender(one: said.Sender) -> Sender:
    return Sender(one.from_name, one.from_address, one.reply_to, one.postal_address or None, one.phone or None)


def _smtp(one: said.Smtp | None) -> Smtp | None:
    if one is None:
        return None
    password = Path(one.password_file) if one.password_file else None
    return Smtp(one.host, one.port, one.user, password, one.tls, connections=one.connections, per_domain=one.per_domain)
