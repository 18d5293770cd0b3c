"""A SQLite file and its numbered SQL become a migrated connection that commits, or says why not."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from relance.base.errors import Busy, NotFound, RelanceError

BUSY_SECONDS = 10.0


@lru_cache(maxsize=4_096)  # the rows of a batch share most of their instants
def instant_text(moment: datetime) -> str:
    """An aware instant as fixed-width UTC text, so that text order is time order."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no zone; the ledger takes aware instants only")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def optional_text(moment: datetime | None) -> str | None:
    return None if moment is None else instant_text(moment)


@lru_cache(maxsize=4_096)
def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def optional_instant(text: str | None) -> datetime | None:
    return None if text is None else instant(text)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, Decimal | date):
        return str(value)
    raise TypeError(f"{type(value).__name__} is not a plain value; the ledger keeps text, numbers and dates")


def to_json(value: Mapping[str, Any] | Sequence[Any] | None) -> str:
    """Canonical JSON of plain values; decimals and dates become text. Raises TypeError for anything else."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain)


class SqliteFile:
    """One connection to one ledger file, in WAL with `synchronous=full`."""

    def __init__(self, path: Path, busy_seconds: float = BUSY_SECONDS) -> None:
        self.path = path
        with self.clear_errors():
            self.connection = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None)
            self.connection.row_factory = sqlite3.Row
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
                self.connection.execute(f"PRAGMA {pragma}")

    def close(self) -> None:
        self.connection.close()

    @contextmanager
    def clear_errors(self) -> Iterator[None]:
        """A driver's error becomes one sentence; nothing uncommitted survives it."""
        try:
            yield
        except sqlite3.OperationalError as error:
            if "locked" in str(error) or "busy" in str(error):
                raise Busy(f"{self.path}: another process is writing to the ledger; try again in a moment") from error
            if "full" in str(error):
                raise RelanceError(f"{self.path}: the disk is full; free some space, nothing was changed") from error
            raise RelanceError(f"{self.path}: the ledger cannot be used ({error})") from error
        except sqlite3.DatabaseError as error:
            raise RelanceError(f"{self.path}: the ledger refused ({error}); nothing was changed") from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Committed together or not at all; joins a transaction already open."""
        if self.connection.in_transaction:
            yield
            return
        with self.clear_errors():
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.connection.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise

    def _roll_back(self) -> None:
        if self.connection.in_transaction:  # a full disk has rolled back by itself
            self.connection.execute("ROLLBACK")

    def change(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> int:
        """Run one changing statement in a transaction; how many rows it changed."""
        with self.transaction():
            return self.connection.execute(sql, parameters).rowcount

    def rows(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[sqlite3.Row]:
        with self.clear_errors():
            return self.connection.execute(sql, parameters).fetchall()

    def contents_hash(self) -> str:
        digest = hashlib.sha256()
        for (name,) in self.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"):
            columns = len(self.rows(f'PRAGMA table_info("{name}")'))
            order = ", ".join(str(position + 1) for position in range(columns))
            digest.update(f"\n{name}\n".encode())
            with self.clear_errors():
                for row in self.connection.execute(f'SELECT * FROM "{name}" ORDER BY {order}'):
                    digest.update(repr(tuple(row)).encode())
        return digest.hexdigest()


def _migrations() -> list[tuple[int, str, str]]:
    folder = files("relance.engines") / "sql" / "ledger"
    found = [
        (int(file.name[:4]), file.name, file.read_text("utf-8"))
        for file in folder.iterdir()
        if file.name.endswith(".sql")
    ]
    return sorted(found)


def _statements(script: str) -> Iterator[str]:
    """The script's statements, a trigger with its body being one."""
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""


def _applied(file: SqliteFile) -> int:
    if not file.rows("SELECT 1 FROM sqlite_master WHERE name = 'schema_version'"):
        return 0
    return int(file.rows("SELECT max(number) FROM schema_version")[0][0])


def migrate(file: SqliteFile) -> int:
    """Bring the schema to this version of the program; how many files were applied (0: up to date).

    All or nothing; raises RelanceError for a ledger written by a newer version.
    """
    # A table is rebuilt by dropping the old one; what points to its rows must not notice.
    file.rows("PRAGMA foreign_keys = OFF")
    try:
        return _migrate(file)
    finally:
        file.rows("PRAGMA foreign_keys = ON")


def _migrate(file: SqliteFile) -> int:
    with file.transaction():
        done, known = _applied(file), _migrations()
        if done > known[-1][0]:
            raise RelanceError(
                f"{file.path}: this ledger was made by a newer Relance (schema {done}); upgrade the program"
            )
        file.connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_version (number INTEGER PRIMARY KEY, name TEXT NOT NULL)"
        )
        waiting = [migration for migration in known if migration[0] > done]
        for number, name, script in waiting:
            for statement in _statements(script):
                file.connection.execute(statement)
            file.connection.execute("INSERT INTO schema_version VALUES (?, ?)", (number, name))
        if file.rows("PRAGMA foreign_key_check"):
            raise RelanceError(f"{file.path}: some rows of this ledger lead nowhere; restore it from a backup")
    return len(waiting)


def check_schema(file: SqliteFile) -> None:
    """Refuse a ledger whose schema is not this program's. Writes nothing."""
    done, wanted = _applied(file), _migrations()[-1][0]
    if done < wanted:
        raise NotFound(
            f"{file.path}: the ledger is at schema {done}, this program needs {wanted}; run “relance migrate”"
        )
    if done > wanted:
        raise RelanceError(f"{file.path}: this ledger was made by a newer Relance (schema {done}); upgrade the program")
