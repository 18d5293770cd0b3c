"""Judged candidates of which more wait than there are places; who waits for the next wave is marked."""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from relance.customers.relations import scratch
from relance.engines.texts import compiled
from relance.engines.warehouse import Engine
from relance.policy.arbitration import JUDGED, walked
from relance.scenarios.waves import WAVES

_BEYOND: Mapping[str, str] = {"rule": "text", "probe": "integer"}


def cut_waves(engine: Engine) -> None:
    """Marks in scratch table `judged` who stands too far back in their line, as `next_wave`.

    Who waits competes with nobody in this turn, so that no message is lost to one that does not leave. So another may
    go instead, who stands in a line too: it is asked again until nobody more has to wait.
    """
    while engine.keep("beyond", compiled(engine, ("beyond",), lambda: _beyond(scratch("judged", JUDGED)))):
        engine.keep("waved", compiled(engine, ("waved",), lambda: _marked(scratch("judged", JUDGED))))
        engine.keep("judged", compiled(engine, ("judged-in-waves",), lambda: scratch("waved", JUDGED)))


def _beyond(rows: ir.Table) -> ir.Table:
    """Who passes everything but has no place in the wave; the control group and who loses to another take none."""
    line = scratch("waves", WAVES)
    seen = walked(rows).inner_join(line, ["rule", "probe"], rname="line_{name}")
    going = seen.filter(seen["passing"] & ~seen["held"] & ~seen["lost"])
    order = [going["wished_at"], going["own_id"]]
    place = ibis.row_number().over(group_by=[going["rule"], going["line"]], order_by=order)
    return going.mutate(place=place).filter(ibis._["place"] >= ibis._["places"]).select(*_BEYOND)


def _marked(rows: ir.Table) -> ir.Table:
    found = scratch("beyond", _BEYOND).mutate(waits=ibis.literal(True))
    joined = rows.left_join(found, ["rule", "probe"], rname="w_{name}")
    waits = joined["waits"].fill_null(False)
    return joined.mutate(next_wave=joined["next_wave"] | waits, open=joined["open"] & ~waits).select(*JUDGED)
