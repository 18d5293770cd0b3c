"""The engine's own text of a query, made once and kept: building an expression costs more than running it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from importlib.util import cache_from_source
from pathlib import Path

import ibis.expr.types as ir

from relance.base.ids import digest
from relance.engines.warehouse import Engine

COMPILED_AHEAD = Path(cache_from_source(__file__)).with_name("texts.json")  # beside the bytecode, and as disposable

_TEXTS: dict[str, str] = {}
_MOST_KEPT = 5_000
_HEARD: dict[Path, int] = {}  # files that processes beside are writing, and the state of each that was last read


def compiled(engine: Engine, marks: tuple[str, ...], build: Callable[[], ir.Table]) -> str:
    """The text of a query, made at the first use of these marks.

    The marks must name everything the text depends on: instants are data in scratch tables and never part of it.
    """
    return kept_text(engine, marks, lambda: engine.compile(build()))


def kept_text(engine: Engine, marks: tuple[str, ...], make: Callable[[], str]) -> str:
    """As `compiled`, for several queries that are made, and kept, as one text."""
    key = digest("\n".join((type(engine).__name__, *marks)))
    if key not in _TEXTS:
        _hear()
    if key not in _TEXTS:
        _TEXTS[key] = make()
    return _TEXTS[key]


def remember_texts(path: Path) -> frozenset[str]:
    """Takes up the texts that another process of the same code kept; answers their keys.

    A file that cannot be read, or is of other code, is passed over: texts are made again, nothing is lost.
    """
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return frozenset()
    if kept.get("code") != _code():
        return frozenset()
    for key, text in kept["texts"].items():
        _TEXTS.setdefault(key, text)
    return frozenset(kept["texts"])


@cache
def compiled_ahead() -> frozenset[str]:
    """Takes up, once a process, the texts that were made when this code was set up; answers their keys."""
    return remember_texts(COMPILED_AHEAD)


@contextmanager
def heard(path: Path) -> Iterator[None]:
    """Meanwhile, before a text is made, those are taken up that another process has kept in this file."""
    _HEARD[path] = 0
    try:
        yield
    finally:
        del _HEARD[path]


def _hear() -> None:
    for path, before in _HEARD.items():
        now = path.stat().st_mtime_ns if path.exists() else 0
        if now != before:
            _HEARD[path] = now
            remember_texts(path)


def keep_texts(path: Path) -> None:
    """Keeps the texts for the next process, where there are new ones; those made ahead every process has."""
    ahead = compiled_ahead() if path != COMPILED_AHEAD else frozenset()
    kept = [(key, text) for key, text in _TEXTS.items() if key not in ahead]
    body = json.dumps({"code": _code(), "texts": dict(kept[-_MOST_KEPT:])}).encode()
    if not path.parent.exists() or (path.exists() and path.read_bytes() == body):
        return
    draft = path.with_suffix(".part")
    draft.write_bytes(body)
    draft.replace(path)


@cache
def _code() -> str:
    """Tells one state of our code, and of the compiler's, from another."""
    here = Path(__file__).parents[1]
    files = sorted((str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in here.rglob("*.py"))
    return digest(repr(files) + version("ibis-framework") + version("sqlglot"))
