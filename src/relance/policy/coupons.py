"""Judged candidates who would be given a code of which too few are left: the last of them are refused."""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from relance.customers.relations import scratch
from relance.policy.arbitration import JUDGED, walked
from relance.scenarios.candidates import CANDIDATES

# One row per step whose message cannot do without a code: its pool, and how many codes that still has.
COUPONS: Mapping[str, str] = {"rule": "text", "version": "integer", "step": "text", "pool": "text", "codes": "integer"}


def with_codes(rows: ir.Table) -> ir.Table:
    """The judged rows, with `no_coupon` for those who pass everything but stand too far back for the codes there are.

    The control group and whoever loses to a more important message take none; and who gets none competes with
    nobody in this turn, so that no message is lost to one that does not leave. Several reminders in one message
    of a contact take one code.
    """
    seen = walked(rows)
    seen = seen.filter(seen["passing"] & ~seen["held"] & ~seen["lost"])
    asked = scratch("candidates", CANDIDATES).select("rule", "probe", "version", "due_at")
    seen = seen.inner_join(asked, ["rule", "probe"], rname="c_{name}")
    seen = seen.inner_join(scratch("coupon_pools", COUPONS), ["rule", "version", "step"], rname="k_{name}")
    group = [seen["pool"], seen["rule"], seen["step"], seen["own_id"]]
    seen = seen.mutate(since=seen["due_at"].min().over(group_by=group))
    order = [seen["since"], seen["own_id"], seen["rule"], seen["step"]]
    seen = seen.mutate(place=ibis.dense_rank().over(group_by=seen["pool"], order_by=order))
    without = seen.filter(seen["place"] >= seen["codes"]).select("rule", "probe", without=ibis.literal(True))
    joined = rows.left_join(without, ["rule", "probe"], rname="n_{name}")
    none = joined["without"].fill_null(False)
    early = joined["early"] + ibis.ifelse(none, "no_coupon,", "")
    return joined.mutate(early=early, open=joined["open"] & ~none).select(*JUDGED)
