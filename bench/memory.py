"""The same backtest over ninety days and over a year, each in a process of its own: what memory each takes."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from bench.apart import apart
from bench.library import make_library, walked
from relance.base.home import Home
from relance.customers.installation import open_installation

# RELANCE_BENCH_CONTACTS makes it smaller, or larger; a year is walked turn by turn.
CONTACTS = int(os.environ.get("RELANCE_BENCH_CONTACTS", "100000"))
SHORT, LONG = (int(days) for days in os.environ.get("RELANCE_BENCH_SPANS", "90,365").split(","))


def measure() -> dict[str, str]:
    """Seconds and peak of both, and the ratio of the peaks (goal 1.25)."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        place, rows = make_library(home, CONTACTS)
        place.close()
        figures = {"base": f"{CONTACTS:,} contacts, {sum(rows.values()):,} rows"}
        peaks = {}
        for days in (SHORT, LONG):
            figures[f"backtest, {days} days"], peaks[days] = apart(_walk, home, days)
        figures["peak"] = f"{peaks[LONG]} / {peaks[SHORT]} MB = {peaks[LONG] / peaks[SHORT]:.2f} (goal 1.25)"
    return figures


def _walk(home: Path, days: int) -> str:
    place = open_installation(Home(home))
    said = walked(place, days)
    place.close()
    return said
