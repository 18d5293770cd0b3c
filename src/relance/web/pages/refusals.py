"""What cannot be shown or done becomes a page that says so, in one sentence, and what was not touched."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponseServerError
from django.shortcuts import render

from relance.base.errors import Busy, NotFound, RelanceError
from relance.web.here import here_of
from relance.web.words import WORDS


def not_found(request: Any, exception: Exception | None = None) -> Any:
    """404."""
    return _page(request, 404, "stop.404")


def forbidden(request: Any, exception: Exception | None = None) -> Any:
    """403."""
    return _page(request, 403, "stop.403")


def stale_form(request: Any, reason: str = "") -> Any:
    """403: a form came without the mark of the page it stood on."""
    return _page(request, 403, "stop.stale")


def failed(request: Any) -> Any:
    """500: a defect of ours; where even its page cannot be made, two plain sentences."""
    try:
        return _page(request, 500, "stop.500")
    except Exception:
        plain = " ".join(str(said) for said in WORDS["stop.500"])
        return HttpResponseServerError(plain, content_type="text/plain; charset=utf-8")


def refused(request: Any, error: RelanceError) -> Any:
    """The house's own sentence, in the reader's language where it has been put into it."""
    if isinstance(error, NotFound):
        return _page(request, 404, "stop.404")
    key, status = ("stop.busy", 503) if isinstance(error, Busy) else ("stop.refused", 409)
    return _page(request, status, key, *here_of(request).voice.refusal(str(error)))


def _page(request: Any, status: int, key: str, reason: str = "", spoken: str = "") -> Any:
    about = "stop.refused.about" if reason else f"{key}.about"
    shown = {"title": key, "about": about, "reason": reason, "spoken": spoken}
    return render(request, "stop.html", shown, status=status)
