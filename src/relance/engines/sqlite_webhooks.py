"""Calls to the outside in SQLite: put in once, taken under a lease, ended once."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from relance.engines.sqlite_file import SqliteFile, instant, instant_text, to_json
from relance.engines.webhooks import EndedCall, StepKey, WebhookCall

_NEXT = "(SELECT coalesce(max(ended_seq), 0) + 1 FROM webhook_calls)"


def _key(row: sqlite3.Row) -> StepKey:
    return StepKey(row["scenario"], row["step"], row["contact"], row["occurrence"])


def _call(row: sqlite3.Row) -> WebhookCall:
    takes, created = tuple(json.loads(row["takes"])), instant(row["created_at"])
    return WebhookCall(_key(row), row["url"], row["body"], takes, created, row["id"], row["attempts"])


def _ended(row: sqlite3.Row) -> EndedCall:
    return EndedCall(row["ended_seq"], _key(row), row["state"], row["reason"], json.loads(row["answer"]))


class WebhookCalls(SqliteFile):
    """The part of the ledger that holds calls to the outside."""

    def enqueue_calls(self, calls: Iterable[WebhookCall]) -> int:
        rows = [
            (key.scenario, key.step, key.contact, key.occurrence, one.url, one.body, to_json(one.takes), at, at)
            for one in calls
            for key, at in [(one.key, instant_text(one.created_at))]
        ]
        with self.transaction():
            return self.connection.executemany(
                """INSERT INTO webhook_calls (scenario, step, contact, occurrence, url, body, takes, created_at, due_at)
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING""",
                rows,
            ).rowcount

    def take_calls(self, now: datetime, until: datetime, limit: int) -> list[WebhookCall]:
        given = {"now": instant_text(now), "until": instant_text(until), "limit": limit}
        with self.transaction():
            rows = self.rows(
                """UPDATE webhook_calls SET state = 'calling', lease = :until, attempts = attempts + 1
                   WHERE id IN (SELECT id FROM webhook_calls WHERE due_at <= :now
                                AND (state = 'queued' OR (state = 'calling' AND lease <= :now))
                                ORDER BY due_at, id LIMIT :limit)
                   RETURNING *""",
                given,
            )
        return sorted((_call(row) for row in rows), key=lambda call: call.id)

    def end_call(
        self, call: WebhookCall, state: str, reason: str | None, answer: Mapping[str, Any], at: datetime
    ) -> None:
        self.change(
            f"""UPDATE webhook_calls SET state = ?, reason = ?, answer = ?, ended_at = ?, lease = NULL,
                ended_seq = {_NEXT} WHERE id = ? AND state = 'calling' AND attempts = ?""",
            (state, reason, to_json(answer), instant_text(at), call.id, call.attempts),
        )

    def retry_call(self, call: WebhookCall, reason: str, due_at: datetime) -> None:
        self.change(
            """UPDATE webhook_calls SET state = 'queued', reason = ?, due_at = ?, lease = NULL
               WHERE id = ? AND state = 'calling' AND attempts = ?""",
            (reason, instant_text(due_at), call.id, call.attempts),
        )

    def ended_calls_since(self, seq: int, limit: int = 10_000) -> list[EndedCall]:
        asked = "SELECT * FROM webhook_calls WHERE ended_seq > ? ORDER BY ended_seq LIMIT ?"
        return [_ended(row) for row in self.rows(asked, (seq, limit))]

    def cancel_calls(self, keys: Iterable[StepKey], reason: str, at: datetime) -> int:
        """One statement a key: each takes the next number of an end."""
        with self.transaction():
            return sum(
                self.change(
                    f"""UPDATE webhook_calls SET state = 'cancelled', reason = ?, ended_at = ?, ended_seq = {_NEXT}
                        WHERE scenario = ? AND contact = ? AND occurrence = ? AND state = 'queued'""",
                    (reason, instant_text(at), key.scenario, key.contact, key.occurrence),
                )
                for key in keys
            )

    def webhook_counts(self) -> list[tuple[str, str, str, int]]:
        asked = "SELECT scenario, step, state, count(*) FROM webhook_calls GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
        return [(row[0], row[1], row[2], row[3]) for row in self.rows(asked)]
