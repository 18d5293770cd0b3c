"""A scenario that is about to start goes in; a hand-over that leads nowhere, or round in a circle, is refused.

A scenario leads to another where it hands its contacts over, and where it sets a value on which the other starts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from relance.audiences.answers import VALUES
from relance.audiences.conditions import ColumnTest, RowCriteria, parts_of
from relance.audiences.criteria import Attribute, Count, Criteria, leaves, parse_criteria
from relance.audiences.segments import Segment
from relance.base.errors import NotFound, Refused
from relance.engines.ledger import Ledger
from relance.scenarios.awaiting import row_condition
from relance.scenarios.lines import line_of
from relance.scenarios.running import running_scenarios, stored_version
from relance.scenarios.steps import Place, every_step
from relance.scenarios.versions import Version

DEEPEST = 5
ANY = "*"  # starts on every value that is set
Graph = Mapping[str, Sequence["Lead"]]


@dataclass(frozen=True)
class Lead:
    """How one scenario leads to another, in words with its lines."""

    to: str
    said: str


def check_hand_overs(ledger: Ledger, version: Version, at: datetime, segments: Mapping[str, Segment]) -> None:
    """Refuses a scenario that hands over to one that cannot take on, in a circle, or too deep. Raises Refused."""
    for name, said_at in _hands(version):
        _check_taker(ledger, version, name, said_at)
    on = {each.version.name: each.version for each in running_scenarios(ledger, at)} | {version.name: version}
    graph = {name: tuple(_leads(ledger, each, on, segments)) for name, each in on.items()}
    for name in (version.name, *sorted(graph)):
        _walk(graph, (name,), ())


def _check_taker(ledger: Ledger, giver: Version, name: str, said_at: Place) -> None:
    line = _line(ledger, giver, said_at)
    try:
        taker = stored_version(ledger, name)
    except NotFound:
        raise Refused(
            f"“{giver.name}” hands over to “{name}”{line}, which is not published; publish it first"
        ) from None
    if taker.scenario.trigger.handed_over is None:
        raise Refused(
            f"“{giver.name}” hands over to “{name}”{line}, whose trigger is not handed_over; give it that trigger"
        )


def _leads(ledger: Ledger, version: Version, on: Mapping[str, Version], segments: Any) -> Iterator[Lead]:
    own = version.name
    for name, place in _hands(version):
        yield Lead(name, f"“{own}” hands over to “{name}”{_line(ledger, version, place)}")
    for attribute, place in _sets(version):
        for other in on.values():
            if {attribute, ANY} & starts_on(other, segments):
                sets = f"“{own}” sets “{attribute}”{_line(ledger, version, place)}"
                starts = f"“{other.name}” starts on it{_line(ledger, other, ('trigger',))}"
                yield Lead(other.name, f"{sets} and {starts}")


def _hands(version: Version) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    """Each scenario that this one may hand its contacts to, and where it says so."""
    for place, step in every_step(version.scenario.steps):
        if step.hand_over:
            yield step.hand_over, (*place, "hand_over")
    for reason, said in version.scenario.on_stop.items():
        yield said.hand_over, ("on_stop", reason, "hand_over")


def _sets(version: Version) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    for place, step in every_step(version.scenario.steps):
        if step.set_:
            yield step.set_.attribute, (*place, "set")
        for attribute in step.webhook.sets if step.webhook else ():
            yield attribute, (*place, "webhook", "sets")


def starts_on(version: Version, segments: Mapping[str, Segment]) -> set[str]:
    """Attributes of which a value that is set may start the scenario: by its row, or by a move between segments."""
    trigger = version.scenario.trigger
    if trigger.row and trigger.row.table == VALUES:
        return attributes_in(row_condition(trigger.row.where)) or {ANY}
    if trigger.date and trigger.date.of.partition(".")[0] == VALUES:
        return attributes_in(row_condition(trigger.date.where)) or {ANY}
    moved = {trigger.segment.out_of, trigger.segment.into} if trigger.segment else set()
    read = {one for name, each in segments.items() if name in moved for one in attributes_read(each.criteria)}
    if getattr(trigger, "calendar", None) and version.scenario.target is not None:
        read |= attributes_read(parse_criteria(version.scenario.target))
    return read


def attributes_in(where: RowCriteria | None) -> set[str]:
    """Attributes that a condition on rows of the set values names."""
    if isinstance(where, ColumnTest) and where.column == "attribute":
        return {str(each) for _, written in where.comparisons for each in _listed(written)}
    found = parts_of(where) if where is not None else ()
    return {name for part in found for name in attributes_in(part)}


def attributes_read(tree: Criteria) -> set[str]:
    """Attributes of set values that a criteria tree reads."""
    read: set[str] = set()
    for _, node in leaves(tree):
        if isinstance(node, Attribute) and node.attribute.partition(".")[0] == VALUES:
            read.add(node.attribute.partition(".")[2])
        if isinstance(node, Count) and node.count == VALUES:
            read |= attributes_in(node.where) or {ANY}
    return read


def _listed(written: Any) -> tuple[Any, ...]:
    return written if isinstance(written, tuple) else (written,)


def _line(ledger: Ledger, version: Version, place: tuple[str | int, ...]) -> str:
    line = line_of(ledger, version, place)
    return f" (line {line})" if line else ""


def _walk(graph: Graph, way: tuple[str, ...], said: tuple[str, ...]) -> None:
    for lead in graph.get(way[-1], ()):
        told = (*said, lead.said)
        if lead.to in way:
            first = way.index(lead.to)
            circle = " → ".join([*way[first:], lead.to])
            why = ", ".join(told[first:])
            raise Refused(f"the scenarios go round in a circle: {circle} ({why}); take one of these steps out")
        if len(way) > DEEPEST:
            raise Refused(f"the hand-overs {' → '.join([*way, lead.to])} are more than {DEEPEST} deep; shorten them")
        _walk(graph, (*way, lead.to), told)
