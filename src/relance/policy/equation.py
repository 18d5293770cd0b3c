"""Decisions and outbox meet: each scenario's candidates over a span of turns, and where every one of them is now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
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

    Counted in keys (step, contact or visitor, occurrence), each by the last that was decided about it; waiting are
    those who wait now.
    outbox: queued, sent, failed, unknown, cancelled; failed and cancelled with their reasons in `lost`.
    messages: how many messages the keys of the outbox make, by the same states; several keys may share one.
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
    messages: dict[str, int] = field(default_factory=dict)

    @property
    def accounted(self) -> int:
        """How many of the candidates the parts make up."""
        parts = sum(self.refused.values()) + self.held_out + self.deferred + self.waiting + self.ended
        return parts + sum(self.outbox.values())

    @property
    def balanced(self) -> bool:
        return self.candidates == self.accounted

    def with_the_rest_queued(self) -> Equation:
        """The same, where approved messages are still being copied to the outbox."""
        rest = max(0, self.candidates - self.accounted)
        outbox, messages = ({**each, "queued": each["queued"] + rest} for each in (self.outbox, self.messages))
        return replace(self, outbox=outbox, messages=messages)

    def check(self) -> None:
        """Raises RelanceError where the decisions and the outbox do not tell the same story."""
        if not self.balanced:
            raise RelanceError(
                f"{self.scenario}: {self.candidates} candidates, {self.accounted} accounted for; try: relance doctor"
            )


def equations(place: Installation) -> list[Equation]:
    """One per scenario that ever had a candidate, by name, each checked.

    What a turn has approved and not yet copied to the outbox is queued: copying goes on while pages read.
    """
    found = _told(place)
    if any(not each.balanced for each in found):
        found = _told(place)  # a turn or a copy came between the two questions
    for each in found:
        each.check()
    return found


def _told(place: Installation) -> list[Equation]:
    """The outbox first: whatever is in it was decided before."""
    outbox = place.ledger.outbox_counts()
    counts = place.engine.rows(compiled(place.engine, ("last-said",), _last_said))
    copied = not place.engine.rows(compiled(place.engine, ("uncopied-turns",), _uncopied))
    found = [_equation(name, counts, outbox) for name in sorted({row["scenario"] for row in counts})]
    return found if copied else [each.with_the_rest_queued() for each in found]


def _uncopied() -> ir.Table:
    """Instants of turns whose messages are not all in the outbox."""
    turns = house_relation("turns").select("at", "kind")
    run, copied = turns.filter(turns["kind"] == "run"), turns.filter(turns["kind"] == "copied").select("at")
    return run.anti_join(copied, "at").select("at").limit(1)


def _last_said() -> ir.Table:
    """How many keys of each scenario have which last outcome, for which reason."""
    last = last_decided(house_relation("decisions"))
    return last.group_by("scenario", "outcome", "reason").agg(number=last.count())


def last_decided(made: ir.Table) -> ir.Table:
    """Each key by the last that was decided about it. Who waited and has gone on since is told by what followed."""
    newest = ibis.window(group_by=[made[name] for name in _KEY], order_by=made["at"].desc())
    journey = ibis.window(group_by=[made[name] for name in _KEY if name != "step"])
    rows = made.mutate(nth=ibis.row_number().over(newest), gone_on=made["at"].max().over(journey))
    waits_no_more = (rows["outcome"] == "waiting") & (rows["at"] < rows["gone_on"])
    return rows.filter(rows["nth"] == 0, ~waits_no_more).drop("nth", "gone_on")


def _equation(name: str, counts: Iterable[dict[str, Any]], outbox: Iterable[OutboxCount]) -> Equation:
    own = [row for row in counts if row["scenario"] == name]
    refused = {row["reason"]: row["number"] for row in own if row["outcome"] == "refused"}
    states = dict.fromkeys(("queued", "sent", "failed", "unknown", "cancelled"), 0)
    messages = dict(states)
    lost: dict[str, int] = {}
    for one in outbox:
        if one.scenario == name:
            state = _STATES[one.state]
            states[state] += one.keys
            messages[state] += one.messages
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
        messages=messages,
    )
