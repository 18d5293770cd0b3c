"""An open installation comes in; the WSGI application that serves its pages goes out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from importlib.resources import files
from pathlib import Path
from typing import Any

from relance.base.clock import Clock, SystemClock
from relance.customers.installation import Installation
from relance.web.configuration import HERE, configure

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

PLACE, CLOCK = "relance.place", "relance.clock"  # names in the environment of a request
FONTS = Path(sys.prefix) / "share" / "relance" / "fonts"  # where scripts/fonts puts them; the pages do without
_DAY = 24 * 3600


def wsgi_application(place: Installation, clock: Clock | None = None) -> Application:
    """The pages of a home, its static files included. Threads may call it at the same time.

    Creates the home's accounts database, or brings it up to date, before it answers.
    """
    configure(place.home)
    from django.core.handlers.wsgi import WSGIHandler
    from whitenoise import WhiteNoise

    pages, told = WSGIHandler(), clock or SystemClock()

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ[PLACE], environ[CLOCK] = place, told
        return pages(environ, start_response)

    served = WhiteNoise(application, max_age=_DAY)
    for folder, prefix in static_folders():
        served.add_files(str(folder), prefix=prefix)
    return served


def static_folders() -> list[tuple[Path, str]]:
    """Folders of static files and the addresses they stand under."""
    htmx = Path(str(files("django_htmx"))) / "static" / "django_htmx"
    fonts = [(FONTS, "static/fonts/")] if FONTS.exists() else []
    return [(HERE / "static", "static/"), (htmx, "static/htmx/"), *fonts]
