"""A draft becomes the version that is on: first what differs and who is under way, then one of three ways; and undo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from relance.base.documents import load_document
from relance.explaining.edits import edit_told
from relance.messages.offering import offer
from relance.messages.publishing import publish_scenario
from relance.scenarios import editing
from relance.scenarios.under_way import MOVE, STOP, Choice, Choices
from relance.web.here import Here, here_of
from relance.web.reading.drafts import differs, draft_path, may_be_undone
from relance.web.reading.standing import standing_of
from relance.web.voice import Voice


@dataclass(frozen=True)
class Way:
    """One of the choices as it is read."""

    live: str
    title: str
    about: str
    number: int


@require_http_methods(["GET", "HEAD", "POST"])
def publish(request: Any, name: str) -> Any:
    """What would change and for whom; pressing the button publishes and does with those under way as chosen."""
    here = here_of(request)
    one = standing_of(here.place, name)
    if not one.on or not differs(here.place, one):
        return HttpResponseRedirect(f"/scenarios/{name}")
    document = load_document(draft_path(here.place, name))
    if request.method == "POST":
        with here.place.ledger.transaction():
            version = publish_scenario(here.place, document, here.now)
            editing.edit(here.place, version, request.POST.get("live", ""), here.now)
        return HttpResponseRedirect(f"/scenarios/{name}")
    offered = offer(here.place, document, here.now)
    shown = {
        "one": one,
        "number": offered.version.number,
        "changes": [edit_told(each) for each in offered.changes],
        "live": offered.choices,
        "ways": _ways(offered.choices, here.voice) if offered.choices else [],
        "left": [each for each in offered.choices.standing if not each.named_in_new] if offered.choices else [],
    }
    return render(request, "publish.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
def undo(request: Any, name: str) -> Any:
    """Brings the version before back, as long as no message of the new one has left."""
    here: Here = here_of(request)
    one = standing_of(here.place, name)
    if request.method == "POST":
        editing.undo(here.place, name, here.now)
    elif may_be_undone(here.place, one):
        return render(request, "undo.html", {"one": one})
    return HttpResponseRedirect(f"/scenarios/{name}")


def _ways(found: Choices, voice: Voice) -> list[Way]:
    return [_way(each, voice) for each in found.choices]


def _way(one: Choice, voice: Voice) -> Way:
    about = voice.say("publish.today", n=one.today)
    if one.live == STOP:
        stopped = voice.say("publish.stop.about", n=one.stopped, cancelled=one.cancelled)
        return Way(one.live, voice.say("publish.stop"), stopped, one.stopped)
    if one.live.startswith(MOVE):
        step = one.live.partition(":")[2].replace("-", " ")
        moved = voice.say("publish.move.about", n=one.moved, finish=one.finish)
        return Way(one.live, voice.say("publish.move", step=step), f"{moved} {about}", one.moved)
    return Way(one.live, voice.say("publish.finish"), f"{voice.say('publish.finish.about')} {about}", one.finish)
