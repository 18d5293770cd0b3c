"""What came in, until when it is complete, and every line that could not be read."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from relance.ingest.journal import write_rejects
from relance.web.here import here_of, start_of
from relance.web.reading import arrivals

_A_PAGE, _FIRST_LINES = 30, 50


@require_safe
def data(request: Any) -> Any:
    """Feeds and deliveries."""
    place, start = here_of(request).place, start_of(request)
    whole = arrivals.whole(place)
    more = start + _A_PAGE < whole["deliveries"]
    shown = {
        "whole": whole,
        "kept": whole["read"] - whole["rejected"],
        "feeds": arrivals.feeds(place),
        "deliveries": arrivals.deliveries(place, start, _A_PAGE),
        "before": max(0, start - _A_PAGE) if start else None,
        "after": start + _A_PAGE if more else None,
    }
    return render(request, "data.html", shown)


@require_safe
def delivery(request: Any, number: int) -> Any:
    """One delivery: its files, and the lines that could not be read."""
    place = here_of(request).place
    one = arrivals.delivery(place, number)
    if one is None:
        raise Http404
    shown = {
        "one": one,
        "kept": one["read"] - one["rejected"],
        "files": arrivals.files(place, number),
        "reasons": arrivals.reasons(place, number),
        "lines": arrivals.rejects(place, number, _FIRST_LINES),
    }
    return render(request, "delivery.html", shown)


@require_safe
def rejects(request: Any, number: int) -> Any:
    """The same lines as a CSV for a spreadsheet, all of them."""
    place = here_of(request).place
    if arrivals.delivery(place, number) is None:
        raise Http404
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rejects.csv"
        write_rejects(place.engine, number, path)
        answer = HttpResponse(path.read_bytes(), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="rejects-{number}.csv"'
    return answer
