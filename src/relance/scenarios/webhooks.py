"""At a webhook step everybody goes on; for whom a call is made, and for whom not, is noted with the way they took."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from relance.scenarios.desk import Desk
from relance.scenarios.drawing import with_own_draw
from relance.scenarios.program import HELD_OUT, ON, Node
from relance.scenarios.versions import Version
from relance.scenarios.ways import send_on


def call(desk: Desk, version: Version, node: Node) -> None:
    """The control group goes the same way, without a call."""
    drawn = (desk.settings.seed, str(desk.settings.global_holdout), str(version.scenario.holdout))
    send_on(desk, version, node, lambda rows: _choose(rows, version, desk), *drawn)


def _choose(rows: ir.Table, version: Version, desk: Desk) -> ir.Table:
    rows = with_own_draw(rows, version, desk)
    way = ibis.ifelse(rows["held"], HELD_OUT, ON)
    return rows.drop("u", "read").mutate(way=way, read=ibis.null("string"))
