"""A published version of a scenario, compiled once: definition, program, and the text of its queries."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import ibis.expr.types as ir

from relance.base.ids import digest
from relance.customers.relations import View
from relance.engines.warehouse import Engine
from relance.scenarios.documents import Scenario, parse_scenario
from relance.scenarios.program import Node, compile_steps

_TEXTS: dict[tuple[str, ...], str] = {}


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


def compiled(engine: Engine, marks: tuple[str, ...], build: Callable[[], ir.Table]) -> str:
    """The engine's text of a query, made at the first use of these marks and kept.

    The marks must name everything the text depends on: instants are data in scratch tables and never part of it.
    """
    key = (type(engine).__name__, *marks)
    if key not in _TEXTS:
        _TEXTS[key] = engine.compile(build())
    return _TEXTS[key]


def body_of(scenario: Scenario, source: dict[str, Any]) -> str:
    """The document as it is stored: what its author wrote, in one form."""
    return json.dumps(source, sort_keys=True, ensure_ascii=False, default=str)
