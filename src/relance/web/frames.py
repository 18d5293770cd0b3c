"""The HTML of a message becomes an answer for a sandboxed frame: no script, no form, pictures only if asked."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src {pictures}; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox"
)
_WITH, _WITHOUT = "https: http: data:", "data:"


def framed(html: str, *, pictures: bool) -> Any:
    """Pictures are fetched from the network only where `pictures` is true: fetching one may tell that it was seen."""
    answer = HttpResponse(html)
    answer.headers["Content-Security-Policy"] = _POLICY.format(pictures=_WITH if pictures else _WITHOUT)
    answer.headers["X-Frame-Options"] = "SAMEORIGIN"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer
