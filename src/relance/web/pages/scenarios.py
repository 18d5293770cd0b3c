"""All scenarios: those that are on, those that could be, and what the others still need."""

from __future__ import annotations

from typing import Any

from django.shortcuts import render
from django.views.decorators.http import require_safe

from relance.web.here import here_of
from relance.web.reading.needs import Need, needs_of
from relance.web.reading.standing import Standing, standings


@require_safe
def scenarios(request: Any) -> Any:
    """One card a scenario, with what it did and whether it is on."""
    place = here_of(request).place
    found = standings(place)
    needs = needs_of(place, found)
    groups: dict[str, list[tuple[Standing, tuple[Need, ...]]]] = {"running": [], "ready": [], "missing": []}
    for one in found:
        own = needs.get(one.name, ())
        kind = "running" if one.on else "missing" if any(need.missing for need in own) else "ready"
        groups[kind].append((one, own))
    shown = {"found": found, "on": len(groups["running"]), "groups": list(groups.items())}
    return render(request, "scenarios.html", shown)
