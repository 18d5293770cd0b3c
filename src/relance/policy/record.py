"""The outcomes of a turn are written down: decisions, journeys, draws, and the turn itself."""

from __future__ import annotations

import json

import ibis
import ibis.expr.types as ir

from relance.base.clock import naive_utc
from relance.customers.absorb import last_event
from relance.customers.relations import house_relation, scratch
from relance.customers.schema import HOUSE_TABLES, VAULT
from relance.engines.texts import compiled
from relance.engines.warehouse import Engine
from relance.policy.report import TurnReport
from relance.scenarios.journeys import OUTCOMES, journey_rows
from relance.scenarios.moment import Moment
from relance.scenarios.setting import VALUES, values_set
from relance.scenarios.ways import NOTED


def record(engine: Engine, moment: Moment, report: TurnReport) -> None:
    """Appends; nothing that was decided is ever changed. Called inside the turn's transaction."""
    if any(each.candidates for each in report.scenarios):
        _record_outcomes(engine)
    turn = {
        "at": naive_utc(moment.turn),
        "kind": "run",
        "ledger_seq": last_event(engine),
        "report": json.dumps(report.as_dict()),
    }
    engine.load("this_turn", HOUSE_TABLES["turns"], [turn])
    made = compiled(engine, ("this-turn",), lambda: scratch("this_turn", HOUSE_TABLES["turns"]))
    engine.insert("turns", made)


def _record_outcomes(engine: Engine) -> None:
    engine.insert("decisions", compiled(engine, ("record-decisions",), _decisions))
    engine.insert("journeys", compiled(engine, ("record-journeys",), journey_rows))
    engine.insert("draws", compiled(engine, ("record-draws",), _draws))
    if engine.insert("passages", compiled(engine, ("record-passages",), _passages)):
        engine.insert(VALUES, compiled(engine, ("record-values",), lambda: values_set(vault=False)))
        engine.insert(VALUES + VAULT, compiled(engine, ("record-secret-values",), lambda: values_set(vault=True)))


def _passages() -> ir.Table:
    rows = scratch("noted", NOTED)
    return rows.filter(rows["kind"] == "passed").select(*HOUSE_TABLES["passages"])


def _decisions() -> ir.Table:
    return scratch("outcomes", OUTCOMES).select(*HOUSE_TABLES["decisions"])


def _draws() -> ir.Table:
    """The arm of everyone who has passed every gate, once and for all."""
    rows = scratch("outcomes", OUTCOMES)
    rows = rows.filter(rows["outcome"].isin(["send", "held_out"]), rows["u"].notnull())
    drawn = rows.group_by("scenario", "contact").agg(u=rows["u"].min(), at=rows["at"].min())
    drawn = drawn.mutate(step=ibis.literal("holdout"))
    return drawn.anti_join(house_relation("draws"), ["scenario", "step", "contact"]).select(*HOUSE_TABLES["draws"])
