"""A branch: the first arm whose condition holds as of the turn is taken, and what each condition saw is noted."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from relance.scenarios.assess import Reads, asked
from relance.scenarios.desk import Desk
from relance.scenarios.program import ELSE, Node
from relance.scenarios.versions import Version
from relance.scenarios.ways import send_on


def branch(desk: Desk, version: Version, node: Node) -> None:
    """Sends each row at the branch on the way of the first arm that holds."""
    send_on(desk, version, node, lambda rows: _choose(rows, node, desk))


def _choose(rows: ir.Table, node: Node, desk: Desk) -> ir.Table:
    reads, tests = Reads(), []
    for place, (condition, _) in enumerate(node.arms):
        if condition is not None:
            name = f"arm_{node.name}_{place}"
            rows = asked(rows, condition, name, desk.view, desk.zone, reads)
            tests.append((name, node.ways[place].name))
    cases = [(rows[name].fill_null(False), way) for name, way in tests]
    way = ibis.cases(*cases, else_=ELSE) if cases else ibis.literal(ELSE)
    return rows.drop("read").mutate(way=way, read=reads(rows))
