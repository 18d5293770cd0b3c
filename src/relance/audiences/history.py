"""A segment's name comes in; its members at every look of a turn, and how many came and went, go out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import ibis

from relance.base.clock import naive_utc
from relance.customers.relations import house_relation
from relance.engines.warehouse import Engine


def looks(engine: Engine, segment: str, until: datetime) -> list[dict[str, Any]]:
    """(at, members, entered, left) of every look at or before an instant, oldest first; `at` is naive UTC."""
    runs, stays = house_relation("segment_runs"), house_relation("segment_members")
    moment = ibis.literal(naive_utc(until), type="timestamp(6)")
    runs = runs.filter(runs["segment"] == segment, runs["at"] <= moment)
    own = stays.filter(stays["segment"] == segment)
    came = own.group_by(came_at=own["entered_at"]).agg(entered=own.count())
    went = own.filter(own["left_at"].notnull())
    went = went.group_by(went_at=went["left_at"]).agg(left=went.count())
    rows = runs.left_join(came, runs["at"] == came["came_at"]).left_join(went, runs["at"] == went["went_at"])
    told = rows.select("at", "members", entered=rows["entered"].fill_null(0), left=rows["left"].fill_null(0))
    return engine.rows(told.order_by("at"))
