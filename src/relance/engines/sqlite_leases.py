"""Senders take rows of the outbox under leases; what a sender that died or overslept held is given back or unknown."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from relance.base.errors import LeaseLost
from relance.engines.ledger import OutboxRow, Outcome
from relance.engines.sqlite_file import BUSY_SECONDS, SqliteFile, instant_text, optional_text, to_json
from relance.engines.sqlite_outbox import ROW, outbox_row

_WAITING = """state IN ('queued', 'deferred') AND channel = :channel AND due_at <= :now
              AND (retry_at IS NULL OR retry_at <= :now) ORDER BY due_at, id LIMIT :limit"""
# What is transactional leaves before all else; each of the two parts is read from an index of its own.
_DUE = f"""SELECT id FROM (SELECT id FROM outbox WHERE kind = 'transactional' AND {_WAITING})
           UNION ALL SELECT id FROM (SELECT id FROM outbox WHERE kind <> 'transactional' AND {_WAITING})
           LIMIT :limit"""
_ORPHANED = "channel = :channel AND (lease IS NULL OR lease NOT IN (SELECT token FROM leases))"


def _in_order(rows: Iterable[sqlite3.Row]) -> list[OutboxRow]:
    """Transactional ones first; within each kind by due time."""
    order = sorted(rows, key=lambda row: (row["kind"] != "transactional", row["due_at"], row["id"]))
    return [outbox_row(row) for row in order]


class Leases(SqliteFile):
    """The part of the ledger that senders work with.

    A lease ends with its term, or at once when its process dies: the system drops the lock on its file then.
    """

    def __init__(self, path: Path, busy_seconds: float = BUSY_SECONDS) -> None:
        super().__init__(path, busy_seconds)
        self._locks: dict[int, int] = {}

    def close(self) -> None:
        for token in tuple(self._locks):
            self._unlock(token)
        super().close()

    def due(self, channel: str, now: datetime, limit: int) -> list[OutboxRow]:
        given = {"channel": channel, "now": instant_text(now), "limit": limit}
        return _in_order(self.rows(f"SELECT {ROW} FROM outbox WHERE id IN ({_DUE})", given))

    def open_lease(self, channel: str, until: datetime) -> int:
        token = 0
        try:
            with self.transaction():
                inserted = self.connection.execute(
                    "INSERT INTO leases (channel, until) VALUES (?, ?)", (channel, instant_text(until))
                )
                token = int(inserted.lastrowid or 0)
                self._lock(token)
        except BaseException:
            self._unlock(token)
            raise
        return token

    def renew_lease(self, token: int, until: datetime) -> None:
        if not self.change("UPDATE leases SET until = ? WHERE token = ?", (instant_text(until), token)):
            raise LeaseLost(f"{self.path}: this sender was away for too long, another has taken over its messages")

    def close_lease(self, token: int) -> None:
        with self.transaction():
            self.change(
                "UPDATE outbox SET state = 'queued', lease = NULL WHERE state = 'leased' AND lease = ?", (token,)
            )
            self.change("DELETE FROM leases WHERE token = ?", (token,))
        self._unlock(token)

    def lease_rows(self, token: int, channel: str, now: datetime, limit: int) -> list[OutboxRow]:
        given = {"channel": channel, "now": instant_text(now), "limit": limit, "token": token}
        with self.transaction():
            taken = self.rows(
                f"""UPDATE outbox SET state = 'leased', lease = :token
                    WHERE id IN ({_DUE}) RETURNING {ROW}""",
                given,
            )
        return _in_order(taken)

    def still_leased(self, token: int, ids: Iterable[int]) -> set[int]:
        asked = ",".join(str(int(one)) for one in ids)
        found = self.rows(f"SELECT id FROM outbox WHERE id IN ({asked}) AND state = 'leased' AND lease = ?", (token,))
        return {row[0] for row in found}

    def begin_handing(self, message_ids: Mapping[int, str], at: datetime, token: int) -> int:
        return self.change(
            """UPDATE outbox SET state = 'handing', reason = NULL, message_id = one.value ->> 1, retry_at = NULL,
               attempts = attempts + 1, updated_at = ? FROM json_each(?) AS one
               WHERE outbox.id = CAST(one.value ->> 0 AS INTEGER) AND lease = ? AND state = 'leased'""",
            (instant_text(at), to_json(sorted(message_ids.items())), token),
        )

    def record(self, outcomes: Iterable[Outcome], at: datetime, token: int) -> int:
        alike: dict[tuple[str, str | None, datetime | None], list[int]] = {}
        for one in outcomes:
            alike.setdefault((one.state, one.reason, one.retry_at), []).append(one.id)
        with self.transaction():
            return sum(
                self.change(
                    """UPDATE outbox SET state = ?1, reason = ?2, retry_at = ?3, updated_at = ?4, lease = NULL,
                       attempts = attempts - (?1 = 'queued' AND state = 'handing')
                       WHERE id IN (SELECT value FROM json_each(?5)) AND lease = ?6
                       AND state IN ('leased', 'handing')""",
                    (state, reason, optional_text(retry_at), instant_text(at), to_json(ids), token),
                )
                for (state, reason, retry_at), ids in alike.items()
            )

    def recover(self, channel: str, at: datetime, lapsed: datetime, max_attempts: int, again: timedelta) -> int:
        with self.transaction():
            for lease in self.rows("SELECT token, until FROM leases WHERE channel = ?", (channel,)):
                if lease["until"] < instant_text(lapsed) or self._dead(lease["token"]):
                    self.change("DELETE FROM leases WHERE token = ?", (lease["token"],))
                    self._lock_file(lease["token"]).unlink(missing_ok=True)
            given = {"channel": channel, "at": instant_text(at), "later": instant_text(at + again), "max": max_attempts}
            self.change(
                f"UPDATE outbox SET state = 'queued', lease = NULL WHERE state = 'leased' AND {_ORPHANED}", given
            )
            unknown = self.change(
                f"""UPDATE outbox SET state = 'unknown', reason = 'sender_died', updated_at = :at, lease = NULL
                    WHERE state = 'handing' AND {_ORPHANED}""",
                given,
            )
            self.change(
                """UPDATE outbox SET state = 'queued', reason = 'again', updated_at = :at, retry_at = :later
                   WHERE state = 'unknown' AND channel = :channel AND kind = 'transactional' AND attempts < :max""",
                given,
            )
        return unknown

    def _lock_file(self, token: int) -> Path:
        return self.path.with_name(f"{self.path.name}.lease-{token}")

    def _dead(self, token: int) -> bool:
        """Whether nobody holds the lock of this lease; our own we hold."""
        if token in self._locks:
            return False
        try:
            handle = os.open(self._lock_file(token), os.O_RDWR)
        except FileNotFoundError:
            return True
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            return False
        finally:
            os.close(handle)

    def _lock(self, token: int) -> None:
        self._locks[token] = os.open(self._lock_file(token), os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._locks[token], fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(self, token: int) -> None:
        handle = self._locks.pop(token, None)
        if handle is not None:
            self._lock_file(token).unlink(missing_ok=True)
            os.close(handle)
