"""A purchase that comes round goes in; what was bought, how long it lasts and what was bought since comes out."""

from __future__ import annotations

from typing import Any

import ibis.expr.types as ir

from relance.base.clock import aware_utc
from relance.explaining.arrivals import Arrival
from relance.explaining.case import Case
from relance.explaining.explanation import Evidence, Seen
from relance.explaining.found import Found
from relance.explaining.reading import Reading, evidence_row
from relance.explaining.said import Said, same
from relance.scenarios.rounds import bought_lines, purchases
from relance.scenarios.starts import ComesRound
from relance.scenarios.triggers import clock_of

_TOLD = Said(
    "{type} acheté le {day}, fait pour durer {interval} jours ; rappel {lead} jours avant, le {due}",
    "{type} bought on {day}, made to last {interval} days; reminder {lead} days before, on {due}",
)
_NOT_SINCE = Said("pas racheté", "not bought again")
_SINCE = Said("racheté le {day}", "bought again on {day}")


def told(case: Case, arrival: Arrival) -> Said:
    """What was bought, when, for how long, and when the reminder is due."""
    row = next((each for each in _purchases(case) if each["subject"] == arrival.subject), None)
    if row is None:
        return Said("achat annulé depuis", "purchase cancelled since")
    return _TOLD.put(
        type=same(row["type"]),
        day=case.pen.day(row["bought_on"]),
        interval=case.pen.number(row["interval"]),
        lead=case.pen.number(row["lead"]),
        due=case.pen.at(arrival.due_at),
    )


def purchase_rows(case: Case, subject: str) -> list[Evidence]:
    """The lines of the purchase."""
    kind, _, day = subject.rpartition("/")
    rows = [row for row in _lines(case) if row["type"] == kind and str(row["bought_on"]) == day]
    return [
        evidence_row(case, "order_lines", row["product"], aware_utc(row["placed_at"]), None, same(row["product"]))
        for row in rows
    ]


def repurchased(reading: Reading) -> Found:
    """The last purchase of the same type, where it came after the one that comes round."""
    case = reading.case
    kind, _, day = (case.arrival.subject if case.arrival else "").rpartition("/")
    later = [row for row in _lines(case) if row["type"] == kind and str(row["bought_on"]) > day]
    again = "repurchased" in str(reading.flags["stopped"]).split(",")
    if not later:
        return Found(again, Seen(_NOT_SINCE))
    last = max(later, key=lambda row: (row["placed_at"], row["product"]))
    said = _SINCE.put(day=case.pen.day(last["bought_on"]))
    row = evidence_row(case, "order_lines", last["product"], aware_utc(last["placed_at"]), None, said)
    return Found(again, Seen(said, last["product"], (row,)))


def _purchases(case: Case) -> list[dict[str, Any]]:
    said = case.version.scenario.trigger.comes_round or ComesRound()
    return case.rows("rounds", lambda: purchases(said, case.view, _clock(case)), said.quantity)


def _lines(case: Case) -> list[dict[str, Any]]:
    return case.rows("round-lines", lambda: bought_lines(case.view, _clock(case)))


def _clock(case: Case) -> ir.Table:
    return clock_of(case.version.name, "turn", "known")
