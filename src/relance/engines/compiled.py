"""An expression that never changes goes in once; its text comes out every time."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from relance.engines.warehouse import Engine

_TEXTS: dict[tuple[type, Hashable], Any] = {}


def compiled(engine: Engine, name: Hashable, build: Callable[[], Any]) -> str:
    """The engine's text of the expression that `build` makes, compiled at the first call for that name."""
    key = (type(engine), name)
    if key not in _TEXTS:
        _TEXTS[key] = engine.compile(build())
    return str(_TEXTS[key])
