"""What is costly to read of a home is kept in memory until something new is known, and made again by one reader."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeVar, cast

from relance.customers.installation import Installation

T = TypeVar("T")

_MOST = 400
_DECIDED = """
    SELECT (SELECT count(*) FROM turns) AS turns, (SELECT max("at") FROM turns) AS turn,
        (SELECT count(*) FROM decisions) AS decisions
"""
_DELIVERED = "SELECT max(import_id) FROM imports"


@dataclass
class _Shelf:
    """`held` is the mark of what was read, and what was made of it; empty before the first time."""

    making: Lock = field(default_factory=Lock)
    held: tuple[Any, Any] | None = None


_shelves: dict[tuple[str, str], _Shelf] = {}
_warmed: set[str] = set()
_warming: ContextVar[bool] = ContextVar("warming", default=False)


def kept(place: Installation, name: str, mark: object, make: Callable[[], T]) -> T:
    """What was made of this mark; made now where it is another one, by one reader while the others wait."""
    shelf = _shelf(place, name)
    held = shelf.held
    if held and held[0] == mark:
        return cast(T, held[1])
    with shelf.making:
        if shelf.held is None or shelf.held[0] != mark:
            shelf.held = mark, make()
        return cast(T, shelf.held[1])


def kept_if_ready(place: Installation, name: str, mark: object, make: Callable[[], T]) -> T | None:
    """The same for what takes long: while somebody keeps the home warm an older one, or None, rather than a wait."""
    held = _shelf(place, name).held
    if _left_to_others(place):
        return cast(T, held[1]) if held else None
    return kept(place, name, mark, make)


def decided(place: Installation) -> tuple[Any, ...]:
    """Another one after each turn."""
    return tuple(place.engine.rows(_DECIDED)[0].values())


def delivered(place: Installation) -> Any:
    """Another one after each import."""
    return place.engine.value(_DELIVERED)


@contextmanager
def warm(place: Installation) -> Iterator[None]:
    """For as long as this thread makes again what has grown old, pages of the home do not wait for it."""
    path, before = str(place.home.path), _warming.set(True)
    _warmed.add(path)
    try:
        yield
    finally:
        _warmed.discard(path)
        _warming.reset(before)


def _left_to_others(place: Installation) -> bool:
    return str(place.home.path) in _warmed and not _warming.get()


def _shelf(place: Installation, name: str) -> _Shelf:
    while len(_shelves) >= _MOST:
        _shelves.pop(next(iter(_shelves)), None)
    return _shelves.setdefault((str(place.home.path), name), _Shelf())
