"""The journal of imports and the rejects: written by every file, read by people and by the next import."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from relance.customers.schema import HOUSE_TABLES
from relance.engines.duckdb import DuckEngine
from relance.engines.files import Reject
from relance.ingest.atoms import REASONS
from relance.ingest.reports import ImportReport

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would take the cell for a formula


def next_import_id(engine: DuckEngine) -> int:
    """The number of the next import."""
    return int(engine.value("SELECT coalesce(max(import_id), 0) + 1 FROM imports"))


def write_journal(engine: DuckEngine, report: ImportReport, mark: str) -> None:
    """One row for a file, imported or repeated."""
    columns = HOUSE_TABLES["imports"]
    row = {name: getattr(report, name) for name in columns if name != "digest"}
    engine.load("journal_row", columns, [{**row, "digest": mark}])
    engine.insert("imports", 'SELECT * FROM "journal_row"')


def known_before(engine: DuckEngine, feed: str, mark: str) -> ImportReport | None:
    """What the same content of the same feed was reported as before: all its rows are unchanged now."""
    same = f"feed = {_text(feed)} AND digest = {_text(mark)}"
    rows = engine.rows(f"SELECT * FROM imports WHERE {same} ORDER BY import_id LIMIT 1")
    if not rows:
        return None
    row = rows[0]
    return ImportReport(
        import_id=row["import_id"],
        delivery=row["delivery"],
        feed=feed,
        file=row["file"],
        period=row["period"],
        known_at=row["known_at"],
        read=row["read"],
        inserted=0,
        updated=0,
        unchanged=row["read"] - row["rejected"],
        rejected=row["rejected"],
        repeated=True,
    )


def write_reject_rows(engine: DuckEngine, import_id: int, file: str, rejects: Sequence[Reject]) -> None:
    """The rejects of one file, for as long as they are kept."""
    if not rejects:
        return
    rows = [{"import_id": import_id, "file": file, **vars(reject)} for reject in rejects]
    engine.load("reject_scratch", HOUSE_TABLES["rejects"], rows)
    engine.insert("rejects", 'SELECT * FROM "reject_scratch"')


def write_rejects(engine: DuckEngine, delivery: int, path: Path) -> int:
    """Writes the rejects of a delivery as CSV for a spreadsheet; answers how many there are."""
    rows = engine.rows(
        "SELECT r.file, r.line, r.column, r.value, r.reason, r.record FROM rejects AS r "
        f"JOIN imports AS i USING (import_id) WHERE i.delivery = {int(delivery)} ORDER BY r.import_id, r.line"
    )
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["file", "line", "column", "value", "reason", "explanation", "record"])
        for row in rows:
            texts = [row["file"], row["line"], row["column"], row["value"], row["reason"]]
            writer.writerow([_safe(text) for text in (*texts, REASONS.get(row["reason"]), row["record"])])
    return len(rows)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _safe(value: object) -> object:
    text = "" if value is None else str(value)
    return "'" + text if text.startswith(_DANGEROUS) else text
