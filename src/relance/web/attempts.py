"""Failed tries by name and by address are remembered for a while; too many, and one has to wait."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime, timedelta

_MOST_KEPT = 10_000


class Attempts:
    """Kept in memory: one process serves the pages, and a restart forgives. Safe from several threads."""

    def __init__(self, most: int, minutes: int) -> None:
        self._most, self._span = most, timedelta(minutes=minutes)
        self._failed: OrderedDict[str, list[datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def allowed(self, who: str, now: datetime) -> bool:
        """Whether this name or address may try now."""
        with self._lock:
            return len(self._recent(who, now)) < self._most

    def failed(self, who: str, now: datetime) -> None:
        """One more that did not go through."""
        with self._lock:
            self._failed[who] = [*self._recent(who, now), now][-self._most :]
            self._failed.move_to_end(who)
            while len(self._failed) > _MOST_KEPT:
                self._failed.popitem(last=False)

    def _recent(self, who: str, now: datetime) -> list[datetime]:
        return [at for at in self._failed.get(who, []) if now - at < self._span]
