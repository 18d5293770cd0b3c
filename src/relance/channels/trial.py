"""A compiled message and sample values become one marked test mail to a fixed test address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from email.utils import make_msgid
from typing import Any

from relance.base.clock import Clock
from relance.base.errors import Refused
from relance.base.ids import normal_address
from relance.channels.channel import Channel, Message, Receipt
from relance.channels.settings import MailSettings, refuse_unready
from relance.channels.writing import complete_context, links
from relance.messages.rendering import CompiledMessage, render

MARK = {"fr": "[Essai]", "en": "[Test]"}


def send_test(
    channel: Channel,
    compiled: CompiledMessage,
    settings: MailSettings,
    clock: Clock,
    *,
    to: str,
    sender: str,
    language: str,
    locale: str,
    context: Mapping[str, Any],
) -> Receipt:
    """Send one marked sample to a test address of the settings; no outbox key, no cap, no metrics.

    Raises Refused for an address that is not one of them.
    """
    if normal_address(to) not in {normal_address(one) for one in settings.test_addresses}:
        raise Refused(f"“{to}” is not one of the test addresses in the settings; nothing was sent")
    if channel.live:
        refuse_unready(settings)
    public = links(settings, 0, (channel.name, "test", sender))
    rendered = render(compiled, language, locale, complete_context(settings, sender, context) | public)
    with channel.open() as delivery:
        return delivery.deliver(
            Message(
                to=to,
                sender=settings.sender(sender),
                rendered=replace(rendered, subject=f"{MARK.get(language, '[Test]')} {rendered.subject}"),
                message_id=make_msgid(domain=settings.sender(sender).domain),
                feedback=("test", compiled.name, "test", sender),
                unsubscribe_url=public["unsubscribe_url"],
                language=language,
                at=clock.now(),
            )
        )
