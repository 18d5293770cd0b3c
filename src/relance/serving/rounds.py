"""What a served home does by itself: takes in what lies in its inbox, and runs a turn when one is due."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from relance import flow
from relance.base.errors import Busy, RelanceError
from relance.customers.installation import Installation
from relance.ingest.inbox import import_inbox
from relance.messages.release import release
from relance.messages.stopping import LedgerStops
from relance.scenarios.running import last_turn
from relance.serving.findings import Finding, finding

log = logging.getLogger("relance.serving")

PAUSE = 1.0  # seconds between two looks at what is due


class Rounds:
    """A thread with connections of its own; what failed is kept until it succeeds, for /health and `doctor`."""

    def __init__(self, place: Installation) -> None:
        self._place = place
        self._stop = threading.Event()
        self._failed: dict[str, str] = {}
        self._inbox_at = datetime.min.replace(tzinfo=UTC)
        self._thread = threading.Thread(target=self._go_round, name="rounds", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Waits for the turn or the import that is under way."""
        self._stop.set()
        self._thread.join()

    def findings(self) -> Iterator[Finding]:
        """What failed last and has not succeeded since; red, since nobody else will see it."""
        for what, said in list(self._failed.items()):
            yield finding(what, "red", said)

    def _go_round(self) -> None:
        with self._place.another() as place:
            self._tried("hand to the outbox", lambda: release(place))
            while not self._stop.is_set():
                self._look(place, place.clock.now())
                self._stop.wait(PAUSE)

    def _look(self, place: Installation, now: datetime) -> None:
        serve = place.settings.serve
        if serve.inbox_seconds and now - self._inbox_at >= timedelta(seconds=serve.inbox_seconds):
            self._inbox_at = now
            self._tried("inbox", lambda: take_in(place, now))
        if serve.turn_minutes and turn_is_due(place, place.clock.now(), serve.turn_minutes):
            self._tried("turn", lambda: run_turn(place, place.clock.now()))

    def _tried(self, what: str, do: Callable[[], object]) -> None:
        """A failure must not end the rounds: it is said, kept, and tried again."""
        try:
            do()
            self._failed.pop(what, None)
        except Busy:
            return  # somebody else is at it; the next look finds out
        except RelanceError as error:
            self._keep(what, str(error))
        except Exception as error:
            log.exception("%s", what)
            self._keep(what, f"a defect of Relance, {type(error).__name__}; the log says where")

    def _keep(self, what: str, said: str) -> None:
        if self._failed.get(what) != said:
            log.error("%s: %s", what, said)
        self._failed[what] = said


def turn_is_due(place: Installation, now: datetime, minutes: int) -> bool:
    """Whether no turn has run since the last full so many minutes of the clock."""
    last = last_turn(place.engine, before=None)
    return last is None or last < slot(now, minutes)


def slot(now: datetime, minutes: int) -> datetime:
    """The last instant at which a turn was to run: midnight UTC and every so many minutes after it."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return now - (now - midnight) % timedelta(minutes=minutes)


def run_turn(place: Installation, now: datetime) -> None:
    """One turn, and one line about it."""
    report = flow.run(place, now)
    sent = ", ".join(f"{each.id} {each.send}" for each in report.scenarios if each.send)
    log.info("turn of %s: %s", f"{now:%Y-%m-%d %H:%M} UTC", sent or "nothing to send")


def take_in(place: Installation, now: datetime) -> None:
    """What lies in the inbox as one delivery; a refused file lies in `refused` with its reason."""
    with suppress(FileNotFoundError):
        if not any(place.home.inbox.iterdir()):
            return
    with place.turn_lock():
        reports, refusals = import_inbox(
            place.engine,
            LedgerStops(place.ledger),
            place.home.inbox,
            place.home.definitions,
            now,
            secret=place.secret,
        )
    for one in reports:
        log.info("imported %s: %s rows of %s, %s rejected", one.file, one.read, one.feed, one.rejected)
    for refusal in refusals:
        log.warning("refused %s: %s", refusal.path.name, refusal.error)
