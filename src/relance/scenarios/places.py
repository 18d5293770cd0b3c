"""A scenario and the name of a step or message come in; the place at which its document says that goes out."""

from __future__ import annotations

from relance.scenarios.documents import Scenario
from relance.scenarios.program import default_name
from relance.scenarios.steps import Place, every_step


def step_called(scenario: Scenario, name: str | None) -> Place:
    """The last step of that name, or that goes there, or that is called so for want of a name; else `steps`."""
    if name is None:
        return ("steps",)
    found = [place for place, step in every_step(scenario.steps) if name in (step.name, step.go_to)]
    return tuple(found[-1]) if found else _unnamed(scenario, name)


def _unnamed(scenario: Scenario, name: str) -> Place:
    taken: set[str] = set()
    for place, step in every_step(scenario.steps):
        own = step.name or default_name(step, taken)
        if own == name:
            return place
        taken.add(own)
    return ("steps",)


def step_sending(scenario: Scenario, message: str) -> Place:
    """The first step that sends this message."""
    found = [place for place, step in every_step(scenario.steps) if step.send and step.send.message == message]
    return (*found[0], "send") if found else ("steps",)
