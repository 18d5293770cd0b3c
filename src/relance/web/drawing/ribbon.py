"""A scenario and its numbers become a ribbon that grows thinner as people leave it, each exit with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString

WIDTH = 72  # of the drawing's own square; the page stretches it
_WIDEST, _THINNEST = 58.0, 3.0


@dataclass(frozen=True)
class Stop:
    """A node (`kind` is trigger, gate, send, wait, branch, set, call or exit), an exit between nodes (`drop`), or the
    beginning of one way out of a step (`way`), which has a width of its own.

    number: who is still there, or who left. code: the reason whose people the exit opens.
    """

    kind: str
    title: str
    about: str = ""
    number: int | None = None
    icon: str = ""
    code: str = ""


@dataclass(frozen=True)
class Row:
    """A stop with the piece of ribbon beside it."""

    stop: Stop
    ribbon: SafeString
    place: str  # first, last or empty


def rows(stops: Sequence[Stop]) -> list[Row]:
    """One piece per stop; widths are shares of the first number."""
    whole = max((stop.number or 0 for stop in stops if stop.kind != "drop"), default=0) or 1
    made, here = [], next((stop.number or 0 for stop in stops), 0)
    for place, stop in enumerate(stops):
        before = here
        here = before - (stop.number or 0) if stop.kind == "drop" else (before if stop.number is None else stop.number)
        before = here if stop.kind == "way" and stop.number is not None else before
        first, last = place == 0, place == len(stops) - 1
        piece = _piece(_wide(here if first else before, whole), _wide(here, whole), first, last)
        made.append(Row(stop, piece, "first" if first else "last" if last else ""))
    return made


def _wide(number: int, whole: int) -> float:
    return max(_THINNEST, _WIDEST * number / whole) if number > 0 else 0.0


def _piece(above: float, below: float, first: bool, last: bool) -> SafeString:
    top, bottom = (5 if first else 0), (5 if last else 10)
    half = WIDTH / 2
    corners = [(half - above / 2, top), (half + above / 2, top), (half + below / 2, bottom), (half - below / 2, bottom)]
    points = " ".join(f"{x:.1f},{y}" for x, y in corners)
    frame = '<svg class="rib" viewBox="0 0 72 10" preserveAspectRatio="none" aria-hidden="true">{}</svg>'
    return format_html(frame, format_html('<polygon points="{}"/>', points))
