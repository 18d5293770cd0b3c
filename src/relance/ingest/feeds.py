"""What files speak of: their period, until when a feed is complete, when a fact of the past could be known."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

from relance.base.clock import naive_utc, parse_instant
from relance.base.errors import BadDocument, BadFile
from relance.base.spans import parse_span
from relance.base.zones import to_instant
from relance.engines.warehouse import Engine
from relance.ingest.mapping import Feed

MANIFEST = ".manifest.jsonl"
_DIGITS = {"%Y": r"\d{4}", "%m": r"\d{2}", "%d": r"\d{2}", "%H": r"\d{2}", "%M": r"\d{2}", "%S": r"\d{2}"}


def period_in_name(feed: Feed, name: str) -> datetime | None:
    """The instant (naive UTC) at which the period begins of which a file's name speaks; None if it need not.

    Raises BadFile where the mapping says that it is in the name and it is not.
    """
    if feed.period is None or feed.period.from_name is None:
        return None
    form = feed.period.from_name
    pattern = re.escape(form)
    for mark, digits in _DIGITS.items():
        pattern = pattern.replace(re.escape(mark), digits)
    for found in re.finditer(f"(?={'(' + pattern + ')'})", name):
        try:
            local = datetime.strptime(found.group(1), form)
        except ValueError:
            continue
        return naive_utc(to_instant(local.date(), local.time(), feed.zone or "UTC"))
    raise BadFile(f"the name {name} holds no period like {form}; nothing of it was taken")


def period_end(feed: Feed, start: datetime) -> datetime:
    """The end of the period that begins at `start` (both naive UTC)."""
    later = parse_span(feed.period_length).after(start.replace(tzinfo=UTC), feed.zone or "UTC")
    return naive_utc(later)


def feed_complete(engine: Engine, feed: str, until: datetime, known_at: datetime) -> bool:
    """Says that all facts of a feed until an instant have come; answers whether that is news.

    Instants are aware, or naive UTC.
    """
    until, known_at = naive_utc(until), naive_utc(known_at)
    said = "SELECT count(*) FROM feed_completeness WHERE feed = {} AND until >= TIMESTAMP '{}'"
    if engine.value(said.format(_text(feed), until)):
        return False
    columns = {"feed": "text", "until": "instant", "known_at": "instant"}
    engine.load("completed", columns, [{"feed": feed, "until": until, "known_at": known_at}])
    engine.insert("feed_completeness", 'SELECT * FROM "completed"')
    return True


def manifest_lines(path: Path, feeds: dict[str, Feed]) -> list[tuple[str, datetime]]:
    """(feed, complete until) of each line of a manifest; BadFile names the line that cannot be read."""
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            said = json.loads(line)
            feed, until = str(said["feed"]), parse_instant(str(said["complete_until"]))
        except (ValueError, KeyError, TypeError, BadDocument):
            raise BadFile(
                f'{path.name} line {number} is not like {{"feed": "orders", "complete_until": "2026-03-10T00:00:00Z"}}'
            ) from None
        if feed not in feeds:
            raise BadFile(f"{path.name} line {number}: there is no feed “{feed}”")
        found.append((feed, naive_utc(until)))
    return found


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
