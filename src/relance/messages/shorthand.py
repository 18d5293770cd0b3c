"""An HTML template becomes a short one with marks for its long literals; what was rendered of it is written out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from relance.messages.templates import TAG

_MARK = "<~"  # a value that a message prints has its “<” escaped, so no value can pretend to be a mark
_SHORTEST = 40
# Links and the end of the page are looked for in what is rendered; all else of a literal may stand behind a mark.
_EDGE = re.compile(r"[\"']|(?=[<>])")
_SOUGHT = re.compile(r"([^<>]*href=[^<>]*|</body>[^<>]*)")


@dataclass(frozen=True, slots=True)
class Shorthand:
    """The literals behind the marks, as text and as lines of a mail; `dotted` where such a line begins with a dot."""

    text: Mapping[str, str] = field(default_factory=dict)
    mail: Mapping[bytes, bytes] = field(default_factory=dict)
    dotted: bool = False
    longest: int = 0

    def at_most(self, short: str) -> int:
        """As many characters or more than it has when it is written out."""
        return len(short) + short.count(_MARK) * self.longest

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
    short, at = [], 0
    for tag in TAG.finditer(template):
        short += [_shortened(template[at : tag.start()], marks), tag[0]]
        at = tag.end()
    short.append(_shortened(template[at:], marks))
    return "".join(short), _shorthand({number: literal for literal, number in marks.items()})


def _shortened(literal: str, marks: dict[str, str]) -> str:
    """Kept is what may belong to a value beside it: an attribute not yet closed, space that the engine may trim."""
    first, last = _EDGE.search(literal), max(literal.rfind("<"), literal.rfind(">") + 1)
    begin = first.end() if first else last
    if last <= begin:
        return literal
    runs = _SOUGHT.split(literal[begin:last])
    runs[::2] = [_marked(run, marks) for run in runs[::2]]
    return literal[:begin] + "".join(runs) + literal[last:]


def _marked(run: str, marks: dict[str, str]) -> str:
    if len(run) < _SHORTEST or not run.isascii():
        return run
    return f"{_MARK}{marks.setdefault(run, str(len(marks)))}{_MARK}"


def _shorthand(literals: dict[str, str]) -> Shorthand:
    unix = {number: text.replace("\r\n", "\n").replace("\r", "\n") for number, text in literals.items()}
    mail = {number.encode(): text.replace("\n", "\r\n").encode("ascii") for number, text in unix.items()}
    dotted = any("\n." in text for text in unix.values())
    return Shorthand(literals, mail, dotted, max(map(len, literals.values()), default=0))
