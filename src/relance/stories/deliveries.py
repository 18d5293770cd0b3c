"""Rows of the star become files with mapping documents, and are imported like any other; rejects are told."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from relance.base.clock import naive_utc
from relance.base.documents import Document
from relance.base.ids import digest
from relance.customers.installation import Installation
from relance.ingest.atoms import REASONS
from relance.ingest.delivery import import_delivery
from relance.messages.stopping import LedgerStops
from relance.stories.rows import Said

_REJECTS = 'SELECT file, line, "column", reason FROM rejects WHERE file IN ({}) ORDER BY file, line'


@dataclass(frozen=True)
class Parcel:
    """Rows of one table that say the same columns; `file` is where they are written."""

    table: str
    columns: tuple[str, ...]
    rows: Sequence[Said]

    @property
    def feed(self) -> str:
        """One feed for one table and set of columns, so that a row changes only what it says."""
        return f"story_{self.table}_{digest(' '.join(self.columns))[:8]}"


def deliver(
    place: Installation, document: Document, rows: Mapping[str, Sequence[Said]], at: datetime, history: bool = False
) -> None:
    """Imports rows as one delivery, known at an instant; with `history` each when its fact happened.

    Raises BadDocument, with the line of the story, where the import refuses a row.
    """
    parcels = list(_parcels(rows))
    paths = {_file(place, parcel, at): parcel for parcel in parcels}
    if not paths:
        return
    hook = LedgerStops(place.ledger)
    import_delivery(place.engine, hook, place.home.definitions, list(paths), at, history=history, secret=place.secret)
    names = {path.name: parcel for path, parcel in paths.items()}
    listed = ", ".join(f"'{name}'" for name in names)
    for reject in place.engine.rows(_REJECTS.format(listed)):
        row = names[reject["file"]].rows[reject["line"] - 1]
        column = reject["column"] or ""
        reason = REASONS.get(reject["reason"], reject["reason"])
        said = f"“{column}” {reason}" if column else reason
        raise document.error(f"the import refuses this row: {said}", (*row.place, column))


def _parcels(rows: Mapping[str, Sequence[Said]]) -> Iterable[Parcel]:
    for table, said in rows.items():
        kinds: dict[tuple[str, ...], list[Said]] = {}
        for row in said:
            kinds.setdefault(tuple(sorted(row.values)), []).append(row)
        yield from (Parcel(table, columns, listed) for columns, listed in kinds.items())


def _file(place: Installation, parcel: Parcel, at: datetime) -> Path:
    feeds = place.home.definitions / "feeds"
    feeds.mkdir(parents=True, exist_ok=True)
    mapping = feeds / f"{parcel.feed}.yaml"
    if not mapping.exists():
        mapping.write_text(json.dumps(_mapping(parcel, place.zone)), encoding="utf-8")
    folder = place.home.path / "delivered"
    folder.mkdir(exist_ok=True)
    path = folder / f"{parcel.feed}-{naive_utc(at):%Y%m%dT%H%M%S}-{len(list(folder.iterdir()))}.jsonl"
    text = "\n".join(json.dumps(dict(row.values), ensure_ascii=False) for row in parcel.rows)
    path.write_text(text + "\n", encoding="utf-8")
    return path


def _mapping(parcel: Parcel, zone: str) -> dict[str, object]:
    columns = {name: name for name in parcel.columns}
    return {
        "feed": parcel.feed,
        "files": f"{parcel.feed}-*.jsonl",
        "zone": zone,
        "available": {"after": "0min"},
        "tables": {parcel.table: {"columns": columns}},
    }
