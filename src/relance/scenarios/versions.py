"""A published version of a scenario, compiled once: definition, program, and the text of its queries."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from relance.base.ids import digest
from relance.customers.relations import View
from relance.scenarios.documents import Scenario, parse_scenario
from relance.scenarios.program import Node, compile_steps


@dataclass(frozen=True)
class Version:
    """Immutable: publishing anything else makes another version."""

    scenario: Scenario
    number: int
    nodes: tuple[Node, ...] = field(default=())

    @property
    def name(self) -> str:
        return self.scenario.scenario

    @cached_property
    def mark(self) -> str:
        """What tells two definitions apart in the store of compiled texts."""
        return digest(self.scenario.model_dump_json(by_alias=True))


def version_of(body: str, number: int) -> Version:
    """A version from its stored document."""
    scenario = parse_scenario(json.loads(body))
    return Version(scenario, number, compile_steps(scenario))


def view_mark(view: View) -> str:
    """What tells two ways of looking at the star apart."""
    return digest(repr((view.history, view.merged, sorted(map(repr, view.tables.values())))))


def body_of(scenario: Scenario, source: dict[str, Any]) -> str:
    """The document as it is stored: what its author wrote, in one form."""
    return json.dumps(source, sort_keys=True, ensure_ascii=False, default=str)
