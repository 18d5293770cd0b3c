"""Every request passes here: what it may read is opened and closed, and every answer says what it may not do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from relance.base.errors import RelanceError
from relance.web.here import Here

Answer = Callable[[Any], Any]

# Nothing but ours, no script and no style inside a page.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": PAGE_POLICY,
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}


class Headers:
    """Protecting headers, where the page has not set stricter ones of its own."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: Any) -> Any:
        response = self.answer(request)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        return response


class Opened:
    """Lays what a page needs beside the request; a refusal of the house becomes a page that says it."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: Any) -> Any:
        request.here = Here(request)
        try:
            return self.answer(request)
        finally:
            request.here.close()

    def process_exception(self, request: Any, error: Exception) -> Any:
        from relance.web.pages.refusals import refused

        return refused(request, error) if isinstance(error, RelanceError) else None
