"""The retailer's own files of scenarios become drafts: what they say otherwise than the version that is on."""

from __future__ import annotations

from pathlib import Path

from relance.base.documents import load_document
from relance.base.errors import RelanceError
from relance.customers.installation import Installation
from relance.scenarios import editing
from relance.scenarios.documents import parse_scenario
from relance.web.reading.kept import kept
from relance.web.reading.standing import Standing


def draft_path(place: Installation, name: str) -> Path:
    """Where the retailer's own document of a scenario lies, if there is one."""
    return place.home.definitions / "scenarios" / f"{name}.yaml"


def differs(place: Installation, one: Standing) -> bool:
    """Whether there is a document that says something else than the version at hand; one that cannot be read does."""
    path = draft_path(place, one.name)
    if not path.exists():
        return False
    if one.published is None:
        return True
    try:
        return parse_scenario(load_document(path).data) != one.scenario
    except RelanceError:
        return True


def may_be_undone(place: Installation, one: Standing) -> bool:
    """Whether the last publication over what was under way can still be taken back."""
    edits = len(place.ledger.history(editing.KIND, one.name))
    if not edits or not one.on:
        return False
    mark = edits, place.ledger.newest_event(), len(place.ledger.switches())
    return kept(place, f"undo {one.name}", mark, lambda: editing.may_undo(place, one.name))
