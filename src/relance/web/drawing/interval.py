"""An estimate and its interval become a bar on an axis: solid where it is established, hollow where zero is in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import floor, log10

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

_FEW = 4  # ticks of an axis
_CLOSE = 13.0  # percent: two labels nearer than this would touch on a telephone


@dataclass(frozen=True)
class Axis:
    """From low to high, zero included; ticks stand at round numbers."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def at(self, value: float) -> float:
        """Percent of the width."""
        return 100 * (value - self.low) / (self.high - self.low)


def axis_of(values: Sequence[float]) -> Axis:
    """Room for all of these and for zero."""
    low, high = min(0.0, *values, 0.0), max(0.0, *values, 0.0)
    high = high if high > low else low + 1
    step = _round_step((high - low) / _FEW)
    room = (high - low) * 0.04
    first = floor(low / step) + (0 if low == 0 else 1)
    ticks = tuple(step * place for place in range(first, floor(high / step) + 1))
    return Axis(low - room, high + room, ticks)


def interval(axis: Axis, estimate: float, low: float, high: float, said: str, *, solid: bool) -> SafeString:
    """One row of a list; `said` is the finding, for those who hear the page."""
    return _drawn(axis, estimate, low, high, said, solid, height=26, thick=8, dot=5)


def big_interval(
    axis: Axis, estimate: float, low: float, high: float, write: Callable[[float], str], said: str, *, solid: bool
) -> SafeString:
    """The same with its numbers: the estimate above, the bounds beneath."""
    marks = [(low, 62, "iv-b"), (high, 62, "iv-b"), (estimate, 14, "iv-e")]
    if min(abs(axis.at(0) - axis.at(end)) for end in (low, high)) > _CLOSE:
        marks.append((0.0, 62, "iv-t"))
    labels = format_html_join("", "{}", ((_label(axis.at(value), y, kind, write(value)),) for value, y, kind in marks))
    return _drawn(axis, estimate, low, high, said, solid, height=70, thick=12, dot=8, middle=34, more=labels)


def ticks(axis: Axis, write: Callable[[float], str]) -> SafeString:
    """The numbers of a shared axis."""
    shown = [(_label(axis.at(value), 14, "iv-t", write(value)),) for value in axis.ticks]
    return format_html('<svg class="iv-svg" height="20" aria-hidden="true">{}</svg>', format_html_join("", "{}", shown))


def _drawn(
    axis: Axis,
    estimate: float,
    low: float,
    high: float,
    said: str,
    solid: bool,
    height: int,
    thick: int,
    dot: int,
    middle: int | None = None,
    more: SafeString | str = "",
) -> SafeString:
    y = middle or height // 2
    left, right = axis.at(low), axis.at(high)
    return format_html(
        '<svg class="iv-svg{}" height="{}" role="img" aria-label="{}">'
        '<line class="iv-ax" x1="0" x2="100%" y1="{}" y2="{}"/><line class="iv-z" x1="{}%" x2="{}%" y1="{}" y2="{}"/>'
        '<rect class="iv-bd" x="{}%" width="{}%" y="{}" height="{}" rx="{}"/>'
        '<circle class="iv-pt" cx="{}%" cy="{}" r="{}"/>{}</svg>',
        "" if solid else " un",
        height,
        said,
        *(y, y),
        *(f"{axis.at(0):.2f}", f"{axis.at(0):.2f}", y - thick - 3, y + thick + 3),
        *(f"{left:.2f}", f"{max(0.5, right - left):.2f}", y - thick // 2, thick, thick // 2),
        *(f"{axis.at(estimate):.2f}", y, dot),
        more,
    )


def _label(percent: float, y: int, kind: str, text: str) -> SafeString:
    anchor = "start" if percent < 8 else "end" if percent > 92 else "middle"
    place = f"{min(100, max(0, percent)):.2f}"
    return format_html('<text class="{}" x="{}%" y="{}" text-anchor="{}">{}</text>', kind, place, y, anchor, text)


def _round_step(rough: float) -> float:
    power = 10 ** floor(log10(rough))
    return float(next(power * each for each in (1, 2, 5, 10) if power * each >= rough))
