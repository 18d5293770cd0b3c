"""Steps that are no message become stops of the picture: waits, events, branches, splits, values, calls, exits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from relance.audiences.column_words import column_inside
from relance.audiences.criteria import Count, leaves, parse_criteria
from relance.audiences.words import describe_node, describe_rows
from relance.base.locale import write_time
from relance.base.spans import Span
from relance.customers.installation import Installation
from relance.scenarios.answers import RESULTS, waits_for_answer
from relance.scenarios.program import ELSE, END, HANDED_TO, HAPPENED, HELD_OUT, ON, OTHERWISE, Node, Way
from relance.scenarios.running import stored_version
from relance.scenarios.steps import Wait
from relance.scenarios.versions import Version
from relance.web.drawing.ribbon import Stop
from relance.web.voice import Voice

# The control group is drawn at one step and goes on from there without a message: what follows is none of the picture.
ALONE = """
    held AS (
        SELECT contact, occurrence, arg_min(step, "at") AS step FROM decisions SEMI JOIN asked USING (scenario)
        WHERE outcome = 'held_out' GROUP BY ALL),
    alone AS (
        SELECT h.contact, h.occurrence, s.step AS later FROM held AS h JOIN in_order AS o ON h.step = o.step
        JOIN in_order AS s ON s.number > o.number)
"""
_PASSED = f"""
    WITH {ALONE}
    SELECT p.step, p.way, count(DISTINCT (p.contact, p.visitor, p.occurrence)) AS number
    FROM passages AS p SEMI JOIN asked USING (scenario)
    ANTI JOIN alone AS a ON p.contact = a.contact AND p.occurrence = a.occurrence AND p.step = a.later GROUP BY ALL
"""
_STANDING = f"""
    WITH {ALONE},
    standing AS (
        SELECT j.version, j.node, j.state, j.contact, j.occurrence, row_number() OVER (
            PARTITION BY j.contact, j.visitor, j.occurrence ORDER BY j."at" DESC, j.node DESC) AS place
        FROM journeys AS j SEMI JOIN asked USING (scenario))
    SELECT s.version, s.node, s.state, h.step IS NOT NULL AS held, count(*) AS number
    FROM standing AS s LEFT JOIN held AS h USING (contact, occurrence)
    WHERE s.place = 1 AND (s.state = 'waiting' OR h.step IS NOT NULL) GROUP BY ALL
