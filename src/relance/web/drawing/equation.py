"""Parts of a whole become one bar, as wide as its place."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from relance.web.reading.parts import Part

_LEAST = 0.7  # percent: what is there can be seen
_HATCH = (
    '<defs><pattern id="{0}" width="5.5" height="5.5" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)">'
)
_HATCH += (
    '<rect class="t-sheet" width="5.5" height="5.5"/><rect class="t-n1" width="5.5" height="1.5"/></pattern></defs>'
)


def hatch(name: str) -> SafeString:
    """The pattern of the control group, under a name of its own in the page."""
    return format_html(_HATCH, name)


def bar(parts: Sequence[Part], said: str) -> SafeString:
    """`said` is the finding, for those who hear the page."""
    shown = [part for part in parts if part.number]
    whole = sum(part.number for part in shown) or 1
    widths = [max(_LEAST, 100 * part.number / whole) for part in shown]
    scale = 100 / sum(widths)
    rows, at = [], 0.0
    for part, width in zip(shown, widths, strict=True):
        fill = (
            format_html(' fill="url(#{})"', "bar-hatch")
            if part.tone == "hatch"
            else format_html(' class="t-{}"', part.tone)
        )
        rows.append((f"{at:.3f}", f"{width * scale:.3f}", fill))
        at += width * scale
    drawn = format_html_join("", '<rect x="{}%" width="{}%" height="44"{}/>', rows)
    return format_html('<svg class="eqb" role="img" aria-label="{}">{}{}</svg>', said, hatch("bar-hatch"), drawn)
