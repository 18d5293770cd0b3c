"""Somebody who wants no more is heard at once: an act of consent, a denial for senders, and what waits is cancelled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from relance.engines.ledger import ConsentAct, Denial, Ledger
from relance.messages.following import FOLLOWING
from relance.tracking.tokens import Leave

Choice = Literal["kind", "all", "following"]
CHOICES: tuple[Choice, ...] = ("kind", "all", "following")
"""Messages of this kind; everything of this sender that is not about an order; only the following of links."""

ONE_CLICK, PAGE = "one-click", "unsubscribe-page"
_EVERY = "*"


@dataclass(frozen=True, slots=True)
class _Refusal:
    act: str
    channel: str | None
    purpose: str | None
    stops: tuple[str, ...]


def _refusal(leave: Leave, choice: Choice) -> _Refusal:
    by_choice: Mapping[Choice, _Refusal] = {
        "kind": _Refusal("denied", leave.channel, leave.purpose, (leave.purpose,)),
        "all": _Refusal("opt_out", None, None, ("marketing", "service")),
        "following": _Refusal("denied", leave.channel, FOLLOWING, ()),
    }
    return by_choice[choice]


def leave(ledger: Ledger, wish: Leave, choice: Choice, source: str, wording: str, at: datetime) -> bool:
    """Records the refusal and stops what has not begun to leave; False where it stood already. One transaction."""
    said = _refusal(wish, choice)
    denial = Denial("unsubscribed", at, wish.contact, None, said.channel, said.purpose, wish.sender)
    with ledger.transaction():
        if not ledger.deny([denial]):
            return False
        ledger.add_consent_acts(
            [
                ConsentAct(
                    wish.contact,
                    said.channel or _EVERY,
                    said.purpose or _EVERY,
                    wish.sender or _EVERY,
                    said.act,
                    at,
                    source,
                    wording,
                    wish.language,
                )
            ]
        )
        if said.stops:
            ledger.cancel(
                [wish.contact],
                "consent_refused",
                at,
                kinds=said.stops,
                channel=said.channel,
                sender=wish.sender,
            )
    return True
