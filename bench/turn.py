"""A base of a million contacts goes in; what a plan of the library's scenarios costs comes out."""

from __future__ import annotations

import tempfile
from pathlib import Path
from time import perf_counter, process_time

from bench.base import CONTACTS, TURN, make_base
from relance.flow import plan


def measure() -> dict[str, str]:
    """Wall and CPU seconds of the plan, cold (queries compiled) and again."""
    with tempfile.TemporaryDirectory() as folder:
        place = make_base(Path(folder))
        figures = {"base": f"{CONTACTS:,} contacts, {_orders(place.engine):,} orders, {CONTACTS // 2:,} carts"}
        for name in ("plan, first", "plan, again"):
            wall, processor = perf_counter(), process_time()
            report = plan(place, TURN)
            figures[name] = f"{perf_counter() - wall:.1f} s, {process_time() - processor:.1f} s CPU"
        figures["candidates"] = ", ".join(f"{each.id} {each.candidates:,}" for each in report.scenarios)
        place.close()
    return figures


def _orders(engine) -> int:  # type: ignore[no-untyped-def]
    return int(engine.value("SELECT count(*) FROM orders"))
