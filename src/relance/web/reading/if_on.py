"""A scenario that is off becomes the plan of a turn, as if it had been on since the day before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

from relance import flow
from relance.base.documents import Document as Written
from relance.customers.installation import Installation
from relance.engines.ledger import Document, Ledger, Switch
from relance.messages.publishing import library_document
from relance.policy.report import ScenarioReport
from relance.scenarios.running import KIND, last_turn
from relance.scenarios.switching import already_past
from relance.scenarios.versions import body_of
from relance.web.reading.standing import Standing

_A_DAY = timedelta(hours=25)  # so that a daily slot lies within it, also when the clocks change


@dataclass(frozen=True)
class Outlook:
    """report: what the last turn would have decided; None before the first turn. past: who will not be written to."""

    at: datetime | None
    report: ScenarioReport | None
    past: int


def outlook(place: Installation, one: Standing, now: datetime) -> Outlook:
    """Whom the scenario would have written to, how many, and why not the others. Writes nothing."""
    past = already_past(place, one.version, now)
    turn = last_turn(place.engine, before=None)
    if turn is None:
        return Outlook(None, None, past)
    at = turn + timedelta(seconds=1)
    supposed = cast(Ledger, _AsIfOn(place.ledger, one, at - _A_DAY, at))
    report = flow.plan(replace(place, ledger=supposed), at, [one.name])
    return Outlook(turn, report.scenario(one.name), past)


def written(place: Installation, name: str) -> Written:
    """The document to publish: the home's own of that name, else that of the library."""
    from relance.base.documents import load_document

    own = place.home.definitions / "scenarios" / f"{name}.yaml"
    return load_document(own) if own.exists() else library_document(name)


class _AsIfOn:
    """The ledger, but for one scenario that it says is on; whatever else is asked, the ledger answers."""

    def __init__(self, ledger: Ledger, one: Standing, since: datetime, at: datetime) -> None:
        self._ledger, self._one, self._since, self._at = ledger, one, since, at

    def switches(self) -> list[Switch]:
        return [*self._ledger.switches(), Switch(self._one.name, True, self._one.version.number, self._since)]

    def document(self, kind: str, name: str, version: int | None = None) -> Document:
        if (kind, name) == (KIND, self._one.name) and self._one.published is None:
            return Document(kind, name, 0, body_of(library_document(name).data, {}), self._at)
        return self._ledger.document(kind, name, version)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)
