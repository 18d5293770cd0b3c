"""The steps of a definition become a flat program: numbered nodes and where each leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from relance.base.errors import BadDocument
from relance.scenarios.answers import with_answers
from relance.scenarios.documents import Scenario
from relance.scenarios.steps import Arm, Send, SetValue, Step, Wait, Webhook, every_step, steps_of

Kind = Literal["send", "wait", "event", "branch", "split", "set", "webhook", "exit"]
END = -1
MOST_STEPS = 200
_END = ""
HANDED_TO = "hand_over:"  # begins the reason of a journey that another scenario takes on; its name follows
# Ways out that every step of a kind has.
HAPPENED, OTHERWISE, ELSE, ON, HELD_OUT = "happened", "otherwise", "else", "on", "held_out"


@dataclass(frozen=True)
class Way:
    """One way out of a step: its name, the node that follows (END where the journey is over), its weight in a split."""

    name: str
    node: int
    weight: float = 0.0


@dataclass(frozen=True)
class Node:
    """One step. `next` is the node that follows, END where the journey is over.

    `ways`: how a step is left that chooses a way, or only notes something; each kind's own names. `arms`: the
    conditions of a branch beside where they lead, None for else.
    """

    number: int
    name: str
    kind: Kind
    next: int = END
    send: Send | None = None
    wait: Wait | None = None  # for a time, or for an event
    arms: tuple[tuple[dict[str, Any] | None, int], ...] = ()
    ways: tuple[Way, ...] = ()
    set: SetValue | None = None
    webhook: Webhook | None = None
    reason: str | None = None


@dataclass(frozen=True)
class _Exit:
    """A way whose follower is still a name."""

    name: str
    to: str
    weight: float = 0.0
    when: dict[str, Any] | None = None


@dataclass(frozen=True)
class _Draft:
    """A node whose followers are still names."""

    node: Node
    next: str
    ways: tuple[_Exit, ...] = ()

    def followers(self) -> tuple[str, ...]:
        return tuple(way.to for way in self.ways) or (self.next,)


@dataclass
class _Sheet:
    """The drafts so far, and the name of every step by its identity."""

    names: Mapping[int, str]
    drafts: dict[str, _Draft] = field(default_factory=dict)
    leads: dict[str, str] = field(default_factory=dict)  # where a go_to goes, by its own name

    def link(self, steps: Sequence[Step], after: str) -> str:
        """Adds the steps, last first; answers the name that the sequence begins with."""
        following = after
        for step in reversed(steps):
            following = _add(step, following, self)
        return following

    def resolved(self) -> dict[str, _Draft]:
        """The drafts, followed by steps that are some: a go_to is only a way there."""
        return {
            name: replace(
                draft,
                next=self.behind(draft.next),
                ways=tuple(replace(way, to=self.behind(way.to)) for way in draft.ways),
            )
            for name, draft in self.drafts.items()
        }

    def behind(self, name: str) -> str:
        """The step itself, or the one that its go_to leads to in the end."""
        passed: list[str] = []
        while name in self.leads:
            if name in passed:
                raise _circle([*passed[passed.index(name) :], name])
            passed.append(name)
            name = self.leads[name]
        return name


def compile_steps(scenario: Scenario) -> tuple[Node, ...]:
    """Nodes in an order in which every node comes before those it leads to; the first is the entry.

    Raises BadDocument for two steps of one name, a step called holdout, a branch whose last arm is not an
    else, two ways of a split of one name, a go_to that names no step, a cycle, and too many steps.
    """
    steps = tuple(with_answers(scenario.steps))
    number = sum(1 for _ in every_step(steps))
    if number > MOST_STEPS:
        raise BadDocument(f"a scenario has at most {MOST_STEPS} steps, and this one has {number:,}")
    sheet = _Sheet(_names(steps))
    first = sheet.behind(sheet.link(steps, _END))
    drafts = sheet.resolved()
    order = _in_order(first, drafts)
    place = {name: number for number, name in enumerate(order)} | {_END: END}
    return tuple(_settled(drafts[name], place) for name in order)


def _names(steps: Sequence[Step]) -> dict[int, str]:
    """The name of each step, by the identity of the step."""
    names: dict[int, str] = {}
    for _, step in every_step(steps):
        name = step.name or default_name(step, set(names.values()))
        if name == "holdout":
            raise BadDocument("no step may be called “holdout”: that name belongs to the control group", part=name)
        if name in names.values():
            raise BadDocument(f"two steps are called “{name}”; every step needs a name of its own", part=name)
        names[id(step)] = name
    return names


def default_name(step: Step, taken: set[str]) -> str:
    """What a step is called that its author has not named."""
    base = step.send.message if step.send else step.kind.replace("_", "-")
    names = (base if number == 1 else f"{base}-{number}" for number in range(1, 1000))
    return next(name for name in names if name not in taken)


def _add(step: Step, following: str, sheet: _Sheet) -> str:
    name = sheet.names[id(step)]
    if step.go_to:
        if step.go_to not in sheet.names.values():
            raise BadDocument(f"step “{name}” goes to “{step.go_to}”, and there is no such step", part=step.go_to)
        sheet.leads[name] = step.go_to
        return step.go_to
    sheet.drafts[name] = _draft(step, name, following, sheet)
    return name


def _draft(step: Step, name: str, following: str, sheet: _Sheet) -> _Draft:
    if step.exit or step.hand_over:
        return _Draft(Node(0, name, "exit", reason=step.exit or f"{HANDED_TO}{step.hand_over}"), _END)
    if step.branch is not None:
        return _Draft(Node(0, name, "branch"), _END, _arms(name, step.branch, following, sheet))
    if step.split is not None:
        return _Draft(Node(0, name, "split"), _END, _shares(name, step, following, sheet))
    if step.webhook:
        called = (_Exit(ON, following), _Exit(HELD_OUT, following))
        return _Draft(Node(0, name, "webhook", webhook=step.webhook), following, called)
    if step.set_:
        return _Draft(Node(0, name, "set", set=step.set_), following, (_Exit(ON, following),))
    if step.wait and step.wait.event:
        ways = ((HAPPENED, step.wait.happened), (OTHERWISE, step.wait.otherwise))
        linked = tuple(_Exit(way, sheet.link(steps, following)) for way, steps in ways)
        return _Draft(Node(0, name, "event", wait=step.wait), _END, linked)
    if step.wait:
        return _Draft(Node(0, name, "wait", wait=step.wait), following, (_Exit(ON, following),))
    return _Draft(Node(0, name, "send", send=step.send), following)


def _arms(name: str, arms: Sequence[Arm], following: str, sheet: _Sheet) -> tuple[_Exit, ...]:
    for arm in arms[:-1]:
        if arm.when is None or arm.otherwise is not None:
            raise BadDocument(f"branch “{name}”: every arm but the last has “if” and “then”", part=name)
    if not arms or arms[-1].otherwise is None or arms[-1].when is not None:
        raise BadDocument(f"branch “{name}”: the last arm must be “else”", part=name)
    named = ((str(place) if arm.when is not None else ELSE, arm) for place, arm in enumerate(arms, start=1))
    return tuple(_Exit(way, sheet.link(steps_of(arm), following), when=arm.when) for way, arm in named)


def _shares(name: str, step: Step, following: str, sheet: _Sheet) -> tuple[_Exit, ...]:
    shares = step.split or ()
    if len({share.name for share in shares}) < len(shares):
        raise BadDocument(f"split “{name}”: two ways have the same name; every way needs a name of its own", part=name)
    return tuple(_Exit(share.name, sheet.link(share.then, following), share.weight) for share in shares)


def _circle(names: Sequence[str]) -> BadDocument:
    return BadDocument(f"the steps go round in a circle: {' → '.join(names)}", part=names[-1])


def _in_order(first: str, drafts: Mapping[str, _Draft]) -> list[str]:
    done: list[str] = []
    open_: list[str] = []

    def visit(name: str) -> None:
        if name == _END or name in done:
            return
        if name in open_:
            raise _circle([*open_[open_.index(name) :], name])
        open_.append(name)
        for follower in reversed(drafts[name].followers()):
            visit(follower)
        open_.pop()
        done.append(name)

    visit(first)
    return done[::-1]


def _settled(draft: _Draft, place: Mapping[str, int]) -> Node:
    ways = tuple(Way(way.name, place[way.to], way.weight) for way in draft.ways)
    arms = tuple((way.when, place[way.to]) for way in draft.ways) if draft.node.kind == "branch" else ()
    return replace(draft.node, number=place[draft.node.name], next=place[draft.next], arms=arms, ways=ways)
