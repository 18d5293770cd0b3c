"""Turns that were walked become one summary: the shape that the command prints, the page shows and the folder keeps.

{id, kind: replay | forecast, from, to, zone, turns, begins, ends,
 scenarios: [{id, version, chosen, candidates, messages, contacts,
   send, held_out, deferred, waiting, ended, refused: {reason: keys},
   shares: {outcome or reason: of the candidates}, lost_to: {scenario: keys}, already_past, too_old_to_see,
   per_contact: {"0", "1", "2", "3+", most}, placed_anyway: {within, contacts, orders, amounts: {currency: text}},
   samples: [{scenario, step, contact, occurrence, at, due_date, message_key}]}],
 contacts: {"0", "1", "2", "3+", most}, days: [{date, messages, scenarios: [as in `plan`]}], alerts,
 assumptions: [codes], differences: {missing, added, rows: [...]} in a replay, else null}

Every key is counted once, by the last that was decided about it; `days` says what each turn decided.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from relance.backtests import figures
from relance.backtests.asked import Asked
from relance.base.zones import local_day
from relance.customers.installation import Installation
from relance.policy.reasons import rank
from relance.policy.report import ScenarioReport, TurnReport
from relance.scenarios.versions import Version

ASSUMPTIONS = (
    "orders_as_they_came",
    "no_reaction",
    "no_bounces",
    "consent_as_known",
    "webhooks_done_clicks_none",
    "coupons_enough",
)


@dataclass
class Walked:
    """What is remembered of the turns: a few numbers each, whatever their candidates are."""

    asked: Asked
    turns: Sequence[datetime]
    past: Mapping[str, int]
    days: dict[date, dict[str, ScenarioReport]] = field(default_factory=dict)
    too_old: dict[str, int] = field(default_factory=dict)
    alerts: list[str] = field(default_factory=list)
    zone: str = "UTC"

    def add(self, report: TurnReport) -> None:
        """One more turn."""
        day = self.days.setdefault(local_day(report.at, self.zone), {})
        for each in report.scenarios:
            name = f"{each.id}@{each.version}"
            day[name] = _together(day[name], each) if name in day else each
            self.too_old[each.id] = each.too_old_to_see
        self.alerts += [f"{report.at:%Y-%m-%d %H:%M} UTC: {alert}" for alert in report.alerts]


def summary_of(world: Installation, walked: Walked) -> dict[str, Any]:
    """Everything but the id, the kind and the differences. Reads the decisions that were set aside."""
    asked, counted = walked.asked, figures.counted(world.engine, walked.turns[0])
    return {
        "from": asked.first.isoformat(),
        "to": asked.last.isoformat(),
        "zone": walked.zone,
        "turns": len(walked.turns),
        "begins": walked.turns[0].isoformat(),
        "ends": walked.turns[-1].isoformat(),
        "scenarios": [_scenario(world, each, walked, counted) for each in asked.every],
        "contacts": figures.per_contact([row for row in counted.messages if not row["scenario"]]),
        "days": [_day(day, found) for day, found in sorted(walked.days.items())],
        "alerts": walked.alerts,
        "assumptions": list(ASSUMPTIONS),
    }


def _scenario(world: Installation, version: Version, walked: Walked, counted: figures.Counted) -> dict[str, Any]:
    own = [row for row in counted.outcomes if row["scenario"] == version.name]

    def keys(outcome: str) -> int:
        return sum(row["keys"] for row in own if row["outcome"] == outcome)

    refused: Counter[str] = Counter()
    for row in own:
        if row["outcome"] == "refused":
            refused[row["reason"]] += row["keys"]
    candidates = sum(row["keys"] for row in own)
    parts = {name: keys(name) for name in ("send", "held_out", "deferred", "waiting", "ended")}
    reasons = dict(sorted(refused.items(), key=lambda pair: (rank(pair[0]), pair[0])))
    whole = {**parts, **reasons}
    return {
        "id": version.name,
        "version": version.number,
        "chosen": version in walked.asked.versions,
        "candidates": candidates,
        "messages": counted.sent.get(version.name, {}).get("messages", 0),
        "contacts": counted.sent.get(version.name, {}).get("contacts", 0),
        **parts,
        "refused": reasons,
        "shares": {name: round(number / candidates, 4) for name, number in whole.items() if number},
        "lost_to": counted.lost.get(version.name, {}),
        "already_past": walked.past.get(version.name, 0),
        "too_old_to_see": walked.too_old.get(version.name, 0),
        "per_contact": figures.per_contact([row for row in counted.messages if row["scenario"] == version.name]),
        "placed_anyway": figures.placed_anyway(world, version, walked.turns[0]),
        "samples": figures.samples(world, version.name, walked.turns[0]),
    }


def _day(day: date, found: Mapping[str, ScenarioReport]) -> dict[str, Any]:
    reports = [found[name] for name in sorted(found)]
    return {
        "date": day.isoformat(),
        "messages": sum(each.messages for each in reports),
        "scenarios": [asdict(each) for each in reports],
    }


def _together(one: ScenarioReport, other: ScenarioReport) -> ScenarioReport:
    """Two turns of one local date."""
    refused = Counter(one.refused) + Counter(other.refused)
    numbers = ("candidates", "send", "held_out", "deferred", "waiting", "ended", "messages")
    summed = {name: getattr(one, name) + getattr(other, name) for name in numbers}
    return ScenarioReport(
        id=one.id, version=one.version, refused=dict(refused), too_old_to_see=other.too_old_to_see, **summed
    )
