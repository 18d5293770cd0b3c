"""A scenario on the past: which version over which days; how far it is; and what it would have done."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from relance.backtests.asked import Asked, asked_of
from relance.backtests.stored import read_backtest, stored_backtests
from relance.base.zones import local_day
from relance.customers.installation import Installation
from relance.web import trying
from relance.web.here import Here, here_of
from relance.web.reading import past as told
from relance.web.reading.drafts import differs, draft_path
from relance.web.reading.standing import Standing, standing_of

_SPAN = timedelta(days=90)
_MOST_LISTED, _VERSIONS = 8, 6


@dataclass(frozen=True)
class Question:
    """What the form asks. `which` is a number, `draft` or `library`."""

    which: str
    first: date | None
    last: date | None
    beside: str

    def query(self) -> str:
        """The same as an address carries it."""
        days = {"from": self.first.isoformat() if self.first else "", "to": self.last.isoformat() if self.last else ""}
        return urlencode({"version": self.which, **days, "with": self.beside})


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: Any, name: str) -> Any:
    """The form, how far the last question is, and the answers that are kept."""
    here = here_of(request)
    one = standing_of(here.place, name)
    if request.method == "POST":
        question = _question(request.POST, one, here)
        if question.first is None or question.last is None or question.first > question.last:
            return _form(request, one, question, refused=here.voice.say("past.dates"), status=400)
        trying.begin(here.owner, name, lambda place: _asked(place, name, question))
        return HttpResponseRedirect(f"/scenarios/{name}/past?{question.query()}")
    return _form(request, one, _question(request.GET, one, here))


@require_safe
def now(request: Any, name: str) -> Any:
    """How far the question is; sends the page on when it is answered."""
    here = here_of(request)
    one = trying.under_way(here.place, name)
    answer = render(request, "past_now.html", {"name": name, "one": one})
    if one is None or one.over:
        answer = HttpResponse(status=204)
        answer.headers["HX-Redirect"] = f"/scenarios/{name}/past{'/' + one.found if one and one.found else ''}"
    return answer


@require_safe
def answer(request: Any, name: str, found: str) -> Any:
    """One backtest."""
    here = here_of(request)
    one, kept = standing_of(here.place, name), read_backtest(here.place.home, found)
    if name not in {each["id"] for each in kept["scenarios"]}:
        raise Http404
    part, days = told.own(kept, name), told.days_of(kept, name)
    voice, number = here.voice, part["version"]
    bars, charts = told.drawn(days, voice)
    shown = {
        "one": one,
        "kept": kept,
        "part": part,
        "which": voice.say("past.which", number=number) if number else voice.say("past.which.draft"),
        "rate": voice.number(part["messages"] / len(days), 0 if part["messages"] >= 10 * len(days) else 1),
        "days": days,
        "last_day": days[-1][0],
        "seconds": voice.number(kept["measured"]["seconds"], 1),
        "weeks": bars.days == 7,
        "charts": charts,
        "reasons": told.reasons_of(part, voice),
        "unsent": part["candidates"] - part["send"],
        "people": told.people_of(part, voice),
        "lost": _lost(part, here),
        "anyway": told.anyway(part, voice),
        "in_force": told.beside(kept, name, voice),
        "force_number": told.own(kept["in_force"], name)["version"] if "in_force" in kept else None,
        "samples": told.samples_of(here.place, part, voice),
        "publishable": not number and one.on and differs(here.place, one),
        "again": _of_request(kept, part).query(),
    }
    return render(request, "past.html", shown)


def _form(request: Any, one: Standing, question: Question, refused: str = "", status: int = 200) -> Any:
    here = here_of(request)
    last = trying.under_way(here.place, one.name)
    spoken = here.language
    if last and last.refused and not refused:
        refused, spoken = here.voice.refusal(last.refused)
        if honest := re.search(r"--from (\d{4}-\d\d-\d\d)", last.refused):
            question = Question(question.which, date.fromisoformat(honest[1]), question.last, question.beside)
    shown = {
        "one": one,
        "question": question,
        "versions": list(_versions(here, one)),
        "running": last if last and not last.over else None,
        "refused": refused,
        "spoken": spoken,
        "today": local_day(here.now, here.place.zone),
        "kept": list(_kept(here, one.name)),
    }
    return render(request, "past_ask.html", shown, status=status)


def _question(given: Any, one: Standing, here: Here) -> Question:
    """What was asked for; what is missing or makes no sense is the last ninety days of what is on."""
    which = given.get("version", "")
    known = which in {each for each, _ in _versions(here, one)}
    today = local_day(here.now, here.place.zone)
    last = _day(given.get("to"), today - timedelta(days=1) if "to" not in given else None)
    first = _day(given.get("from"), today - _SPAN if "from" not in given else None)
    beside = "none" if given.get("with") == "none" else "all-on"
    return Question(which if known else next(each for each, _ in _versions(here, one)), first, last, beside)


def _day(text: str | None, otherwise: date | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return otherwise


def _asked(place: Installation, name: str, question: Question) -> Asked:
    assert question.first and question.last
    named = {"draft": str(draft_path(place, name)), "library": name}.get(question.which, f"{name}@{question.which}")
    beside = "none" if question.beside == "none" else "all-on"
    return asked_of(place, [named], question.first, question.last, beside, compare=True)  # type: ignore[arg-type]


def _versions(here: Here, one: Standing) -> Iterator[tuple[str, str]]:
    """What may be tried, and how it is called: what is on first, then a draft, then what was published before."""
    say, own = here.voice.say, here.place.ledger.history("scenario", one.name)[::-1]
    draft = differs(here.place, one)
    if one.on:
        yield str(one.version.number), say("past.version.in_force", number=one.version.number)
    if draft:
        yield "draft", say("past.version.draft")
    for each in own[:_VERSIONS]:
        if not (one.on and each.version == one.version.number):
            yield str(each.version), say("past.version.number", number=each.version)
    if not own and not draft:
        yield "library", say("past.version.library")


def _kept(here: Here, name: str) -> Iterator[dict[str, Any]]:
    """The newest backtests that this scenario was chosen for."""
    for each in stored_backtests(here.place.home)[:50]:
        chosen = [part for part in each["scenarios"] if part["id"] == name and part["chosen"]]
        if chosen:
            first, last = (date.fromisoformat(each[end]) for end in ("from", "to"))
            yield {"id": each["id"], "part": chosen[0], "first": first, "last": last}


def _lost(part: Any, here: Here) -> list[tuple[int, str]]:
    """How many gave way, and to which scenario."""
    return [(number, _title(here, name)) for name, number in part["lost_to"].items()]


def _title(here: Here, name: str) -> str:
    return standing_of(here.place, name).title.in_(here.language)


def _of_request(kept: Any, part: Any) -> Question:
    first, last = (date.fromisoformat(kept[end]) for end in ("from", "to"))
    return Question(str(part["version"] or "draft"), first, last, kept["request"]["with"])
