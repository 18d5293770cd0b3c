"""Calls of scenarios and the tokens of those who may call, kept in SQLite."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime

from relance.engines.calling import Call, Token
from relance.engines.sqlite_file import SqliteFile, instant, instant_text, optional_instant, to_json


def _call(row: sqlite3.Row) -> Call:
    fields = json.loads(row["fields"])
    return Call(row["scenario"], row["key"], row["contact"], instant(row["at"]), fields, row["seq"])


def _token(row: sqlite3.Row) -> Token:
    return Token(row["name"], instant(row["created_at"]), optional_instant(row["revoked_at"]))


class Calls(SqliteFile):
    """The part of the ledger that is called from outside."""

    def add_call(self, call: Call) -> bool:
        row = (call.scenario, call.key, call.contact, instant_text(call.at), to_json(call.fields))
        asked = "INSERT INTO calls (scenario, key, contact, at, fields) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
        return self.change(asked, row) == 1

    def call(self, scenario: str, key: str) -> Call | None:
        found = self.rows("SELECT * FROM calls WHERE scenario = ? AND key = ?", (scenario, key))
        return _call(found[0]) if found else None

    def calls_since(self, seq: int, limit: int = 10_000) -> list[Call]:
        return [_call(row) for row in self.rows("SELECT * FROM calls WHERE seq > ? ORDER BY seq LIMIT ?", (seq, limit))]

    def add_token(self, name: str, digest: str, at: datetime) -> bool:
        asked = "INSERT INTO tokens (name, digest, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        return self.change(asked, (name, digest, instant_text(at))) == 1

    def revoke_token(self, name: str, at: datetime) -> bool:
        asked = "UPDATE tokens SET revoked_at = ? WHERE name = ? AND revoked_at IS NULL"
        return self.change(asked, (instant_text(at), name)) == 1

    def tokens(self) -> list[Token]:
        return [_token(row) for row in self.rows("SELECT * FROM tokens ORDER BY created_at, name")]

    def token(self, digest: str) -> Token | None:
        found = self.rows("SELECT * FROM tokens WHERE digest = ? AND revoked_at IS NULL", (digest,))
        return _token(found[0]) if found else None
