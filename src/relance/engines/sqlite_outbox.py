"""The outbox in SQLite: approved messages go in once, change state with an event each, and are counted."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import lru_cache
from itertools import islice
from typing import Any

from relance.engines.ledger import (
    STATES,
    WITHDRAWN,
    OutboxCount,
    OutboxEvent,
    OutboxKey,
    OutboxRow,
    Outgoing,
)
from relance.engines.sqlite_file import (
    SqliteFile,
    instant,
    instant_text,
    optional_instant,
    optional_text,
    to_json,
)

BATCH = 1_000
_INSERT = f"""
INSERT INTO outbox (scenario, step, contact, occurrence, channel, keys, kind, version, sender, message,
                    message_version, language, locale, stops, context, address, address_hash, local_day,
                    due_at, fresh_until, created_at, state, updated_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued', ?)
ON CONFLICT (scenario, step, contact, occurrence, channel) DO UPDATE
SET version = excluded.version, keys = excluded.keys, kind = excluded.kind, sender = excluded.sender,
    message = excluded.message, message_version = excluded.message_version, language = excluded.language,
    locale = excluded.locale, stops = excluded.stops, context = excluded.context, address = excluded.address,
    address_hash = excluded.address_hash, local_day = excluded.local_day, due_at = excluded.due_at,
    fresh_until = excluded.fresh_until, created_at = excluded.created_at, state = 'queued', reason = NULL,
    updated_at = excluded.updated_at
WHERE outbox.state = 'cancelled' AND outbox.reason = '{WITHDRAWN}'
"""
_WAITS = "state IN ('queued', 'leased', 'deferred')"


def _values(row: Outgoing) -> tuple[Any, ...]:
    key = row.key
    return (
        key.scenario,
        key.step,
        key.contact,
        key.occurrence,
        key.channel,
        to_json(row.keys or (key.occurrence,)),
        row.kind,
        row.version,
        row.sender,
        row.message,
        row.message_version,
        row.language,
        row.locale,
        to_json(row.stops),
        to_json(row.context),
        row.address,
        row.address_hash,
        row.local_day.isoformat(),
        instant_text(row.due_at),
        optional_text(row.fresh_until),
        instant_text(row.created_at),
        instant_text(row.created_at),
    )


def _key(row: sqlite3.Row) -> OutboxKey:
    return OutboxKey(row["scenario"], row["step"], row["contact"], row["occurrence"], row["channel"])


_day = lru_cache(maxsize=256)(date.fromisoformat)
_json = json.JSONDecoder().raw_decode  # what we wrote begins and ends without space
_stops = lru_cache(maxsize=256)(json.loads)  # many rows have the same, and nobody changes it


ROW = """id, scenario, step, contact, occurrence, channel, keys, kind, version, sender, message, message_version,
         language, locale, context, address, address_hash, local_day, due_at, created_at, fresh_until, stops,
         state, reason, message_id, attempts, retry_at, updated_at"""
"""The columns of a row in the order `outbox_row` takes them: by their places, as it reads every message that leaves."""


def outbox_row(row: Iterable[Any]) -> OutboxRow:
    number, scenario, step, contact, occurrence, channel, keys, kind, version, sender, message, *rest = row
    message_version, language, locale, context, address, address_hash, day, due_at, created_at, *rest = rest
    fresh_until, stops, state, reason, message_id, attempts, retry_at, updated_at = rest
    outgoing = Outgoing(
        OutboxKey(scenario, step, contact, occurrence, channel),
        tuple(_json(keys)[0]),
        kind,
        version,
        sender,
        message,
        message_version,
        language,
        locale,
        _json(context)[0],
        address,
        address_hash,
        _day(day),
        instant(due_at),
        instant(created_at),
        optional_instant(fresh_until),
        _stops(stops),
    )
    retried, updated = optional_instant(retry_at), instant(updated_at)
    return OutboxRow(number, outgoing, state, reason, message_id, attempts, retried, updated)


def _event(row: sqlite3.Row) -> OutboxEvent:
    return OutboxEvent(
        row["seq"],
        row["outbox_id"],
        _key(row),
        tuple(json.loads(row["keys"])),
        row["kind"],
        row["version"],
        row["sender"],
        date.fromisoformat(row["local_day"]),
        row["state"],
        row["reason"],
        instant(row["at"]),
        bool(row["links"]),
        bool(row["pixel"]),
    )


def _batches(rows: Iterable[Outgoing]) -> Iterator[list[Outgoing]]:
    waiting = iter(rows)
    while batch := list(islice(waiting, BATCH)):
        yield batch


class Outbox(SqliteFile):
    """The part of the ledger that holds the right to send."""

    def enqueue(self, rows: Iterable[Outgoing]) -> int:
        new = 0
        for batch in _batches(rows):
            with self.transaction():
                new += self.connection.executemany(_INSERT, [_values(row) for row in batch]).rowcount
        return new

    def outbox(self, *, contact: int | None = None, states: Sequence[str] = STATES) -> list[OutboxRow]:
        return [
            outbox_row(row)
            for row in self.rows(
                f"""SELECT {ROW} FROM outbox WHERE state IN (SELECT value FROM json_each(:states))
               AND (:contact IS NULL OR contact = :contact) ORDER BY id""",
                {"states": to_json(states), "contact": contact},
            )
        ]

    def waiting_versions(self) -> list[tuple[str, int]]:
        asked = f"SELECT DISTINCT scenario, version FROM outbox WHERE {_WAITS} ORDER BY scenario, version"
        return [(row["scenario"], row["version"]) for row in self.rows(asked)]

    def waiting_keys(self, scenario: str, version: int) -> list[OutboxKey]:
        asked = f"""SELECT scenario, step, contact, occurrence, channel FROM outbox
                    WHERE {_WAITS} AND scenario = ? AND version = ? ORDER BY id"""
        return [OutboxKey(*row) for row in self.rows(asked, (scenario, version))]

    def waiting_contacts(self) -> set[int]:
        waiting = "SELECT DISTINCT contact FROM outbox WHERE state IN ('queued', 'leased', 'deferred', 'handing')"
        return {row["contact"] for row in self.rows(waiting)}

    def cancel(
        self,
        contacts: Iterable[int],
        reason: str,
        at: datetime,
        *,
        kinds: Sequence[str] = ("marketing",),
        channel: str | None = None,
        sender: str | None = None,
        scenarios: Sequence[str] | None = None,
    ) -> int:
        return self.change(
            f"""UPDATE outbox SET state = 'cancelled', reason = :reason, updated_at = :at WHERE {_WAITS}
                AND contact IN (SELECT value FROM json_each(:contacts))
                AND kind IN (SELECT value FROM json_each(:kinds))
                AND (:channel IS NULL OR channel = :channel) AND (:sender IS NULL OR sender = :sender)
                AND (:scenarios IS NULL OR scenario IN (SELECT value FROM json_each(:scenarios)))""",
            {
                "reason": reason,
                "at": instant_text(at),
                "contacts": to_json(list(contacts)),
                "kinds": to_json(kinds),
                "channel": channel,
                "sender": sender,
                "scenarios": None if scenarios is None else to_json(scenarios),
            },
        )

    def cancel_keys(self, keys: Iterable[OutboxKey], reason: str, at: datetime) -> int:
        listed = to_json([[key.scenario, key.step, key.contact, key.occurrence, key.channel] for key in keys])
        return self.change(
            f"""UPDATE outbox SET state = 'cancelled', reason = ?, updated_at = ? WHERE {_WAITS}
                AND (scenario, step, contact, occurrence, channel) IN (
                    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4
                    FROM json_each(?))""",
            (reason, instant_text(at), listed),
        )

    def withdraw_keys(self, keys: Iterable[OutboxKey], version: int, at: datetime) -> int:
        listed = to_json([[key.scenario, key.step, key.contact, key.occurrence, key.channel] for key in keys])
        return self.change(
            f"""UPDATE outbox SET state = 'cancelled', reason = '{WITHDRAWN}', updated_at = ? WHERE {_WAITS}
                AND version = ? AND (scenario, step, contact, occurrence, channel) IN (
                    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4
                    FROM json_each(?))""",
            (instant_text(at), version, listed),
        )

    def restore_cancelled(self, scenario: str, reason: str, at: datetime) -> int:
        return self.change(
            """UPDATE outbox SET state = before.state, reason = before.reason, updated_at = before.at
               FROM (SELECT e.outbox_id, e.state, e.reason, e.at, row_number() OVER
                         (PARTITION BY e.outbox_id ORDER BY e.seq DESC) AS place
                     FROM outbox_events AS e WHERE e.scenario = :scenario AND e.state IN ('queued', 'deferred')
                    ) AS before
               WHERE before.outbox_id = outbox.id AND before.place = 1 AND outbox.scenario = :scenario
               AND outbox.state = 'cancelled' AND outbox.reason = :reason AND outbox.updated_at = :at""",
            {"scenario": scenario, "reason": reason, "at": instant_text(at)},
        )

    def events_since(self, seq: int, limit: int = 10_000) -> list[OutboxEvent]:
        return [
            _event(row)
            for row in self.rows(
                """SELECT e.*, o.context ->> '$.followed.links' AS links, o.context ->> '$.followed.pixel' AS pixel
                   FROM outbox_events AS e LEFT JOIN outbox AS o ON o.id = e.outbox_id
                   WHERE e.seq > ? ORDER BY e.seq LIMIT ?""",
                (seq, limit),
            )
        ]

    def newest_event(self) -> int:
        return int(self.rows("SELECT coalesce(max(seq), 0) FROM outbox_events")[0][0])

    def outbox_counts(self) -> list[OutboxCount]:
        return [
            OutboxCount(*row)
            for row in self.rows(
                """SELECT scenario, channel, kind, state, reason, count(*), sum(json_array_length(keys))
                   FROM outbox GROUP BY scenario, channel, kind, state, reason
                   ORDER BY scenario, channel, kind, state, reason"""
            )
        ]
