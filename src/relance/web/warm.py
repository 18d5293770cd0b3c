"""A served home goes in; what its pages would wait for is read beforehand, at the start and after whatever is new."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from time import monotonic

from relance.base.errors import RelanceError
from relance.customers.installation import Installation
from relance.engines.texts import keep_texts
from relance.web.reading.example import examples_of
from relance.web.reading.kept import warm
from relance.web.reading.needs import needs_of
from relance.web.reading.path import counts_of, ways_of
from relance.web.reading.person import recent
from relance.web.reading.standing import standings
from relance.web.reading.worth import worth

log = logging.getLogger("relance.web")

PAUSE = 1.0  # seconds between two looks at what is new
_SHARE = 4  # of the time is left to others where a look takes long


class Warmth:
    """A thread with connections of its own, until it is closed."""

    def __init__(self, place: Installation) -> None:
        self._place, self._stop = place, threading.Event()
        self._thread = threading.Thread(target=self._keep, name="warmth", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Waits for the reading that is under way."""
        self._stop.set()
        self._thread.join()

    def _keep(self) -> None:
        with self._place.reader() as place, warm(place):
            first = True
            while not self._stop.is_set():
                began = monotonic()
                self._read(place)
                if first:
                    keep_texts(place.home.texts)  # the next start is spared what this one had to put into words
                    first = False
                self._stop.wait(max(PAUSE, _SHARE * (monotonic() - began)))

    def _read(self, place: Installation) -> None:
        """A page that cannot be read says so itself; here it is only passed over."""
        try:
            for _ in _readings(place):
                if self._stop.is_set():
                    return
        except RelanceError as error:
            log.info("not read beforehand: %s", error)
        except Exception:
            log.exception("not read beforehand")


def _readings(place: Installation) -> Iterator[object]:
    """What is costly, the quick first; each is at hand already where nothing is new."""
    now = place.clock.now()
    found = standings(place)
    yield found
    yield recent(place)
    yield needs_of(place, found)
    for one in found:
        if one.equation:
            yield counts_of(place, one.version)
            yield ways_of(place, one.version)
    yield worth(place, now)
    for one in found:
        if one.on:
            yield examples_of(place, one.version, now, None)
