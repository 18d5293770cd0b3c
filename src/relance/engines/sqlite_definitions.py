"""Published documents and switches, kept in SQLite as rows that never change."""

from __future__ import annotations

import sqlite3
from datetime import date, datetime

from relance.base.errors import NotFound
from relance.engines.ledger import Document, Switch
from relance.engines.sqlite_file import SqliteFile, instant, instant_text

_COLUMNS = "kind, name, version, body, published_at"


def _document(row: sqlite3.Row) -> Document:
    return Document(row["kind"], row["name"], row["version"], row["body"], instant(row["published_at"]))


def _switch(row: sqlite3.Row) -> Switch:
    since = row["enter_since"]
    return Switch(
        row["scenario"],
        bool(row["is_on"]),
        row["version"],
        instant(row["at"]),
        None if since is None else date.fromisoformat(since),
        row["already_past"],
    )


class Definitions(SqliteFile):
    """The part of the ledger that holds definitions."""

    def publish(self, kind: str, name: str, body: str, at: datetime) -> int:
        with self.transaction():
            past = self.history(kind, name)
            if past and past[-1].body == body:
                return past[-1].version
            version = len(past) + 1
            self.change(
                f"INSERT INTO documents ({_COLUMNS}) VALUES (?, ?, ?, ?, ?)",
                (kind, name, version, body, instant_text(at)),
            )
            return version

    def document(self, kind: str, name: str, version: int | None = None) -> Document:
        past = self.history(kind, name)
        if not past:
            raise NotFound(f"there is no {kind} called “{name}” in the ledger; apply its document first")
        if version is None:
            return past[-1]
        if not 1 <= version <= len(past):
            raise NotFound(f"the {kind} “{name}” has no version {version}; it has 1 to {len(past)}")
        return past[version - 1]

    def documents(self, kind: str) -> list[Document]:
        latest = {
            row["name"]: _document(row)
            for row in self.rows(f"SELECT {_COLUMNS} FROM documents WHERE kind = ? ORDER BY name, version", (kind,))
        }
        return list(latest.values())

    def history(self, kind: str, name: str) -> list[Document]:
        return [
            _document(row)
            for row in self.rows(
                f"SELECT {_COLUMNS} FROM documents WHERE kind = ? AND name = ? ORDER BY version", (kind, name)
            )
        ]

    def switch(self, switch: Switch) -> None:
        since = None if switch.enter_since is None else switch.enter_since.isoformat()
        self.change(
            """INSERT INTO switches (scenario, is_on, version, at, enter_since, already_past)
               VALUES (?, ?, ?, ?, ?, ?)""",
            (
                switch.scenario,
                int(switch.on),
                switch.version,
                instant_text(switch.at),
                since,
                switch.already_past,
            ),
        )

    def switches(self) -> list[Switch]:
        return [_switch(row) for row in self.rows("SELECT * FROM switches ORDER BY seq")]
