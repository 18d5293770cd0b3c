"""One scenario: whom it saw, whom it wrote to, why not the others, and what it says."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import Http404, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from relance.base.zones import local_day, to_instant
from relance.messages.publishing import publish_scenario
from relance.scenarios.sources import check_sources
from relance.scenarios.switching import switch_off, switch_on
from relance.web.drawing.equation import bar
from relance.web.drawing.ribbon import rows
from relance.web.frames import framed
from relance.web.here import LANGUAGES, Here, here_of, start_of
from relance.web.reading.drafts import differs, may_be_undone
from relance.web.reading.example import examples_of
from relance.web.reading.figures import figures_of
from relance.web.reading.if_on import outlook, written
from relance.web.reading.needs import needs_of
from relance.web.reading.parts import parts_of, planned
from relance.web.reading.path import counts_of, stops_of, ways_of
from relance.web.reading.people import OUTCOMES, people_of
from relance.web.reading.results import compared
from relance.web.reading.standing import Standing, standing_of, standings
from relance.web.reading.worth import worth, worth_of

_A_PAGE = 50


@require_safe
def scenario(request: Any, name: str) -> Any:
    """Its picture, its equation, its message, its versions."""
    here = here_of(request)
    one = standing_of(here.place, name)
    counts, taken = counts_of(here.place, one.version), ways_of(here.place, one.version)
    examples = examples_of(here.place, one.version, here.now, _language(request))
    subjects = {each.preview.message: each.preview.rendered.subject for each in examples}
    parts = parts_of(one.equation, here.voice) if one.equation else []
    shown = {
        "one": one,
        "parts": parts,
        "since": min((row["first"] for row in counts), default=None),
        "path": rows(stops_of(one.version, counts, taken, subjects, here.voice)),
        "ends": _ends(one),
        "alone": {"waiting": taken.alone[0], "left": taken.alone[1]} if len(one.version.nodes) > 1 else {},
        "examples": examples,
        "pictures": "on" if request.GET.get("pictures") == "on" else "off",
        "message_language": _language(request) or (examples[0].preview.language if examples else ""),
        "versions": here.place.ledger.history("scenario", name)[::-1],
        "next_at": _next(one, here),
        "draft": one.on and differs(here.place, one),
        "undo": may_be_undone(here.place, one),
        "needs": () if one.on else needs_of(here.place, standings(here.place)).get(name, ()),
    }
    whole = worth(here.place, here.now) if one.equation else None
    account = worth_of(whole, name)
    if account and account.result:
        shown["result"] = compared(account.result, here.voice)
    if account:
        shown["figures"] = figures_of(account, here.voice)
    shown["counting"] = one.equation is not None and whole is None
    if one.equation:
        told, seen = one.equation.outbox["sent"], one.equation.candidates
        said = here.voice.say("scenario.bar", sent=told, seen=seen)
        shown |= {"bar": bar(parts, said), "told": told, "unsent": seen - told}
    return render(request, "scenario.html", shown)


@require_safe
def people(request: Any, name: str, code: str) -> Any:
    """Those behind one number of the equation, the latest first."""
    here = here_of(request)
    one = standing_of(here.place, name)
    at = start_of(request)
    found, number = people_of(here.place, name, code, at, _A_PAGE)
    label = here.voice.say(f"outcome.{code}") if code in OUTCOMES else here.voice.reason(code)
    if not number and code not in OUTCOMES:
        raise Http404
    shown = {"one": one, "people": found, "number": number, "label": label, "code": code}
    shown |= {"before": max(0, at - _A_PAGE) if at else None, "after": at + _A_PAGE if at + _A_PAGE < number else None}
    return render(request, "people.html", shown)


@require_safe
def message(request: Any, name: str, step: str) -> Any:
    """The message of a step, for a frame of the page."""
    here = here_of(request)
    one = standing_of(here.place, name)
    found = {each.step: each for each in examples_of(here.place, one.version, here.now, _language(request))}
    if step not in found:
        raise Http404
    return framed(found[step].preview.rendered.html, pictures=request.GET.get("pictures") == "on")


@require_http_methods(["GET", "HEAD", "POST"])
def switch_on_page(request: Any, name: str) -> Any:
    """First whom it would write to and why not the others; pressing the button switches it on."""
    here = here_of(request)
    one = standing_of(here.place, name)
    if one.on:
        return HttpResponseRedirect(f"/scenarios/{name}")
    if request.method != "POST":
        seen = outlook(here.place, one, here.now)
        parts = planned(seen.report, here.voice) if seen.report else []
        live = here.settings.smtp is not None
        return render(request, "on.html", {"one": one, "seen": seen, "parts": parts, "live": live})
    version = one.version if one.published else publish_scenario(here.place, written(here.place, name), here.now)
    check_sources(here.place, version)
    switch_on(here.place, version, here.now)
    return HttpResponseRedirect(f"/scenarios/{name}")


@require_http_methods(["GET", "HEAD", "POST"])
def switch_off_page(request: Any, name: str) -> Any:
    """What stopping means; pressing the button stops it."""
    here = here_of(request)
    one = standing_of(here.place, name)
    if request.method == "POST" and one.on:
        switch_off(here.place, name, one.version.number, here.now)
    elif one.on:
        return render(request, "off.html", {"one": one})
    return HttpResponseRedirect(f"/scenarios/{name}")


def _language(request: Any) -> str | None:
    """The language of the message, where one was asked for."""
    asked = request.GET.get("language")
    return asked if asked in LANGUAGES else None


def _ends(one: Standing) -> list[tuple[str, int]]:
    """Where what was decided is now, counted as the path counts; they add up to its messages."""
    if not one.equation:
        return []
    order = ("sent", "queued", "failed", "unknown", "cancelled")
    return [(state, one.equation.outbox[state]) for state in order if one.equation.outbox[state] or state == "sent"]


def _next(one: Standing, here: Here) -> datetime | None:
    """The next slot of its schedule, where it has one and is on."""
    if not (one.on and one.scenario.schedule):
        return None
    day, zone = local_day(here.now, here.place.zone), here.place.zone
    slots = (to_instant(day + timedelta(days=more), one.scenario.schedule.daily, zone) for more in (0, 1))
    return next((slot for slot in slots if slot > here.now), None)
