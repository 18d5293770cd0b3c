"""All scenarios: those that are on, and those that could be."""

from __future__ import annotations

from typing import Any

from django.shortcuts import render
from django.views.decorators.http import require_safe

from relance.web.here import here_of
from relance.web.reading.standing import standings


@require_safe
def scenarios(request: Any) -> Any:
    """One card a scenario, with what it did and whether it is on."""
    found = standings(here_of(request).place)
    running, ready = [one for one in found if one.on], [one for one in found if not one.on]
    return render(request, "scenarios.html", {"found": found, "groups": [("running", running), ("ready", ready)]})
