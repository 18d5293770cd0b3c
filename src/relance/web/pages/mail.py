"""The mailbox: every mail that Relance kept, seen as its reader would see it."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_safe

from relance.web.frames import framed
from relance.web.here import here_of, start_of
from relance.web.reading import post

_A_PAGE = 40


@require_safe
def mailbox(request: Any) -> Any:
    """The mails, the latest first."""
    here, start = here_of(request), start_of(request)
    found, number = post.listing(here.place.home.mail, start, _A_PAGE)
    shown = {
        "mails": found,
        "number": number,
        "live": here.settings.smtp is not None,
        "before": max(0, start - _A_PAGE) if start else None,
        "after": start + _A_PAGE if start + _A_PAGE < number else None,
    }
    return render(request, "mailbox.html", shown)


@require_safe
def mail(request: Any, name: str) -> Any:
    """One mail, laid out or as text, with its pictures or without."""
    found, html, text = _opened(request, name)
    plain = not html or request.GET.get("form") == "text"
    pictures = "on" if request.GET.get("pictures") == "on" else "off"
    return render(
        request, "mail.html", {"mail": found, "html": html, "text": text, "plain": plain, "pictures": pictures}
    )


@require_safe
def frame(request: Any, name: str) -> Any:
    """The HTML of a mail, for the frame of its page."""
    return framed(_opened(request, name)[1], pictures=request.GET.get("pictures") == "on")


def _opened(request: Any, name: str) -> tuple[post.Mail, str, str]:
    path = post.file_of(here_of(request).place.home.mail, name)
    if path is None:
        raise Http404
    return post.opened(path)
