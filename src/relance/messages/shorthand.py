"""An HTML template becomes a short one with marks for its long literals; what was rendered of it is written out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import zip_longest

from relance.messages.templates import TAG

_MARK = "<~"  # a value that a message prints has its “<” escaped, so no value can pretend to be a mark
_SHORTEST_MARK = 5
_SHORTEST_LITERAL = 60
# Links and the end of the page are looked for in what is rendered; all else of a literal may stand behind a mark.
_SOUGHT = re.compile(r"((?:\A|(?<=[<>]))[^<>]*href=[^<>]*|</body>[^<>]*)")
_EDGE = re.compile(r"[\"']|(?=[<>]|href=)")  # where a link that began in a value is surely over
_LOOP = re.compile(r"\{%[-+]?\s*(end)?for\b")


@dataclass(frozen=True, slots=True)
class Shorthand:
    """The literals behind the marks, as text and as lines of a mail; `dotted` where such a line begins with a dot.

    `once` is the length of those outside all loops together, `again` that of the longest one within a loop.
    """

    text: Mapping[str, str] = field(default_factory=dict)
    mail: Mapping[bytes, bytes] = field(default_factory=dict)
    dotted: bool = False
    once: int = 0
    again: int = 0

    def at_most(self, short: str) -> int:
        """As many characters or more than it has when it is written out."""
        return self.once + len(short) + len(short) // _SHORTEST_MARK * self.again

    def written_out(self, short: str) -> str:
        pieces = short.split(_MARK) if self.text else [short]
        pieces[1::2] = map(self.text.__getitem__, pieces[1::2])
        return "".join(pieces)

    def as_mail(self, short: bytes) -> bytes:
        """The same of what is encoded for a mail already."""
        pieces = short.split(_MARK.encode()) if self.mail else [short]
        pieces[1::2] = map(self.mail.__getitem__, pieces[1::2])
        return b"".join(pieces)


LONGHAND = Shorthand()
"""Nothing stands behind a mark."""


def shorten(template: str) -> tuple[str, Shorthand]:
    """A template whose literals are ASCII, with marks, and what they stand for."""
    if _MARK in template:
        return template, LONGHAND
    marks: dict[str, str] = {}
    short, loops, once, again = [], 0, 0, 0
    for literal, tag in zip_longest(TAG.split(template), TAG.findall(template), fillvalue=""):
        short += [_shortened(literal, marks), tag]
        once, again = (once, max(again, len(literal))) if loops else (once + len(literal), again)
        if loop := _LOOP.match(tag):
            loops += -1 if loop[1] else 1
    return "".join(short), _shorthand({number: literal for literal, number in marks.items()}, once, again)


def _shortened(literal: str, marks: dict[str, str]) -> str:
    """Kept is what may belong to the values beside it: a link not yet closed, space that the engine may trim."""
    begin, end = _begin(literal), _end(literal)
    if end <= begin:
        return literal
    runs = _SOUGHT.split(literal[begin:end])
    runs[::2] = [_marked(run, marks) for run in runs[::2]]
    return literal[:begin] + "".join(runs) + literal[end:]


def _begin(literal: str) -> int:
    edge = _EDGE.search(literal)
    return edge.end() if edge else len(literal)


def _end(literal: str) -> int:
    last = max(literal.rfind("<"), literal.rfind(">") + 1)
    # A tag that is not closed may go as far as its last quote, when no link begins in it.
    return last if "href=" in literal[last:] else max(last, literal.rfind('"') + 1)


def _marked(run: str, marks: dict[str, str]) -> str:
    if len(run) < _SHORTEST_LITERAL or not run.isascii():
        return run
    return f"{_MARK}{marks.setdefault(run, str(len(marks)))}{_MARK}"


def _shorthand(literals: dict[str, str], once: int, again: int) -> Shorthand:
    unix = {number: text.replace("\r\n", "\n").replace("\r", "\n") for number, text in literals.items()}
    mail = {number.encode(): text.replace("\n", "\r\n").encode("ascii") for number, text in unix.items()}
    return Shorthand(literals, mail, any("\n." in text for text in unix.values()), once, again)
