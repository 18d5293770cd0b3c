"""While something runs, each statement of the warehouse is timed; what took longest comes out in one line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import process_time
from typing import Any

from relance.engines.duckdb import DuckEngine

_KEEP = 'CREATE OR REPLACE TEMP TABLE "'


@dataclass
class Statements:
    """Processor seconds by the scratch table that a statement fills; `number` of all statements."""

    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    number: int = 0

    def said(self, most: int = 6) -> str:
        """The longest, each with its share of all."""
        every = sum(self.seconds.values()) or 1.0
        longest = sorted(self.seconds.items(), key=lambda item: -item[1])
        return ", ".join(f"{name} {100 * spent / every:.0f} %" for name, spent in longest[:most])


@contextmanager
def timed_statements() -> Iterator[Statements]:
    """Every engine of this process is timed meanwhile."""
    found, execute = Statements(), DuckEngine.execute

    def timed(engine: DuckEngine, text: str, values: list[Any] | None = None) -> Any:
        begun = process_time()
        result = execute(engine, text, values)
        found.seconds[_named(text)] += process_time() - begun
        found.number += 1
        return result

    DuckEngine.execute = timed  # type: ignore[method-assign, assignment]
    try:
        yield found
    finally:
        DuckEngine.execute = execute  # type: ignore[method-assign]


def _named(text: str) -> str:
    return text[len(_KEEP) :].partition('"')[0] if text.startswith(_KEEP) else text.split(maxsplit=1)[0].lower()
