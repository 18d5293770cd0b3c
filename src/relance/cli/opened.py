"""A home named on the command line is opened for one command, and closed after it; or its owner is asked."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from relance.base.clock import Clock, FixedClock, SystemClock, parse_instant
from relance.base.errors import BadDocument

if TYPE_CHECKING:
    from relance.customers.installation import Installation
    from relance.engines.ledger import Ledger
    from relance.serving.findings import Finding


@dataclass(frozen=True)
class Lent:
    """The open home of a process that serves it, for one command of somebody else; what it knows beside the home."""

    place: Installation
    beside: Callable[[], Iterable[Finding]]


LENT: ContextVar[Lent | None] = ContextVar("LENT", default=None)


class Served(BaseException):
    """Not an error: a process that serves the home is there to be asked, and nothing has been done yet."""

    def __init__(self, channel: socket.socket) -> None:
        self.channel = channel


@contextmanager
def opened(home: Path | None) -> Iterator[Installation]:
    """The whole installation. NotFound without a home, Busy where another process owns the warehouse.

    The one place that decides between opening a home and asking its owner. What a command needs of the house is
    imported inside, so that asking stays quick.
    """
    from relance.base.home import existing_home
    from relance.serving.door import knock

    lent = LENT.get()
    if lent is not None:
        yield lent.place
        return
    found = existing_home(home)
    if channel := knock(found.door):
        raise Served(channel)
    from relance.customers.installation import open_installation

    place = open_installation(found)
    try:
        yield place
    finally:
        place.close()


@contextmanager
def opened_ledger(home: Path | None) -> Iterator[Ledger]:
    """Only the ledger, for what needs no warehouse."""
    from relance.base.home import existing_home
    from relance.engines.sqlite import migrate_ledger, open_ledger

    found = existing_home(home)
    migrate_ledger(found.ledger)
    ledger = open_ledger(found.ledger)
    try:
        yield ledger
    finally:
        ledger.close()


def clock_at(as_of: str | None, zone: str, usual: Clock | None = None) -> Clock:
    """The clock of a command: the usual one (the machine's, if no other is named), or one that stands still."""
    return (usual or SystemClock()) if as_of is None else FixedClock(instant_of(as_of, zone))


def instant_of(text: str, zone: str) -> datetime:
    """An instant with its offset, or a local time in the brand's zone; BadDocument for a bare date."""
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        return parse_instant(text)  # says what is wrong
    if _bare_date(text):
        raise BadDocument(f"“{text}” is a date, not an instant; write it like {text}T09:00 or {text}T09:00Z")
    if given.tzinfo is not None:
        return parse_instant(text)
    from relance.base.zones import to_instant

    return to_instant(given.date(), given.time(), zone)


def date_of(text: str | None) -> date | None:
    """A local date like 2026-03-10."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadDocument(f"“{text}” is not a date; write it like 2026-03-10") from None


def _bare_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
