"""The overview: what the scenarios did, what needs somebody, what is leaving now."""

from __future__ import annotations

from typing import Any

from django.shortcuts import render
from django.views.decorators.http import require_safe

from relance.reports.accounts import Overview
from relance.web.here import here_of
from relance.web.reading.figures import attributed
from relance.web.reading.kept import decided, kept
from relance.web.reading.now import latest_turn, leaving
from relance.web.reading.results import earned_by, head_of
from relance.web.reading.standing import Standing, standings
from relance.web.reading.todo import things_to_do
from relance.web.reading.worth import worth


@require_safe
def overview(request: Any) -> Any:
    """The first page one sees."""
    here = here_of(request)
    place = here.place
    found = standings(place)
    counted = [one for one in found if one.equation]
    turn = latest_turn(place)
    whole = worth(place, here.now) if turn else None
    earned, axis = earned_by(whole.accounts, here.voice) if whole else ({}, "")
    equations = [one.equation for one in counted if one.equation]
    shown = {
        "found": [(one, earned.get(one.name)) for one in sorted(counted, key=lambda one: _rank(one, whole))],
        "axis": axis,
        "attributed": attributed(whole.accounts, here.voice) if whole else "",
        "head": head_of(whole, here.voice) if whole else None,
        "alone": sum(each.result.held_out.people for each in whole.accounts if each.result) if whole else 0,
        "sent": sum(one.sent for one in counted),
        "seen": sum(each.candidates for each in equations),
        "refused": sum(sum(each.refused.values()) for each in equations),
        "held": sum(each.held_out for each in equations),
        "since": kept(place, "first", decided(place), lambda: place.engine.value('SELECT min("at") FROM decisions')),
        "turn": turn,
        "counting": turn is not None and whole is None,
        "now": leaving(place, turn, found, here.voice),
        "todo": things_to_do(here, found, turn),
    }
    return render(request, "overview.html", shown)


def _rank(one: Standing, whole: Overview | None) -> tuple[float, str]:
    """By what was earned, as far as it can be told; ties by name."""
    found = next((each.result for each in whole.accounts if each.scenario == one.name), None) if whole else None
    known = found is not None and found.main.earned.low is not None
    return (-found.main.earned.estimate if found and known else 0.0, one.name)
