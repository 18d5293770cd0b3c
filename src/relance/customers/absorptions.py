"""How far the facts born outside the warehouse have been taken: a source comes in, its number goes out."""

from __future__ import annotations

from datetime import datetime

import ibis.expr.types as ir

from relance.base.clock import naive_utc
from relance.customers.relations import house_relation, scratch
from relance.customers.schema import HOUSE_TABLES
from relance.engines.texts import compiled
from relance.engines.warehouse import Engine


def absorbed(engine: Engine, source: str) -> tuple[int, int]:
    """Up to which number a source has been taken, and by which rules; 0 and 0 for one never seen."""
    engine.load("absorbing_source", {"source": "text"}, [{"source": source}])
    rows = engine.rows(compiled(engine, ("absorbed",), _absorbed))
    return (rows[0]["seq"], rows[0]["rules"]) if rows else (0, 0)


def mark_absorbed(engine: Engine, source: str, seq: int, rules: int, turn: datetime) -> None:
    """Says up to which number a source has been taken at this turn."""
    kinds = HOUSE_TABLES["absorptions"]
    engine.load("absorption", kinds, [{"source": source, "seq": seq, "rules": rules, "at": naive_utc(turn)}])
    engine.insert("absorptions", compiled(engine, ("absorption",), lambda: scratch("absorption", kinds)))


def _absorbed() -> ir.Table:
    asked = scratch("absorbing_source", {"source": "text"})
    rows = house_relation("absorptions").semi_join(asked, "source")
    return rows.order_by(rows["at"].desc(), rows["rules"].desc(), rows["seq"].desc()).limit(1).select("seq", "rules")
