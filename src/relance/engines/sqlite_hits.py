"""A path becomes the file of raw hits: SQLite of its own, so that a redirect never waits behind a lease."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from relance.base.errors import RelanceError
from relance.engines.hits import Hit, Hits, KeptHit
from relance.engines.sqlite_file import BUSY_SECONDS, SqliteFile, instant, instant_text, to_json

_VERSION = 1
_SCHEMA = """
CREATE TABLE hits (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    at          TEXT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('open', 'click', 'unsubscribe')),
    contact     INTEGER NOT NULL,
    scenario    TEXT NOT NULL,
    step        TEXT NOT NULL,
    occurrence  TEXT NOT NULL,
    channel     TEXT NOT NULL,
    link        TEXT,
    agent       TEXT NOT NULL,
    net         TEXT NOT NULL,
    early       INTEGER NOT NULL CHECK (early IN (0, 1))
) STRICT;
CREATE INDEX hits_message ON hits (contact, scenario, step, occurrence);
CREATE INDEX hits_at ON hits (at);
CREATE TRIGGER hits_append_only BEFORE UPDATE ON hits BEGIN SELECT RAISE(ABORT, 'hits are append-only'); END;
CREATE TABLE file (id TEXT NOT NULL) STRICT;
"""
# One statement for a whole batch: between two of them the event loop that waits for us may take the processor.
_INSERT = """INSERT INTO hits (at, kind, contact, scenario, step, occurrence, channel, link, agent, net, early)
             SELECT ?, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
                    value ->> 7, value ->> 8, value ->> 9 FROM json_each(?)"""


class SqliteHits(SqliteFile):
    """One connection to the file; any number of processes may append."""

    def __init__(self, path: Path, busy_seconds: float = BUSY_SECONDS) -> None:
        super().__init__(path, busy_seconds)
        self._create()
        self._id = str(self.rows("SELECT id FROM file")[0][0])

    @property
    def id(self) -> str:
        return self._id

    def append(self, hits: Sequence[Hit], at: datetime) -> None:
        if hits:
            self.change(_INSERT, (instant_text(at), to_json([_values(hit) for hit in hits])))

    def last_known(self, instant: datetime) -> int:
        asked = """SELECT coalesce((SELECT min(seq) - 1 FROM hits WHERE at > ?1), max(seq), 0) FROM hits"""
        return int(self.rows(asked, (instant_text(instant),))[0][0])

    def of_messages(self, after: int, until: int) -> list[KeptHit]:
        asked = """SELECT * FROM hits WHERE seq <= :until AND (contact, scenario, step, occurrence) IN (
                       SELECT contact, scenario, step, occurrence FROM hits WHERE seq > :after AND seq <= :until)
                   ORDER BY seq"""
        return [_kept(row) for row in self.rows(asked, {"after": after, "until": until})]

    def forget(self, before: datetime, until: int) -> int:
        return self.change("DELETE FROM hits WHERE at < ? AND seq <= ?", (instant_text(before), until))

    def erase(self, contact: int) -> int:
        gone = self.change("DELETE FROM hits WHERE contact = ?", (contact,))
        # The write-ahead log still holds the old pages until it is folded back and cut.
        self.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        return gone

    def _create(self) -> None:
        found = int(self.rows("PRAGMA user_version")[0][0])
        if found > _VERSION:
            raise RelanceError(f"{self.path}: these hits were kept by a newer Relance; upgrade the program")
        if found == _VERSION:
            return
        with self.transaction():
            if int(self.rows("PRAGMA user_version")[0][0]) == _VERSION:
                return  # another process was quicker
            for statement in _SCHEMA.split(";\n"):
                if statement.strip():
                    self.connection.execute(statement)
            self.connection.execute("INSERT INTO file VALUES (?)", (secrets.token_hex(4),))
            self.connection.execute(f"PRAGMA user_version = {_VERSION}")


def open_hits(path: Path, busy_seconds: float = BUSY_SECONDS) -> Hits:
    """The hits of a home; the file is made where there is none."""
    return SqliteHits(path, busy_seconds)


def _values(hit: Hit) -> list[object]:
    message = (hit.contact, hit.scenario, hit.step, hit.occurrence, hit.channel)
    return [hit.kind, *message, hit.link, hit.agent, hit.net, int(hit.early)]


def _kept(row: sqlite3.Row) -> KeptHit:
    message = (row["contact"], row["scenario"], row["step"], row["occurrence"], row["channel"])
    hit = Hit(row["kind"], *message, row["link"], row["agent"], row["net"], bool(row["early"]))
    return KeptHit(row["seq"], instant(row["at"]), hit)
