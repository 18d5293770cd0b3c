"""Numbers by day become bars, drawn twice: wide, and narrow for a telephone, so that words stay readable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from relance.web.drawing.interval import axis_of

_MOST_BARS = 120  # more, and a bar is a week
_LETTER = 6.6  # width of one, about


@dataclass(frozen=True)
class Bars:
    """`first` is the day of the first bar; each bar stands for `days` days. A gap of None was no day of the span."""

    first: date
    days: int
    numbers: tuple[int, ...]

    def day(self, place: int) -> date:
        return self.first + timedelta(days=place * self.days)

    @property
    def top(self) -> int:
        """The place of the highest bar."""
        return max(range(len(self.numbers)), key=lambda place: (self.numbers[place], -place))


@dataclass(frozen=True)
class _Paper:
    width: int
    height: int
    left: int
    above: int = 44
    below: int = 26

    @property
    def floor(self) -> int:
        return self.height - self.below


_WIDE, _NARROW = _Paper(1100, 290, 38), _Paper(350, 230, 38)


def bars_of(numbers: Sequence[tuple[date, int]]) -> Bars:
    """A bar a day in order; a week each where there are too many days."""
    days = 1 if len(numbers) <= _MOST_BARS else 7
    sums = (sum(number for _, number in numbers[at : at + days]) for at in range(0, len(numbers), days))
    return Bars(numbers[0][0], days, tuple(sums))


def chart(
    bars: Bars, said: str, top: str, month: Callable[[date], str], write: Callable[[int], str]
) -> tuple[SafeString, SafeString]:
    """Wide and narrow. said: the finding, for those who hear the page; top: what is written at the highest bar."""
    return tuple(_drawn(bars, paper, said, top, month, write) for paper in (_WIDE, _NARROW))


def _drawn(
    bars: Bars, paper: _Paper, said: str, top: str, month: Callable[[date], str], write: Callable[[int], str]
) -> SafeString:
    axis = axis_of([float(max(*bars.numbers, 1))])
    marks = [tick for tick in axis.ticks if tick == int(tick)]
    highest = max(*bars.numbers, *marks, 1)
    high = paper.floor - paper.above

    def y(number: float) -> float:
        return paper.floor - high * number / highest

    step = (paper.width - paper.left - 8) / len(bars.numbers)
    lines = format_html_join(
        "",
        '<line class="gl" x1="{}" x2="{}" y1="{}" y2="{}"/><text x="{}" y="{}" text-anchor="end">{}</text>',
        (
            (
                paper.left,
                paper.width - 8,
                f"{y(n):.1f}",
                f"{y(n):.1f}",
                paper.left - 8,
                f"{y(n) + 4:.1f}",
                write(int(n)),
            )
            for n in marks
        ),
    )
    columns = format_html_join(
        "",
        '<rect class="bar" x="{}" y="{}" width="{}" height="{}" rx="1.5"/>',
        (
            (f"{paper.left + step * (at + 0.1):.1f}", f"{y(n):.1f}", f"{step * 0.8:.1f}", f"{paper.floor - y(n):.1f}")
            for at, n in enumerate(bars.numbers)
            if n
        ),
    )
    return format_html(
        '<svg class="ch {}" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}{}{}</svg>',
        *("wid" if paper is _WIDE else "nar", paper.width, paper.height, said, lines, columns),
        _dates(bars, paper, step, month),
        _label(paper.left + step * (bars.top + 0.5), y(bars.numbers[bars.top]) - 9, top, paper),
    )


def _dates(bars: Bars, paper: _Paper, step: float, month: Callable[[date], str]) -> SafeString:
    """The first day, and each month at its first bar, as far as they do not touch."""
    shown, free = [], 0.0
    for at in range(len(bars.numbers)):
        day, before = bars.day(at), bars.day(at - 1)
        x, text = paper.left + step * at, month(day)
        if (at == 0 or day.month != before.month) and x >= free and x + len(text) * _LETTER <= paper.width:
            shown.append((f"{x:.1f}", f"{x:.1f}", paper.floor, paper.floor + 5, f"{x + 3:.1f}", paper.height - 6, text))
            free = x + 3 + len(text) * _LETTER + 10
    mark = '<line class="mk" x1="{}" x2="{}" y1="{}" y2="{}"/><text x="{}" y="{}">{}</text>'
    return format_html_join("", mark, shown)


def _label(x: float, y: float, text: str, paper: _Paper) -> SafeString:
    """Above its bar, moved inwards where it would leave the paper."""
    half = len(text) * _LETTER / 2
    x = min(max(x, paper.left + half), paper.width - half)
    return format_html('<text class="lab" x="{}" y="{}" text-anchor="middle">{}</text>', f"{x:.1f}", f"{y:.1f}", text)