"""


@dataclass(frozen=True)
class Taken:
    """ways: how many journeys took each way of a step. waiting: how many wait at a step now. Both by the step's name.

    alone: those of the control group, who are in neither once they are drawn: how many wait, how many have left.
    """

    ways: Mapping[str, Counter[str]] = field(default_factory=dict)
    waiting: Counter[str] = field(default_factory=Counter)
    alone: tuple[int, int] = (0, 0)

    def at(self, node: Node) -> int:
        """Everybody who came to a step that is no message."""
        return sum(self.ways.get(node.name, Counter()).values()) + self.waiting[node.name]

    def on(self, node: Node, way: Way) -> int:
        return self.ways.get(node.name, Counter())[way.name]


def lay_steps(place: Installation, version: Version) -> None:
    """Fills scratch tables `asked` and `in_order`: the scenario, and which of its steps come after which."""
    place.engine.load("asked", {"scenario": "text"}, [{"scenario": version.name}])
    steps = [{"step": node.name, "number": node.number} for node in version.nodes]
    place.engine.load("in_order", {"step": "text", "number": "integer"}, steps)


def taken_in(place: Installation, version: Version) -> Taken:
    """Over all versions of a scenario, by the names of their steps."""
    lay_steps(place, version)
    ways: dict[str, Counter[str]] = {}
    for row in place.engine.rows(_PASSED):
        ways.setdefault(row["step"], Counter())[row["way"]] += row["number"]
    waiting: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    for row in place.engine.rows(_STANDING):
        if row["held"]:
            alone[row["state"]] += row["number"]
            continue
        nodes = stored_version(place.ledger, version.name, row["version"]).nodes
        if 0 <= row["node"] < len(nodes):
            waiting[_waits_at(nodes, row["node"])] += row["number"]
    return Taken(ways, waiting, (alone["waiting"], alone["ended"]))


def _waits_at(nodes: Sequence[Node], number: int) -> str:
    """Who waits for a time is at the step that follows already; people see them at the wait."""
    before = [node.name for node in nodes if node.kind == "wait" and node.next == number]
    return before[-1] if before else nodes[number].name


def step_said(version: Version, node: Node, number: int | None, voice: Voice) -> Stop:
    """The stop itself, in words."""
    if node.kind == "wait" and node.wait:
        stops = ", ".join(_inside(voice.reason(name)) for name in version.scenario.stop)
        about = voice.say("node.wait.stops", reasons=stops) if stops else voice.say("node.wait.about")
        if number:
            about = f"{voice.say('node.wait.now', n=number)} {about}"
        return Stop("wait", _wait(node.wait, voice), about, number, "clock")
    if node.wait and waits_for_answer(node.wait):
        about = voice.say("node.answer.about", span=span_said(node.wait.at_most or Span(), voice))
        return Stop("wait", voice.say("node.answer"), about, number, "clock")
    if node.kind == "event" and node.wait:
        about = voice.say("node.event.about", span=span_said(node.wait.at_most or Span(), voice))
        return Stop("wait", voice.say("node.event", thing=_event(node.wait, voice)), about, number, "clock")
    if node.kind == "set" and node.set:
        title = voice.say("node.set", attribute=node.set.attribute, value=node.set.value)
        return Stop("set", title, voice.say("node.set.about"), number, "check")
    if node.kind == "exit":
        return _exit(node, number, voice)
    if node.kind == "branch" and _asks_answer(node):
        return Stop("branch", voice.say("node.state"), voice.say("node.state.about"), number, "branch")
    if node.kind in ("branch", "split"):
        title = voice.say(f"node.{node.kind}", n=len(node.ways))
        return Stop("branch", title, voice.say(f"node.{node.kind}.about"), number, "branch")
    return _call(node, number, voice)


def _inside(words: str) -> str:
    return words[:1].lower() + words[1:]


def _call(node: Node, number: int | None, voice: Voice) -> Stop:
    """Whom it tells, what goes with it, what it may answer, and what a failure means."""
    assert node.webhook is not None
    told = [voice.say("node.webhook.about")]
    if node.webhook.fields:
        named = (column_inside(f"contacts.{name}", voice.language) for name in node.webhook.fields)
        told.append(voice.say("node.webhook.fields", fields=", ".join(named)))
    if node.webhook.sets:
        told.append(voice.say("node.webhook.sets", names=", ".join(node.webhook.sets)))
    if node.webhook.on_failure == "exit":
        told.append(voice.say("node.webhook.exit"))
    host = urlsplit(node.webhook.url).hostname or node.webhook.url
    return Stop("call", voice.say("node.webhook", host=host), " ".join(told), number, "arrow")


def _asks_answer(node: Node) -> bool:
    asked = [leaf for tree, _ in node.arms if tree for _, leaf in leaves(parse_criteria(tree))]
    return bool(asked) and all(isinstance(leaf, Count) and leaf.count == RESULTS for leaf in asked)


def ways_before(version: Version, node: Node, taken: Taken, voice: Voice) -> Iterator[Stop]:
    """What leads to this step: the way of its own, or the meeting of several."""
    leading = [(each, way) for each in version.nodes for way in each.ways if way.node == node.number and _forks(each)]
    others = [each for each in version.nodes if not _forks(each) and each.next == node.number and each.kind != "exit"]
    if len(leading) == 1 and not others:
        yield _way(*leading[0], taken, voice)
    elif len(leading) + len(others) > 1:
        yield Stop("way", voice.say("node.join"))


def ways_onward(version: Version, node: Node, taken: Taken, voice: Voice) -> Iterator[Stop]:
    """Ways of a step that hold no step of their own: they end here, or go straight on to where others meet."""
    if not _forks(node):
        return
    for way in node.ways:
        leading = sum(way.node in (each.next, *(one.node for one in each.ways)) for each in version.nodes)
        if way.node == END or leading > 1:
            yield _way(node, way, taken, voice)


def span_said(span: Span, voice: Voice) -> str:
    """A length of time in words."""
    if span.days or not span.elapsed:
        return voice.say("span.days", n=span.days)
    minutes = int(span.elapsed.total_seconds()) // 60
    return voice.say("span.hours", n=minutes // 60) if minutes % 60 == 0 else voice.say("span.minutes", n=minutes)


def _forks(node: Node) -> bool:
    return any(way.name not in (ON, HELD_OUT) for way in node.ways)


def _way(node: Node, way: Way, taken: Taken, voice: Voice) -> Stop:
    return Stop("way", _way_said(node, way, voice), "", taken.on(node, way))


def _way_said(node: Node, way: Way, voice: Voice) -> str:
    if waits_for_answer(node.wait):
        return voice.say("way.answered" if way.name == HAPPENED else "way.unanswered")
    if _asks_answer(node):
        return voice.say("way.arrived" if way.name == ELSE else "way.failed")
    if node.kind == "split":
        whole = sum(one.weight for one in node.ways) or 1
        return voice.say("way.split", name=way.name.replace("-", " "), share=voice.share(way.weight / whole, 0))
    if way.name == HAPPENED and node.wait:
        return voice.say("way.happened", thing=_event(node.wait, voice))
    if way.name in (OTHERWISE, ELSE):
        return voice.say("way.else")
    tree = node.arms[node.ways.index(way)][0]
    asked = [describe_node(leaf, voice.language) for _, leaf in leaves(parse_criteria(tree))] if tree else []
    return voice.say("way.if", condition=", ".join(voice.typeset(one) for one in asked))


def _wait(wait: Wait, voice: Voice) -> str:
    if wait.until is None:
        return voice.say("node.wait", span=span_said(wait.span or Span(), voice))
    time = write_time(wait.until, voice.locale)
    if wait.weekday:
        return voice.say("node.wait.weekday", day=voice.known("weekday", wait.weekday), time=time)
    return voice.say("node.wait.until", time=time)


def _event(wait: Wait, voice: Voice) -> str:
    assert wait.event is not None
    where = wait.event.where
    return describe_rows(wait.event.row, where if isinstance(where, str) else None, voice.language)


def _exit(node: Node, number: int | None, voice: Voice) -> Stop:
    reason = node.reason or ""
    if reason.startswith(HANDED_TO):
        title = voice.say("node.hand_over", name=reason.removeprefix(HANDED_TO).replace("-", " "))
        return Stop("exit", title, voice.say("node.hand_over.about"), number, "arrow")
    return Stop(
        "exit",
        voice.say("node.exit", reason=voice.reason(reason.replace("-", "_"))),
        voice.say("node.exit.about"),
        number,
        "exit",
    )
