"""The files that lie in a home's inbox become one delivery; each moves to where it can be seen what became of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from relance.base.clock import naive_utc
from relance.base.errors import BadDocument, BadFile, NotFound
from relance.customers.own_tables import load_tables
from relance.engines.duckdb import DuckEngine
from relance.ingest.delivery import Progress, Refusal, deliver
from relance.ingest.facts import LedgerHook
from relance.ingest.feeds import MANIFEST
from relance.ingest.mapping import feed_of, load_feeds
from relance.ingest.reports import ImportReport

UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload")
PAUSE = 1.0  # seconds between two looks at the sizes


def import_inbox(
    engine: DuckEngine,
    ledger_hook: LedgerHook | None,
    inbox: Path,
    home_definitions: Path,
    known_at: datetime,
    progress: Progress | None = None,
    secret: bytes = b"",
    pause: Callable[[], None] = lambda: time.sleep(PAUSE),
) -> tuple[list[ImportReport], list[Refusal]]:
    """Imports what lies in the inbox as one delivery; a file that is still being written is left for the next time.

    Files go to done/<date>/, refused ones to refused/<date>/ with a .reason.txt beside them. Answers the reports
    and the refusals. Refused where known_at lies before the last import or turn: then nothing moves.
    """
    files = settled(inbox, pause)
    if not files:
        return [], []
    known, strangers = _known_files(files, home_definitions)
    reports, refusals = deliver(engine, ledger_hook, home_definitions, known, known_at, False, progress, secret)
    refusals += strangers
    day = f"{naive_utc(known_at):%Y-%m-%d}"
    for refusal in refusals:
        target = _move(refusal.path, inbox / "refused" / day)
        target.with_name(target.name + ".reason.txt").write_text(f"{refusal.error}\n", encoding="utf-8")
    for path in sorted(set(known) - {refusal.path for refusal in refusals}):
        _move(path, inbox / "done" / day)
    return reports, refusals


def settled(inbox: Path, pause: Callable[[], None]) -> list[Path]:
    """The files of the inbox whose size and time stood still between two looks."""
    before = _look(inbox)
    if not before:
        return []
    pause()
    after = _look(inbox)
    return sorted(path for path, seen in before.items() if after.get(path) == seen)


def _look(inbox: Path) -> dict[Path, tuple[int, int]]:
    if not inbox.is_dir():
        return {}
    found = {}
    for path in inbox.iterdir():
        if path.is_file() and not path.name.startswith(".") and not path.name.lower().endswith(UNFINISHED):
            seen = path.stat()
            found[path] = (seen.st_size, seen.st_mtime_ns)
    return found


def _known_files(files: list[Path], definitions: Path) -> tuple[list[Path], list[Refusal]]:
    feeds = load_feeds(definitions, load_tables(definitions / "tables"))
    known, strangers = [], []
    for path in files:
        try:
            if not path.name.endswith(MANIFEST):
                feed_of(feeds, path.name)
            known.append(path)
        except (NotFound, BadDocument) as error:
            strangers.append(Refusal(path, None, BadFile(str(error))))
    return known, strangers


def _move(path: Path, folder: Path) -> Path:
    """Moves a file; one of the same name that lies there already stays."""
    folder.mkdir(parents=True, exist_ok=True)
    target, again = folder / path.name, 1
    while target.exists():
        again += 1
        target = folder / f"{again}-{path.name}"
    return path.rename(target)
