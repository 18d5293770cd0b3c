"""The steps of a definition become a flat program: numbered nodes and where each leads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from relance.base.errors import BadDocument
from relance.scenarios.documents import Scenario
from relance.scenarios.steps import Arm, Send, Step, Wait

Kind = Literal["send", "wait", "branch", "exit"]
END = -1
_END = ""
_KINDS = ("send", "wait", "branch", "exit", "go_to", "hand_over")
HANDED_TO = "hand_over:"  # begins the reason of a journey that another scenario takes on; its name follows


@dataclass(frozen=True)
class Node:
    """One step. `next` is the node that follows, END where the journey is over."""

    number: int
    name: str
    kind: Kind
    next: int = END
    send: Send | None = None
    wait: Wait | None = None
    arms: tuple[tuple[dict[str, Any] | None, int], ...] = ()  # (condition, or None for else; first node)
    reason: str | None = None


@dataclass(frozen=True)
class _Draft:
    """A node whose followers are still names."""

    node: Node
    next: str
    arms: tuple[tuple[dict[str, Any] | None, str], ...] = ()

    def followers(self) -> tuple[str, ...]:
        return tuple(name for _, name in self.arms) or (self.next,)


def compile_steps(scenario: Scenario) -> tuple[Node, ...]:
    """Nodes in an order in which every node comes before those it leads to; the first is the entry.

    Raises BadDocument for two steps of one name, a step called holdout, a branch whose last arm is not an
    else, a go_to that names no step, and a cycle.
    """
    names = _names(scenario.steps)
    drafts: dict[str, _Draft] = {}
    first = _link(scenario.steps, _END, names, drafts)
    order = _in_order(first, drafts)
    place = {name: number for number, name in enumerate(order)} | {_END: END}
    return tuple(_settled(drafts[name], place) for name in order)


def _names(steps: Sequence[Step]) -> dict[int, str]:
    """The name of each step, by the identity of the step."""
    names: dict[int, str] = {}
    for step in _every(steps):
        name = step.name or _default_name(step, set(names.values()))
        if name == "holdout":
            raise BadDocument("no step may be called “holdout”: that name belongs to the control group")
        if name in names.values():
            raise BadDocument(f"two steps are called “{name}”; every step needs a name of its own")
        names[id(step)] = name
    return names


def _every(steps: Sequence[Step]) -> Iterator[Step]:
    for step in steps:
        yield step
        for arm in step.branch or ():
            yield from _every(_steps_of(arm))


def _steps_of(arm: Arm) -> tuple[Step, ...]:
    return arm.then if arm.otherwise is None else arm.otherwise


def _default_name(step: Step, taken: set[str]) -> str:
    kind = next(kind for kind in _KINDS if getattr(step, kind) is not None)
    base = step.send.message if step.send else kind.replace("_", "-")
    names = (base if number == 1 else f"{base}-{number}" for number in range(1, 1000))
    return next(name for name in names if name not in taken)


def _link(steps: Sequence[Step], after: str, names: Mapping[int, str], drafts: dict[str, _Draft]) -> str:
    """Adds the steps, last first; answers the name that the sequence begins with."""
    following = after
    for step in reversed(steps):
        following = _add(step, following, names, drafts)
    return following


def _add(step: Step, following: str, names: Mapping[int, str], drafts: dict[str, _Draft]) -> str:
    name = names[id(step)]
    if step.go_to:
        if step.go_to not in names.values():
            raise BadDocument(f"step “{name}” goes to “{step.go_to}”, and there is no such step")
        return step.go_to
    if step.branch is not None:
        drafts[name] = _branch(name, step.branch, following, names, drafts)
    elif step.exit or step.hand_over:
        reason = step.exit or f"{HANDED_TO}{step.hand_over}"
        drafts[name] = _Draft(Node(0, name, "exit", reason=reason), _END)
    else:
        kind: Kind = "send" if step.send else "wait"
        drafts[name] = _Draft(Node(0, name, kind, send=step.send, wait=step.wait), following)
    return name


def _branch(
    name: str, arms: Sequence[Arm], following: str, names: Mapping[int, str], drafts: dict[str, _Draft]
) -> _Draft:
    for arm in arms[:-1]:
        if arm.when is None or arm.otherwise is not None:
            raise BadDocument(f"branch “{name}”: every arm but the last has “if” and “then”")
    if not arms or arms[-1].otherwise is None or arms[-1].when is not None:
        raise BadDocument(f"branch “{name}”: the last arm must be “else”")
    ways = tuple((arm.when, _link(_steps_of(arm), following, names, drafts)) for arm in arms)
    return _Draft(Node(0, name, "branch"), _END, ways)


def _in_order(first: str, drafts: Mapping[str, _Draft]) -> list[str]:
    done: list[str] = []
    open_: list[str] = []

    def visit(name: str) -> None:
        if name == _END or name in done:
            return
        if name in open_:
            loop = " → ".join([*open_[open_.index(name) :], name])
            raise BadDocument(f"the steps go round in a circle: {loop}")
        open_.append(name)
        for follower in reversed(drafts[name].followers()):
            visit(follower)
        open_.pop()
        done.append(name)

    visit(first)
    return done[::-1]


def _settled(draft: _Draft, place: Mapping[str, int]) -> Node:
    arms = tuple((condition, place[name]) for condition, name in draft.arms)
    return replace(draft.node, number=place[draft.node.name], next=place[draft.next], arms=arms)
