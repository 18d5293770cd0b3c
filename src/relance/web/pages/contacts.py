"""Looking for a contact, and one contact: who they are, what happened, what we may send, and why or why not."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from relance.base.clock import parse_instant
from relance.base.errors import BadDocument, Refused
from relance.base.zones import local_day, to_instant
from relance.explaining.explain import explain
from relance.web.here import Here, here_of
from relance.web.reading import person
from relance.web.reading.history import MOST, history_of
from relance.web.reading.people import name_of

_FEW = 20
SHOWN = ("all", "orders", "carts", "messages")


@require_http_methods(["GET", "HEAD", "POST"])
def contacts(request: Any) -> Any:
    """The search is posted, so that no address of a person stands in the address of a page."""
    here, asked = here_of(request), request.POST.get("asked", "").strip()[:320]
    found = person.search(here.place, asked) if asked else []
    if len(found) == 1:
        return HttpResponseRedirect(f"/contacts/{found[0]['contact']}")
    shown = {
        "asked": asked,
        "number": here.place.engine.value("SELECT count(*) FROM contacts"),
        "found": [(row, name_of(row)) for row in found],
        "recent": [(row, name_of(row)) for row in ([] if asked else person.recent(here.place))],
    }
    return render(request, "contacts.html", shown)


@require_safe
def contact(request: Any, number: int) -> Any:
    """Everything about one contact; the explanation comes a moment later, for it asks a whole turn again."""
    here = here_of(request)
    into = person.merged_into(here.place, number)
    if into is not None:
        return HttpResponseRedirect(f"/contacts/{into}")
    who = person.profile(here.place, number)
    if who is None:
        raise Http404
    titles = _titles(here)
    show = request.GET.get("show") if request.GET.get("show") in SHOWN else "all"
    asked = {"scenario": _scenario(request, here, titles, number), "at": request.GET.get("at", "")}
    events = history_of(here.place, number, titles, here.voice, str(show))
    few = MOST if request.GET.get("most") == str(MOST) else _FEW
    shown = {
        "who": who,
        "name": name_of(who),
        "spent": person.spent(here.place),
        "consents": person.consents(here.place, here.now, here.voice),
        "events": events[:few],
        "more": MOST if len(events) > few else None,
        "show": show,
        "shows": [(each, each == show) for each in SHOWN],
        "titles": titles,
        "asked": asked,
        "day": local_day(_instant(asked["at"], here), here.place.zone).isoformat(),
        "query": urlencode(asked),
    }
    if request.GET.get("whole") and who["own_id"]:
        shown |= _explained(here, who["own_id"], asked)
    return render(request, "contact.html", shown)


@require_safe
def why(request: Any, number: int) -> Any:
    """The explanation alone, for the page that asked for it."""
    here = here_of(request)
    who = person.profile(here.place, number)
    titles = _titles(here)
    if who is None or not titles:
        raise Http404
    asked = {"scenario": _scenario(request, here, titles, number), "at": request.GET.get("at", "")}
    shown = _explained(here, who["own_id"], asked) if who["own_id"] else {}
    return render(request, "why.html", shown)


def _explained(here: Here, own_id: str, asked: dict[str, str]) -> dict[str, Any]:
    try:
        return {"why": explain(here.place, own_id, asked["scenario"], _instant(asked["at"], here))}
    except Refused as error:
        unexplained, spoken = here.voice.refusal(str(error))
        return {"unexplained": unexplained, "spoken": spoken}


def _titles(here: Here) -> dict[str, str]:
    """Titles of the published scenarios by name."""
    from relance.scenarios.running import KIND, stored_version

    ledger, language = here.place.ledger, here.language
    versions = [stored_version(ledger, each.name, each.version) for each in ledger.documents(KIND)]
    return {each.name: each.scenario.title.get(language) or each.name for each in versions}


def _scenario(request: Any, here: Here, titles: dict[str, str], number: int) -> str:
    """The one asked for, else the one last decided about, else the first."""
    asked = request.GET.get("scenario")
    if asked in titles:
        return str(asked)
    last = here.place.engine.value(
        'SELECT d.scenario FROM decisions AS d SEMI JOIN sides USING (contact) ORDER BY d."at" DESC LIMIT 1'
    )
    return str(last) if last in titles else next(iter(titles), "")


def _instant(text: str, here: Here) -> datetime:
    """An instant; a day is its end, today is now; what cannot be read is now."""
    try:
        if len(text) > len("2026-03-10"):
            return parse_instant(text)
        day = date.fromisoformat(text)
    except (ValueError, BadDocument):
        return here.now
    if day == local_day(here.now, here.place.zone) or not 2000 <= day.year <= 2035:
        return here.now
    return to_instant(day + timedelta(days=1), time(0), here.place.zone) - timedelta(seconds=1)
