"""Judged candidates of which more wait than there are places; who waits for the next wave is marked."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from relance.customers.relations import scratch
from relance.policy.arbitration import JUDGED, walked
from relance.scenarios.waves import WAVES


def in_waves(rows: ir.Table) -> ir.Table:
    """The judged rows, with `next_wave` for those who pass everything but stand too far back in their line.

    The control group and whoever loses to a more important message take no place; and who waits competes with
    nobody in this turn, so that no message is lost to one that does not leave.
    """
    line = scratch("waves", WAVES)
    seen = walked(rows).inner_join(line, ["rule", "probe"], rname="line_{name}")
    goes = seen["passing"] & ~seen["held"] & ~seen["lost"]
    going = seen.filter(goes)
    order = [going["wished_at"], going["own_id"]]
    place = ibis.row_number().over(group_by=[going["rule"], going["line"]], order_by=order)
    waiting = going.mutate(place=place).filter(ibis._["place"] >= ibis._["places"])
    waiting = waiting.select("rule", "probe", waits=ibis.literal(True))
    joined = rows.left_join(waiting, ["rule", "probe"], rname="w_{name}")
    waits = joined["waits"].fill_null(False)
    return joined.mutate(next_wave=waits, open=joined["open"] & ~waits).select(*JUDGED)
