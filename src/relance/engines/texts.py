"""The engine's own text of a query, made once and kept: building an expression costs more than running it."""

from __future__ import annotations

from collections.abc import Callable

import ibis.expr.types as ir

from relance.engines.warehouse import Engine

_TEXTS: dict[tuple[str, ...], str] = {}


def compiled(engine: Engine, marks: tuple[str, ...], build: Callable[[], ir.Table]) -> str:
    """The text of a query, made at the first use of these marks.

    The marks must name everything the text depends on: instants are data in scratch tables and never part of it.
    """
    key = (type(engine).__name__, *marks)
    if key not in _TEXTS:
        _TEXTS[key] = engine.compile(build())
    return _TEXTS[key]
