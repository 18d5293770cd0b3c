"""The ledger and the library become the scenarios there are: on, off or never started, and what each has done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from relance.base.errors import NotFound
from relance.customers.installation import Installation
from relance.engines.ledger import Document, Switch
from relance.explaining.said import Said
from relance.messages.publishing import library, library_document
from relance.policy.equation import Equation, equations
from relance.scenarios.documents import Scenario, parse_scenario
from relance.scenarios.program import compile_steps
from relance.scenarios.running import KIND, stored_version
from relance.scenarios.versions import Version
from relance.web.reading.kept import decided, kept


@dataclass(frozen=True)
class Standing:
    """One scenario. `published` is empty for one of the library that nobody has switched on; its number is then 0."""

    version: Version
    published: Document | None
    switch: Switch | None
    since: datetime | None
    equation: Equation | None

    @property
    def name(self) -> str:
        return self.version.name

    @property
    def scenario(self) -> Scenario:
        return self.version.scenario

    @property
    def on(self) -> bool:
        return self.switch is not None and self.switch.on

    @property
    def title(self) -> Said:
        return _said(self.scenario.title, self.name)

    @property
    def about(self) -> Said:
        return _said(self.scenario.about, self.name)

    @property
    def sent(self) -> int:
        """Messages that have left; the equation counts the occasions they tell of."""
        return self.equation.messages["sent"] if self.equation else 0

    @property
    def queued(self) -> int:
        """Messages that wait to leave."""
        return self.equation.messages["queued"] if self.equation else 0


def standings(place: Installation) -> list[Standing]:
    """Every scenario: those that are on first, by name."""
    found = {each.scenario: each for each in _equations(place)}
    switches = place.ledger.switches()
    published = [_published(place, document, switches, found) for document in place.ledger.documents(KIND)]
    known = {each.name for each in published}
    shipped = [_of_the_library(name) for name in library() if name not in known]
    return sorted([*published, *shipped], key=lambda each: (not each.on, each.name))


def standing_of(place: Installation, name: str) -> Standing:
    """One of them. NotFound where there is no such scenario."""
    for each in standings(place):
        if each.name == name:
            return each
    raise NotFound(f"there is no scenario “{name}” here")


def _equations(place: Installation) -> list[Equation]:
    mark = decided(place), place.ledger.newest_event()
    return kept(place, "equations", mark, lambda: equations(place))


def _published(place: Installation, document: Document, switches: list[Switch], found: dict[str, Equation]) -> Standing:
    own = [each for each in switches if each.scenario == document.name]
    last = own[-1] if own else None
    number = last.version if last and last.on else document.version
    since: datetime | None = None
    for before, each in zip([None, *own], own, strict=False):
        since = since if before and before.on == each.on and since else each.at
    version = stored_version(place.ledger, document.name, number)
    return Standing(version, document, last, since, found.get(document.name))


@cache
def _of_the_library(name: str) -> Standing:
    scenario = parse_scenario(library_document(name).data)
    return Standing(Version(scenario, 0, compile_steps(scenario)), None, None, None, None)


def _said(words: dict[str, str], otherwise: str) -> Said:
    return Said(words.get("fr") or otherwise, words.get("en") or otherwise)
