"""An address about to be written to becomes the seconds to wait, so that no domain gets too much in a minute."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from time import monotonic

BURST = 6  # a domain that was left in peace may get at once what it would get in this part of a minute


@dataclass(slots=True)
class _Domain:
    tokens: float
    at: float
    behind: int = 0


class DomainPace:
    """At most `a_minute` messages to one domain, 0 for no limit; kept by this process alone."""

    def __init__(self, a_minute: int, clock: Callable[[], float] = monotonic) -> None:
        self.a_second, self.most, self.clock = a_minute / 60, max(1.0, a_minute / BURST), clock
        self._domains: dict[str, _Domain] = {}

    def wait(self, address: str) -> float:
        """0 when the message may leave now, and is counted; else when to ask again, one after the other."""
        if not self.a_second:
            return 0
        now, name = self.clock(), address.rpartition("@")[2].lower()
        domain = self._domains.setdefault(name, _Domain(self.most, now))
        domain.tokens = min(self.most, domain.tokens + (now - domain.at) * self.a_second)
        domain.at = now
        if domain.tokens >= 1:
            domain.tokens, domain.behind = domain.tokens - 1, 0
            return 0
        domain.behind += 1
        return (domain.behind - domain.tokens) / self.a_second


@lru_cache(maxsize=8)
def domain_pace(a_minute: int) -> DomainPace:
    """The one pace of this process: what left in an earlier sending counts."""
    return DomainPace(a_minute)
