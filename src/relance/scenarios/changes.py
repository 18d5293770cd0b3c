"""Two versions of a scenario come in; which steps differ, what differs in words, and both texts side by side go out."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import yaml

from relance.base.documents import document_text
from relance.scenarios.documents import Scenario
from relance.scenarios.program import END, Node
from relance.scenarios.versions import Version

MOST_LINES = 400
_LONG = 200
_ABSENT = object()
_WHOLE = (("trigger",), ("target",))  # said as one thing, for their parts say nothing by themselves


@dataclass(frozen=True)
class Changes:
    """What leads from one version of a scenario to another."""

    old: Version
    new: Version

    @cached_property
    def named(self) -> Mapping[str, Node]:
        """The new version's nodes by name."""
        return {node.name: node for node in self.new.nodes}

    @cached_property
    def steps(self) -> frozenset[str]:
        """Names of steps of the old version that the new one lacks, or says otherwise."""
        return frozenset(node.name for node in self.old.nodes if self._differs(node))

    def past(self, number: int) -> bool:
        """Whether nothing that lies ahead of a journey at this node of the old version differs."""
        ahead = [number]
        seen: set[int] = set()
        while ahead:
            at = ahead.pop()
            if at == END or at in seen:
                continue
            node = self.old.nodes[at]
            if node.name in self.steps:
                return False
            seen.add(at)
            ahead += [node.next, *(way.node for way in node.ways), *(target for _, target in node.arms)]
        return True

    def _differs(self, node: Node) -> bool:
        other = self.named.get(node.name)
        return other is None or _said(self.old, node) != _said(self.new, other)


def _said(version: Version, node: Node) -> tuple[Any, ...]:
    """Everything that a node says, its followers by name; the message with its version."""
    names = {END: "", **{each.number: each.name for each in version.nodes}}
    arms = [(condition, names[target]) for condition, target in node.arms]
    pinned = version.messages.get(node.send.message) if node.send else None
    ways = [(way.name, names[way.node], way.weight) for way in node.ways]
    own = {name: value for name, value in vars(node).items() if name not in ("number", "next", "arms", "ways")}
    return (own, arms, ways, names[node.next], pinned)


@dataclass(frozen=True)
class Change:
    """A part of a document that differs. kind `long`: a text too long to be shown; line by line it is.

    place: the names that lead to it; none where a whole message is new or gone. step: which one, counted from 1.
    """

    kind: Literal["new", "gone", "becomes", "long"]
    place: tuple[str, ...] = ()
    before: Any = None
    after: Any = None
    step: int | None = None
    message: str = ""  # whose document it is; none for the scenario's own


def told(old: Mapping[str, Any], new: Mapping[str, Any], message: str = "") -> list[Change]:
    """What differs between two documents, place by place."""
    return [replace(each, message=message) for each in _told(old, new, ())]


def unified(old: Mapping[str, Any], new: Mapping[str, Any], before: str, after: str) -> str:
    """The same as text, line by line, both documents in the order in which a scenario is told."""
    lines = difflib.unified_diff(_lines(old), _lines(new), before, after, lineterm="")
    return "\n".join(list(lines)[:MOST_LINES])


def as_read_aloud(data: Mapping[str, Any]) -> dict[str, Any]:
    """The parts in the order in which a scenario is told: who, when, why not, what."""
    return {name: data[name] for name in [*(each for each in Scenario.model_fields if each in data), *data]}


def _lines(data: Mapping[str, Any]) -> list[str]:
    return document_text(as_read_aloud(data)).splitlines() if data else []


def _told(old: Any, new: Any, place: tuple[str, ...]) -> Iterator[Change]:
    if old == new:
        return
    whole = place in _WHOLE or place[:-1] == ("stop",)
    if isinstance(old, Mapping) and isinstance(new, Mapping) and not whole:
        for name in dict.fromkeys([*old, *new]):
            yield from _told(old.get(name, _ABSENT), new.get(name, _ABSENT), (*place, str(name)))
    elif place[-1:] == ("steps",) and isinstance(old, list | tuple) and isinstance(new, list | tuple):
        yield from _steps(list(old), list(new), place)
    elif old is _ABSENT:
        yield Change("new", place, after=new)
    elif new is _ABSENT:
        yield Change("gone", place, before=old)
    else:
        yield Change("long" if _is_long(old) or _is_long(new) else "becomes", place, old, new)


def _steps(old: list[Any], new: list[Any], place: tuple[str, ...]) -> Iterator[Change]:
    """Steps are compared in their order; one between two that stay is new or gone."""
    before, after = [short(step) for step in old], [short(step) for step in new]
    for kind, left, left_end, right, right_end in difflib.SequenceMatcher(None, before, after).get_opcodes():
        if kind == "replace":
            while left < left_end and right < right_end:
                yield Change("becomes", place, old[left], new[right], step=left + 1)
                left, right = left + 1, right + 1
        if kind != "equal":
            yield from (Change("gone", place, before=old[at], step=at + 1) for at in range(left, left_end))
            yield from (Change("new", place, after=new[at], step=at + 1) for at in range(right, right_end))


def _is_long(value: Any) -> bool:
    return isinstance(value, str) and (len(value) > _LONG or "\n" in value.strip())


def short(value: Any) -> str:
    """A value on one line, as YAML has it."""
    text = yaml.safe_dump(value, allow_unicode=True, default_flow_style=True, width=10_000, sort_keys=False).strip()
    return text.removesuffix("...").strip()
