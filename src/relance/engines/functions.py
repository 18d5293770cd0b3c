"""Functions that engines have and Ibis does not name; one definition here serves every engine we know."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def sha256(text: str) -> str:  # type: ignore[empty-body]
    """Lower-case hexadecimal SHA-256 of the UTF-8 of a text."""


def draw(seed: str, scenario: ir.StringValue, step: ir.StringValue, own_id: ir.StringValue) -> ir.FloatingValue:
    """The same number in [0, 1) as `base.ids.draw`, for a whole column."""
    text = ibis.literal(seed + "\n") + scenario + "\n" + step + "\n" + own_id
    bits = (ibis.literal("0x") + sha256(text).substr(0, 16)).cast("uint64")
    return bits.cast("float64") / float(2**64)
