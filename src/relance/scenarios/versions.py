"""A published version of a scenario: the definition, its flat program, and the messages it was published with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from relance.base.ids import digest
from relance.scenarios.documents import Scenario, parse_scenario
from relance.scenarios.program import END, Node, compile_steps

# What of a definition never becomes text of a query.
_AS_ROWS: Any = {
    **dict.fromkeys(("title", "about", "goal", "needs", "reentry", "schedule", "lookback", "fresh_for"), True),
    "trigger": {"date": {"days"}, "row": {"days"}, "quiet": {"days"}, "comes_round": {"together"}},
    # these stand in the text of a send step alone, which names them in its own marks
    **dict.fromkeys(("priority", "holdout"), True),
}


@dataclass(frozen=True)
class Version:
    """Immutable: publishing anything else makes another version. `messages` are pinned by name."""

    scenario: Scenario
    number: int
    nodes: tuple[Node, ...]
    messages: Mapping[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.scenario.scenario

    @property
    def waits(self) -> bool:
        """Whether a journey may have to wait for another turn."""
        return any(node.kind in ("wait", "event") or (node.kind == "send" and node.next != END) for node in self.nodes)

    @cached_property
    def mark(self) -> str:
        """What tells two definitions apart in the store of compiled texts.

        Numbers that reach a query as rows (days, lengths of time, slots, deadlines) are not part of its text.
        """
        told = self.scenario.model_dump(mode="json", by_alias=True, exclude=_AS_ROWS)
        asked = {"needs": bool(self.scenario.needs), "reentry": self.scenario.limits_reentry}
        return digest(json.dumps([told, asked], sort_keys=True))


def version_of(body: str, number: int) -> Version:
    """A version from its stored body."""
    stored = json.loads(body)
    scenario = parse_scenario(stored["scenario"])
    return Version(scenario, number, compile_steps(scenario), stored["messages"])


def body_of(data: Any, messages: Mapping[str, int]) -> str:
    """What is stored: the document as its author wrote it, and the versions of its messages."""
    return json.dumps({"scenario": data, "messages": dict(messages)}, sort_keys=True, ensure_ascii=False, default=str)
