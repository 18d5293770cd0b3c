"""The overview: what the scenarios did, what needs somebody, what is leaving now."""

from __future__ import annotations

from typing import Any

from django.shortcuts import render
from django.views.decorators.http import require_safe

from relance.web.here import here_of
from relance.web.reading.now import latest_turn, leaving
from relance.web.reading.standing import standings
from relance.web.reading.todo import things_to_do


@require_safe
def overview(request: Any) -> Any:
    """The first page one sees."""
    here = here_of(request)
    place = here.place
    found = standings(place)
    counted = [one for one in found if one.equation]
    turn = latest_turn(place)
    equations = [one.equation for one in counted if one.equation]
    shown = {
        "found": sorted(counted, key=lambda one: (-one.sent, one.name)),
        "sent": sum(one.sent for one in counted),
        "seen": sum(each.candidates for each in equations),
        "refused": sum(sum(each.refused.values()) for each in equations),
        "held": sum(each.held_out for each in equations),
        "since": place.engine.value('SELECT min("at") FROM decisions'),
        "turn": turn,
        "now": leaving(place, turn, found, here.voice),
        "todo": things_to_do(here, found, turn),
    }
    return render(request, "overview.html", shown)
