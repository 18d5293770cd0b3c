"""The token of a link, once its signature is found good, becomes what it says: a hit, a destination, a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from relance.base.errors import Refused
from relance.engines.hits import Hit
from relance.messages.following import DESTINATION
from relance.messages.links import CLICK, OPEN, PREFERENCES, UNSUBSCRIBE, SigningKey, verify
from relance.tracking.asking import Asker

LONGEST = 6_000
NOBODY: Asker = ("", "", False)
Keys = Mapping[str, SigningKey]


@dataclass(frozen=True, slots=True)
class Redirect:
    """Where a link leads, and the hit it makes."""

    destination: str
    hit: Hit


@dataclass(frozen=True, slots=True)
class Leave:
    """Who wants to leave what: a channel, purpose and sender (None: every one); the message where the link names it."""

    contact: int
    channel: str
    purpose: str
    sender: str | None
    language: str
    message: tuple[str, str, str] | None = None

    @property
    def hit(self) -> Hit | None:
        return None if self.message is None else Hit("unsubscribe", self.contact, *self.message, self.channel)


def redirect_of(keys: Keys, token: str, asker: Asker = NOBODY) -> Redirect:
    """Where a click goes, and the hit of whoever asked. Raises Refused."""
    claim = verify(keys, _short(token), CLICK)
    scenario, step, occurrence, channel, link, destination = claim.scope
    if not DESTINATION.fullmatch(destination):
        raise Refused("this link leads nowhere on the web")
    return Redirect(destination, Hit("click", claim.contact, scenario, step, occurrence, channel, link, *asker))


def open_of(keys: Keys, token: str, asker: Asker = NOBODY) -> Hit:
    """Which message was opened, by whoever asked. Raises Refused."""
    claim = verify(keys, _short(token), OPEN)
    scenario, step, occurrence, channel = claim.scope
    return Hit("open", claim.contact, scenario, step, occurrence, channel, None, *asker)


def leave_of(keys: Keys, token: str, purpose: str) -> Leave:
    """What an unsubscribe or preferences link is about. Raises Refused."""
    assert purpose in (UNSUBSCRIBE, PREFERENCES)
    claim = verify(keys, _short(token), purpose)
    channel, about, sender, *more = claim.scope
    if len(more) != 4:  # of before messages were named in it
        return Leave(claim.contact, channel, about, sender, "fr")
    language, scenario, step, occurrence = more
    return Leave(claim.contact, channel, about, sender, language, (scenario, step, occurrence))


def _short(token: str) -> str:
    if len(token) > LONGEST:
        raise Refused("this link is longer than any of ours")
    return token
