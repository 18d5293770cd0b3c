"""The last turn and the outbox become what is leaving now."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from relance.customers.installation import Installation
from relance.web.reading.standing import Standing
from relance.web.voice import Voice


@dataclass(frozen=True)
class Turn:
    """The last turn: its instant (naive UTC) and its report as it was kept."""

    at: datetime
    report: dict[str, Any]


@dataclass(frozen=True)
class Leaving:
    """What one scenario decided in the last turn: messages, for so many occasions; `waiting` have not left yet."""

    name: str
    title: str
    seen: int
    decided: int
    waiting: int

    @property
    def gone(self) -> int:
        return max(0, self.decided - self.waiting)


def latest_turn(place: Installation) -> Turn | None:
    """The last one, or None before the first."""
    rows = place.engine.rows("""SELECT "at", report FROM turns WHERE kind = 'run' ORDER BY "at" DESC LIMIT 1""")
    return Turn(rows[0]["at"], json.loads(rows[0]["report"])) if rows else None


def leaving(place: Installation, turn: Turn | None, found: Sequence[Standing], voice: Voice) -> list[Leaving]:
    """The scenarios that saw somebody in the last turn or still have messages waiting."""
    reports: dict[str, list[int]] = {}
    for one in turn.report["scenarios"] if turn else []:
        counted = reports.setdefault(one["id"], [0, 0])
        counted[0] += one["candidates"]
        counted[1] += one["messages"]
    shown = []
    for each in found:
        seen, decided = reports.get(each.name, [0, 0])
        if seen or each.queued:
            shown.append(Leaving(each.name, each.title.in_(voice.language), seen, decided, each.queued))
    return sorted(shown, key=lambda one: (-one.waiting, -one.decided, one.name))[:3]
