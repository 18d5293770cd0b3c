"""One tree of errors; each carries one sentence for the reader and an exit code for the shell.

RelanceError                 1  the job failed
├── BadDocument              2  a settings, mapping, scenario, message or criteria document is wrong
├── BadFile                  3  a data file cannot be read at all
├── Refused                  4  the request is understood and not allowed now (too early, already on...)
│   └── NotFound             4  what was named does not exist
├── Busy                     5  another process holds the warehouse or a turn is under way
│   └── LeaseLost            5  a sender was away for too long; others have taken over
└── Unreachable              6  a server we need does not answer
"""

from __future__ import annotations


class RelanceError(Exception):
    """A failed job, said in one sentence: what happened, where, and what to do."""

    exit_code = 1


class BadDocument(RelanceError):
    """A document says something we do not understand; names file and line where known.

    part: the name of the part it speaks of, for whoever knows on which line that stands.
    """

    exit_code = 2

    def __init__(
        self, message: str, *, source: str | None = None, line: int | None = None, part: str | None = None
    ) -> None:
        place = ":".join(str(part) for part in (source, line) if part is not None)
        super().__init__(f"{place}: {message}" if place else message)
        self.source = source
        self.line = line
        self.part = part


class BadFile(RelanceError):
    """A data file that cannot be read; nothing of it was taken."""

    exit_code = 3


class Refused(RelanceError):
    """Understood, and not allowed now."""

    exit_code = 4


class NotFound(Refused):
    """What was named does not exist."""


class Busy(RelanceError):
    """Somebody else is at work on the same thing."""

    exit_code = 5


class LeaseLost(Busy):
    """What this sender held has been taken from it."""


class Unreachable(RelanceError):
    """A server we need does not answer."""

    exit_code = 6
