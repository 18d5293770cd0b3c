"""A definition comes in; refused is one that names a table, a segment or a stop condition that does not exist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from relance.audiences.criteria import InSegment, leaves, parse_criteria
from relance.audiences.probes import PROBES
from relance.audiences.scope import matching, scope
from relance.audiences.segments import load_segments
from relance.base.documents import Document
from relance.base.errors import BadDocument
from relance.customers.installation import Installation
from relance.customers.relations import View, scratch
from relance.ingest.mapping import load_feeds
from relance.policy.reasons import OWN
from relance.scenarios.awaiting import row_condition
from relance.scenarios.documents import Scenario
from relance.scenarios.own_stops import own_reasons
from relance.scenarios.steps import Place, every_step


def check_names(scenario: Scenario, place: Installation, document: Document) -> None:
    """Raises BadDocument, with the line, for the first name that nothing has."""
    _check_segments(scenario, place, document)
    _check_goal(scenario, place, document)
    _check_stops(scenario, document)
    for number, name in enumerate(scenario.may_lack):
        table, _, column = name.partition(".")
        if table not in place.tables or (column and place.tables[table].column(column) is None):
            raise document.error(f"there is no “{name}” that a shop may lack", ("may_lack", number))


def conditions_said(scenario: Scenario) -> Iterator[tuple[Place, Any]]:
    """Every condition on the contact, with its place in the document."""
    if scenario.target is not None:
        yield ("target",), scenario.target
    yield from ((("stop", name), tree) for name, tree in scenario.stop.items())
    for place, step in every_step(scenario.steps):
        arms = ((number, arm.when) for number, arm in enumerate(step.branch or ()))
        yield from (((*place, "branch", number, "if"), when) for number, when in arms if when is not None)


def _check_segments(scenario: Scenario, place: Installation, document: Document) -> None:
    said = scenario.trigger.segment
    wanted: list[tuple[Place, str]] = (
        [(("trigger",), name) for name in (said.out_of, said.into) if name] if said else []
    )
    for where, tree in conditions_said(scenario):
        wanted += [(where, node.segment) for _, node in leaves(parse_criteria(tree)) if isinstance(node, InSegment)]
    there: Mapping[str, Any] = load_segments(place.home.definitions / "segments") if wanted else {}
    for where, name in wanted:
        if name not in there:
            listed = ", ".join(sorted(there)) or "none"
            raise document.error(f"there is no segment “{name}” among definitions/segments; there are {listed}", where)


def _check_goal(scenario: Scenario, place: Installation, document: Document) -> None:
    if scenario.goal is None:
        return
    try:
        asked = scope(scratch("probes", PROBES), View(place.tables), (), place.zone)
        matching(asked, scenario.goal.row, row_condition(scenario.goal.where))
    except BadDocument as error:
        raise document.error(str(error), ("goal",)) from None


def check_needs(scenario: Scenario, place: Installation, document: Document) -> None:
    """Raises BadDocument, with the line, for a feed that no mapping document declares: it would never be complete."""
    there = load_feeds(place.home.definitions, dict(place.tables)) if scenario.needs else {}
    for number, need in enumerate(scenario.needs):
        if need.feed not in there:
            listed = ", ".join(sorted(there)) or "none"
            said = f"there is no feed “{need.feed}” among definitions/feeds; there are {listed}"
            raise document.error(said, ("needs", number))


def _check_stops(scenario: Scenario, document: Document) -> None:
    own = own_reasons(scenario)
    for name in scenario.stop:
        if name in OWN or name in own:
            raise document.error(
                f"“{name}” is a reason of the house; give the stop condition another name", ("stop", name)
            )
    known = {*scenario.stop, *own}
    for name in scenario.on_stop:
        if name not in known and name not in OWN:
            listed = ", ".join(sorted(known)) or "none"
            raise document.error(f"there is no stop condition “{name}”; there are {listed}", ("on_stop", name))
