"""A server's reply becomes a receipt: what may be tried again, what is the address's fault, what is ours."""

from __future__ import annotations

import re
from typing import Literal

from relance.channels.channel import BAD_ADDRESS, Receipt

Stage = Literal["mail", "rcpt", "data"]

ENHANCED: tuple[tuple[str, str], ...] = (
    (r"5\.1\.[1236]\b", BAD_ADDRESS),
    (r"5\.1\.10\b", BAD_ADDRESS),
    (r"5\.2\.1\b", BAD_ADDRESS),
    (r"5\.2\.2\b", "mailbox_full"),
    (r"5\.3\.4\b", "too_large"),
    (r"5\.2\.3\b", "too_large"),
    (r"5\.7\.\d+", "policy"),
    (r"5\.1\.[78]\b", "sender_refused"),
)
"""Enhanced status codes by what they mean for us, first match first; unknown ones never blame the address."""


def _refusal(code: int, words: str, stage: Stage) -> str:
    if stage == "mail":
        return "sender_refused"
    for pattern, reason in ENHANCED:
        if re.match(pattern, words):
            return reason
    return "too_large" if code == 552 else "refused_by_server"


def classify(code: int, reply: bytes, stage: Stage) -> Receipt:
    """What a reply other than success means, at the stage it came."""
    words = " ".join(reply.decode("utf-8", "replace").split())[:300]
    if 500 <= code < 600:
        return Receipt("refused", _refusal(code, words, stage), f"{code} {words}")
    return Receipt("deferred", f"smtp_{code}", f"{code} {words}")
