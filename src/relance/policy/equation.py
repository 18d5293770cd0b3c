"""Decisions and outbox meet: each scenario's candidates over a span of turns, and where every one of them is now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from relance.base.errors import RelanceError
from relance.customers.installation import Installation
from relance.customers.relations import house_relation
from relance.engines.ledger import OutboxCount
from relance.engines.texts import compiled
from relance.policy.reasons import rank

_KEY = ("scenario", "step", "contact", "visitor", "occurrence")
# Where a message stands in the outbox, in the words of the equation.
_STATES = {
    "queued": "queued",
    "leased": "queued",
    "handing": "queued",
    "deferred": "queued",
    "accepted": "sent",
    "refused": "failed",
    "unknown": "unknown",
    "cancelled": "cancelled",
}


@dataclass(frozen=True)
class Equation:
    """candidates = all refused + held_out + deferred + waiting + ended + all that was put in the outbox.

    Counted in keys (step, contact or visitor, occurrence), each by the last that was decided about it.
    outbox: queued, sent, failed, unknown, cancelled; failed and cancelled with their reasons in `lost`.
    """

    scenario: str
    candidates: int
    refused: dict[str, int]
    held_out: int
    deferred: int
    waiting: int
    ended: int
    outbox: dict[str, int]
    lost: dict[str, int]

    def check(self) -> None:
        """Raises RelanceError where the decisions and the outbox do not tell the same story."""
        parts = sum(self.refused.values()) + self.held_out + self.deferred + self.waiting + self.ended
        if self.candidates != parts + sum(self.outbox.values()):
            accounted = parts + sum(self.outbox.values())
            raise RelanceError(
                f"{self.scenario}: {self.candidates} candidates, {accounted} accounted for; try: relance doctor"
            )


def equations(place: Installation) -> list[Equation]:
    """One per scenario that ever had a candidate, by name, each checked."""
    counts = place.engine.rows(compiled(place.engine, ("last-said",), _last_said))
    outbox = place.ledger.outbox_counts()
    found = [_equation(name, counts, outbox) for name in sorted({row["scenario"] for row in counts})]
    for each in found:
        each.check()
    return found


def _last_said() -> ir.Table:
    """How many keys of each scenario have which last outcome, for which reason."""
    made = house_relation("decisions")
    newest = ibis.window(group_by=[made[name] for name in _KEY], order_by=made["at"].desc())
    last = made.mutate(place=ibis.row_number().over(newest)).filter(ibis._["place"] == 0)
    return last.group_by("scenario", "outcome", "reason").agg(number=last.count())


def _equation(name: str, counts: Iterable[dict[str, Any]], outbox: Iterable[OutboxCount]) -> Equation:
    own = [row for row in counts if row["scenario"] == name]
    refused = {row["reason"]: row["number"] for row in own if row["outcome"] == "refused"}
    states = dict.fromkeys(("queued", "sent", "failed", "unknown", "cancelled"), 0)
    lost: dict[str, int] = {}
    for one in outbox:
        if one.scenario == name:
            state = _STATES[one.state]
            states[state] += one.keys
            if state in ("failed", "cancelled"):
                lost[one.reason or state] = lost.get(one.reason or state, 0) + one.keys

    def total(outcome: str) -> int:
        return sum(row["number"] for row in own if row["outcome"] == outcome)

    return Equation(
        scenario=name,
        candidates=sum(row["number"] for row in own),
        refused=dict(sorted(refused.items(), key=lambda pair: (rank(pair[0]), pair[0]))),
        held_out=total("held_out"),
        deferred=total("deferred"),
        waiting=total("waiting"),
        ended=total("ended"),
        outbox=states,
        lost=dict(sorted(lost.items())),
    )
