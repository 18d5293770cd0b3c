"""A scenario that is about to start goes in; a hand-over that leads nowhere, or round in a circle, is refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from relance.base.errors import NotFound, Refused
from relance.engines.ledger import Ledger
from relance.scenarios.program import HANDED_TO
from relance.scenarios.running import running_scenarios, stored_version
from relance.scenarios.versions import Version

DEEPEST = 5


def hands_to(version: Version) -> frozenset[str]:
    """Names of the scenarios that this one may hand its contacts to."""
    reasons = [node.reason for node in version.nodes if node.reason and node.reason.startswith(HANDED_TO)]
    steps = {reason.removeprefix(HANDED_TO) for reason in reasons}
    return frozenset(steps | {said.hand_over for said in version.scenario.on_stop.values()})


def check_hand_overs(ledger: Ledger, version: Version, at: datetime) -> None:
    """Refuses a scenario that hands over to one that cannot take on, in a circle, or too deep. Raises Refused."""
    for name in sorted(hands_to(version)):
        _check_taker(ledger, version.name, name)
    graph = {each.version.name: hands_to(each.version) for each in running_scenarios(ledger, at)}
    graph[version.name] = hands_to(version)
    _walk(graph, (version.name,))
    for name in sorted(graph):
        _walk(graph, (name,))


def _check_taker(ledger: Ledger, giver: str, name: str) -> None:
    try:
        taker = stored_version(ledger, name)
    except NotFound:
        raise Refused(f"“{giver}” hands over to “{name}”, which is not published; publish it first") from None
    if taker.scenario.trigger.handed_over is None:
        raise Refused(f"“{giver}” hands over to “{name}”, whose trigger is not handed_over; give it that trigger")


def _walk(graph: Mapping[str, frozenset[str]], way: tuple[str, ...]) -> None:
    for name in sorted(graph.get(way[-1], ())):
        if name in way:
            circle = " → ".join([*way[way.index(name) :], name])
            raise Refused(f"the scenarios hand over in a circle: {circle}; take one of these hand-overs out")
        if len(way) > DEEPEST:
            raise Refused(f"the hand-overs {' → '.join([*way, name])} are more than {DEEPEST} deep; shorten them")
        _walk(graph, (*way, name))
