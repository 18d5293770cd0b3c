"""A request becomes what its page needs: the home to read, the instant, and the reader's voice."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime
from functools import cached_property
from typing import Any

from relance.base.settings import Settings
from relance.customers.installation import Installation
from relance.web import app
from relance.web.app import CLOCK, PLACE
from relance.web.voice import Voice

LANGUAGE_COOKIE = "relance_language"
LANGUAGES = ("fr", "en")


class Here:
    """One request's view of the home; closed when its answer is made."""

    def __init__(self, request: Any) -> None:
        self.owner: Installation = request.environ[PLACE]  # outlives the request
        self._opened = ExitStack()
        self.now: datetime = request.environ[CLOCK].now()
        self.language = language_of(request, self.owner.settings.brand.languages)

    @property
    def settings(self) -> Settings:
        return self.owner.settings

    @cached_property
    def place(self) -> Installation:
        """Connections of this request alone; opened when first asked."""
        return self._opened.enter_context(self.owner.reader())

    @cached_property
    def voice(self) -> Voice:
        """How this reader is spoken to."""
        return Voice(self.language, self.settings.brand.zone, self.settings.brand.languages)

    def close(self) -> None:
        self._opened.close()


def language_of(request: Any, offered: tuple[str, ...]) -> str:
    """The language that was chosen, else the browser's, else the brand's first."""
    chosen = request.COOKIES.get(LANGUAGE_COOKIE)
    if chosen in LANGUAGES:
        return str(chosen)
    for wish in request.headers.get("Accept-Language", "").lower().split(","):
        if wish.strip()[:2] in LANGUAGES:
            return str(wish.strip()[:2])
    return next((name[:2] for name in offered if name[:2] in LANGUAGES), LANGUAGES[0])


def here_of(request: Any) -> Here:
    """What the middleware laid beside the request."""
    here: Here = request.here
    return here


def start_of(request: Any) -> int:
    """The place in a list at which a page of it starts."""
    asked = request.GET.get("from", "")
    return min(int(asked), 10_000_000) if asked.isdecimal() and len(asked) < 9 else 0


def shell(request: Any) -> dict[str, Any]:
    """What every template may use: the voice, the brand, and which of the five places this is."""
    here = here_of(request)
    return {
        "voice": here.voice,
        "language": here.language,
        "now": here.now,
        "brand": here.settings.brand,
        "fonts": app.FONTS.exists(),
        "section": request.path.split("/")[1] or "overview",
    }
