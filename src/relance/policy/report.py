"""Outcomes of a turn become the report that people and programs read; every scenario is an equation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import ibis.expr.types as ir

from relance.base.errors import RelanceError
from relance.customers.relations import scratch
from relance.engines.texts import compiled
from relance.engines.warehouse import Engine
from relance.policy.reasons import rank
from relance.scenarios.candidates import Gathered
from relance.scenarios.journeys import OUTCOMES
from relance.scenarios.moment import Moment, Running


@dataclass(frozen=True)
class ScenarioReport:
    """candidates = send + held_out + deferred + waiting + ended + all refused. Counted in keys, not messages."""

    id: str
    version: int
    candidates: int
    send: int
    held_out: int
    deferred: int
    refused: dict[str, int]
    waiting: int = 0
    ended: int = 0
    messages: int = 0
    too_old_to_see: int = 0

    def check(self) -> None:
        """The equation must balance; a report that does not is never shown."""
        parts = self.send + self.held_out + self.deferred + self.waiting + self.ended
        if self.candidates != parts + sum(self.refused.values()):
            raise RelanceError(f"scenario {self.id}: {self.candidates} candidates do not add up; nothing was decided")


@dataclass(frozen=True)
class TurnReport:
    """One turn, or the plan of one."""

    kind: str
    at: datetime
    scenarios: tuple[ScenarioReport, ...]
    alerts: tuple[str, ...] = field(default=())

    def scenario(self, name: str) -> ScenarioReport:
        """The report of one scenario (its newest version at work)."""
        return next(each for each in reversed(self.scenarios) if each.id == name)

    def as_dict(self) -> dict[str, Any]:
        """The published shape of `--json`."""
        return {
            "at": self.at.isoformat(),
            "scenarios": [asdict(each) for each in self.scenarios],
            "alerts": list(self.alerts),
        }


def report_of(engine: Engine, kind: str, moment: Moment, running: Sequence[Running], found: Gathered) -> TurnReport:
    """Counts scratch table `outcomes` and checks every scenario against the rows that were at work."""
    counts = engine.rows(compiled(engine, ("outcome-counts",), _counts))
    versions = {(each.version.name, each.version.number) for each in running}
    versions |= {(row["scenario"], row["version"]) for row in counts}
    reports = [_scenario(name, number, counts, found) for name, number in sorted(versions)]
    for report in reports:
        report.check()
    return TurnReport(kind, moment.turn, tuple(reports), tuple(_alerts(reports)))


def _counts() -> ir.Table:
    rows = scratch("outcomes", OUTCOMES)
    return rows.group_by("scenario", "version", "outcome", "reason").agg(
        number=rows.count(), messages=rows["message_key"].nunique()
    )


def _scenario(name: str, number: int, counts: Iterable[dict[str, Any]], found: Gathered) -> ScenarioReport:
    own = [row for row in counts if (row["scenario"], row["version"]) == (name, number)]

    def total(outcome: str) -> int:
        return sum(row["number"] for row in own if row["outcome"] == outcome)

    refused = {row["reason"]: row["number"] for row in own if row["outcome"] == "refused"}
    return ScenarioReport(
        id=name,
        version=number,
        candidates=found.at_work.get((name, number), 0),
        send=total("send"),
        held_out=total("held_out"),
        deferred=total("deferred"),
        refused=dict(sorted(refused.items(), key=lambda pair: (rank(pair[0]), pair[0]))),
        waiting=total("waiting"),
        ended=total("ended"),
        messages=sum(row["messages"] for row in own if row["outcome"] == "send"),
        too_old_to_see=found.too_old_to_see.get(name, 0),
    )


def _alerts(reports: Iterable[ScenarioReport]) -> Iterable[str]:
    for report in reports:
        stale = report.refused.get("stale_data", 0)
        if stale:
            yield f"{report.id}: {stale} refused because a feed it needs was not complete in time"
