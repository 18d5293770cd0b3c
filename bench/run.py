"""Runs every measure, each in a process of its own, and prints its figures and its peak memory."""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection

from rich.console import Console
from rich.table import Table

from bench import library, load, memory, pages, probe, render, send, start, track, turn

Figures = dict[str, str]

MEASURES: dict[str, Callable[[], Figures]] = {
    "start": start.measure,
    "load": load.measure,
    "probe": probe.measure,
    "turn": turn.measure,
    "library": library.measure,
    "memory": memory.measure,
    "render": render.measure,
    "track": track.measure,
    "send": send.measure,
    "pages": pages.measure,
}


def main(wanted: list[str]) -> None:
    """Run the measures named on the command line, all of them when none is named."""
    table = Table("measure", "what", "figure")
    if unknown := sorted(set(wanted) - set(MEASURES)):
        raise SystemExit(f"No measure is called {', '.join(unknown)}; there are: {', '.join(MEASURES)}.")
    for name in wanted or MEASURES:
        for what, figure in alone(name).items():
            table.add_row(name, what, figure)
    Console().print(table)


def alone(name: str) -> Figures:
    """The figures of one measure; a fresh process, so that its peak memory is its own."""
    context = get_context("spawn")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=report, args=(name, there))
    child.start()
    there.close()
    try:
        return here.recv()
    except EOFError:
        raise SystemExit(f"The measure “{name}” failed; its error is above.") from None
    finally:
        child.join()


def report(name: str, to: Connection) -> None:
    """In the child: measure, and add the peak of this process and of those it started."""
    figures = MEASURES[name]()
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    peak /= 1024  # the system counts in KB
    to.send({**figures, "peak memory": f"{peak:.0f} MB"})


if __name__ == "__main__":
    main(sys.argv[1:])
