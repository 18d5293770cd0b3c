"""Both sides of an arbitration: what a decision lost to, and what lost to it, in the turn that decided them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from relance.customers.relations import house_relation, scratch
from relance.explaining.case import Case
from relance.explaining.person import EXPLAINED
from relance.explaining.said import Said, same
from relance.scenarios.running import stored_version

_LOST_TO = Said(
    "« {who} » (priorité {theirs}) est passé avant celui-ci (priorité {ours})",
    "“{who}” (priority {theirs}) went before this one (priority {ours})",
)
_WON = Said(
    "celui-ci (priorité {ours}) est passé avant « {who} » (priorité {theirs})",
    "this one (priority {ours}) went before “{who}” (priority {theirs})",
)


@dataclass(frozen=True)
class Side:
    """The other party of an arbitration. `won`: the explained scenario won against it."""

    scenario: str
    step: str
    occurrence: str
    priority: int
    outcome: str
    reason: str | None
    won: bool
    said: Said

    def as_dict(self) -> dict[str, Any]:
        """The published shape."""
        own = ("scenario", "step", "occurrence", "priority", "outcome", "reason", "won")
        return {**{name: getattr(self, name) for name in own}, "said": self.said.as_dict()}


def sides_of(case: Case) -> tuple[Side, ...]:
    """The other candidates of the contact that this decision met in its turn; none where nothing was decided."""
    decision = case.decision
    if decision is None or case.version.scenario.purpose != "marketing":
        return ()
    rows = case.rows("same-turn", lambda: house_relation("decisions").semi_join(_sides(), "contact"))
    met = [row for row in rows if row["at"].replace(tzinfo=UTC) == decision["at"]]
    found = [_side(case, row) for row in met if row["scenario"] == decision["lost_to"] and row["outcome"] == "send"]
    found += [_side(case, row) for row in met if row["lost_to"] == case.version.name and decision["outcome"] == "send"]
    return tuple(sorted(set(found), key=lambda side: (-side.priority, side.scenario, side.step, side.occurrence)))


def _sides() -> Any:
    return scratch("explained_sides", EXPLAINED)


def _side(case: Case, row: Mapping[str, Any]) -> Side:
    other = stored_version(case.place.ledger, row["scenario"], row["version"]).scenario
    won = row["lost_to"] == case.version.name
    words = {"who": same(other.scenario), "theirs": same(other.priority), "ours": same(case.version.scenario.priority)}
    said = (_WON if won else _LOST_TO).put(**words)
    reason = row["reason"] or None
    return Side(other.scenario, row["step"], row["occurrence"], other.priority, row["outcome"], reason, won, said)
