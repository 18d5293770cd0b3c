"""Results go to standard output as a table or as JSON; progress goes to a terminal's standard error only."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol


class Told(Protocol):
    """Is told what is being done, and how much of how much is behind."""

    def __call__(self, what: str, done: int, total: int) -> None: ...


def say(*lines: str) -> None:
    """Plain lines for a reader."""
    for line in lines:
        print(line)


def note(line: str) -> None:
    """A line that is not part of the answer."""
    print(line, file=sys.stderr)


def say_json(data: Any) -> None:
    """The answer as one JSON document; instants and decimals as text."""
    print(json.dumps(data, ensure_ascii=False, indent=2, default=str))


def say_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], title: str | None = None) -> None:
    """A table as wide as its content; numbers to the right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    listed = [list(row) for row in rows]
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for place, name in enumerate(columns):
        numbers = all(isinstance(row[place], int | float) or row[place] is None for row in listed)
        table.add_column(name, justify="right" if listed and numbers else "left", overflow="fold")
    for row in listed:
        table.add_row(*(_cell(value) for value in row))
    width = None if sys.stdout.isatty() else 200
    Console(highlight=False, width=width, markup=False).print(table)


def reasons(counts: Mapping[str, int]) -> str:
    """`consent_refused 12, no_basis 3`."""
    return ", ".join(f"{reason} {_cell(number)}" for reason, number in counts.items())


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


@contextmanager
def progress(title: str) -> Iterator[Told]:
    """A bar on a terminal's standard error, nothing anywhere else."""
    if not sys.stderr.isatty():
        yield lambda what, done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TextColumn("{task.fields[what]}"))
    stream = getattr(sys.stderr, "current", sys.stderr)  # a bar is drawn by a thread of its own
    with Progress(*columns, console=Console(file=stream), transient=True) as bar:
        task = bar.add_task(title, total=None, what="")

        def told(what: str, done: int, total: int) -> None:
            bar.update(task, completed=done, total=total or None, what=what)

        yield told
