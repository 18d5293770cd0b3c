"""A value is set for a contact: a dated row of the star, written with the turn and seen from the next turn on."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from relance.customers.relations import scratch
from relance.customers.star import STAR
from relance.customers.tables import BOOKKEEPING
from relance.scenarios.desk import Desk
from relance.scenarios.drawing import with_own_draw
from relance.scenarios.program import ON, Node
from relance.scenarios.versions import Version
from relance.scenarios.ways import NOTED, send_on

VALUES = "contact_values"


def set_value(desk: Desk, version: Version, node: Node) -> None:
    """Everybody goes on; of those outside the control group the value is noted."""
    drawn = (desk.settings.seed, str(desk.settings.global_holdout), str(version.scenario.holdout))
    send_on(desk, version, node, lambda rows: _choose(rows, version, node, desk), *drawn)


def values_set(vault: bool) -> ir.Table:
    """Rows of `contact_values` (or of its vault) for what the turn noted."""
    noted = scratch("noted", NOTED)
    noted = noted.filter(noted["kind"] == "passed", noted["attribute"].notnull(), noted["contact"].notnull())
    parts = [noted["contact"].cast("string"), noted["attribute"], noted["scenario"], noted["occurrence"]]
    known = noted["at"] + ibis.interval(microseconds=1)  # the turn that sets a value does not see it, planned again
    rows = noted.mutate(
        setting=ibis.literal("/").join([*parts, noted["at"].cast("string")]),
        set_at=noted["at"],
        known_at=known,
        period=noted["at"],
        source=ibis.literal(0).cast("int64"),
    )
    table = STAR[VALUES]
    columns = table.vault_columns if vault else table.open_columns
    return rows.select(*(column.name for column in (*columns, *BOOKKEEPING)))


def _choose(rows: ir.Table, version: Version, node: Node, desk: Desk) -> ir.Table:
    assert node.set is not None
    rows = with_own_draw(rows, version, desk)
    nothing = ibis.null("string")
    return rows.drop("u", "read").mutate(
        way=ibis.literal(ON),
        attribute=ibis.ifelse(rows["held"], nothing, node.set.attribute),
        value=ibis.ifelse(rows["held"], nothing, node.set.value),
        read=nothing,
    )
