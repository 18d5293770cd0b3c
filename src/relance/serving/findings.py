"""One thing looked at becomes a finding: its colour, a sentence for a person, figures for a machine."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from relance.base.errors import RelanceError

if TYPE_CHECKING:
    from relance.base.home import Home

LEAST_FREE = 1_000_000_000  # bytes
Colour = Literal["green", "amber", "red"]


@dataclass(frozen=True)
class Finding:
    """One thing looked at. Red needs a person before the next turn, amber a look."""

    what: str
    colour: Colour
    said: str
    figures: dict[str, Any]


def finding(what: str, colour: Colour, said: str, **figures: Any) -> Finding:
    return Finding(what, colour, said, figures)


def tried(what: str, look: Callable[[], str]) -> Finding:
    """Green with what was said, red with the sentence of the error."""
    try:
        return finding(what, "green", look())
    except RelanceError as error:
        return finding(what, "red", str(error))


def disk(home: Home) -> Finding:
    """How much room is left where the home is."""
    free = shutil.disk_usage(home.path).free
    said = f"{free / 1e9:.1f} GB free in {home.path}"
    return finding("disk", "green" if free > LEAST_FREE else "red", said, free_bytes=free)
