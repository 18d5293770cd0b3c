"""What must not leave, in SQLite: deny list, stop facts, consent acts, suppressions, and erasure."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from relance.engines.ledger import ConsentAct, Denial, HandOverFacts, OutboxRow, StopFact, Suppression
from relance.engines.sqlite_file import (
    SqliteFile,
    instant,
    instant_text,
    optional_instant,
    optional_text,
    to_json,
)

_THIS_DENIAL = """lifted_at IS NULL AND contact IS ? AND address_hash IS ? AND channel IS ? AND purpose IS ?
                  AND sender IS ?"""


def _denial(row: sqlite3.Row) -> Denial:
    return Denial(
        row["reason"],
        instant(row["since"]),
        row["contact"],
        row["address_hash"],
        row["channel"],
        row["purpose"],
        row["sender"],
    )


def _stop(row: sqlite3.Row) -> StopFact:
    return StopFact(
        row["kind"],
        instant(row["happened_at"]),
        instant(row["known_at"]),
        row["contact"],
        row["product"],
        json.loads(row["detail"]),
    )


def _act(row: sqlite3.Row) -> ConsentAct:
    return ConsentAct(
        row["contact"],
        row["channel"],
        row["purpose"],
        row["sender"],
        row["act"],
        instant(row["at"]),
        row["source"],
        row["wording"],
        row["language"],
        bool(row["affirmative"]),
        row["basis"],
        row["proof"],
        row["seq"],
    )


def _suppression(row: sqlite3.Row) -> Suppression:
    return Suppression(
        row["address_hash"],
        row["channel"],
        row["reason"],
        instant(row["since"]),
        optional_instant(row["reversed_at"]),
    )


def _products(rows: Sequence[OutboxRow]) -> set[str]:
    items = (item for row in rows for item in row.outgoing.context.get("items") or ())
    return {str(item["product"]) for item in items if item.get("product") is not None}


class Facts(SqliteFile):
    """The part of the ledger that protects people."""

    def deny(self, denials: Iterable[Denial]) -> int:
        with self.transaction():
            return self.connection.executemany(
                """INSERT INTO deny_list (contact, address_hash, channel, purpose, sender, since, reason)
                   VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING""",
                [
                    (
                        one.contact,
                        one.address_hash,
                        one.channel,
                        one.purpose,
                        one.sender,
                        instant_text(one.since),
                        one.reason,
                    )
                    for one in denials
                ],
            ).rowcount

    def allow(self, denial: Denial, at: datetime) -> int:
        return self.change(
            f"UPDATE deny_list SET lifted_at = ? WHERE {_THIS_DENIAL}",
            (
                instant_text(at),
                denial.contact,
                denial.address_hash,
                denial.channel,
                denial.purpose,
                denial.sender,
            ),
        )

    def denials(self) -> list[Denial]:
        return [_denial(row) for row in self.rows("SELECT * FROM deny_list WHERE lifted_at IS NULL ORDER BY seq")]

    def refusing(self, contacts: Iterable[int], purpose: str) -> set[int]:
        asked = """SELECT DISTINCT contact FROM deny_list WHERE lifted_at IS NULL
                   AND contact IN (SELECT value FROM json_each(?)) AND ifnull(purpose, ?2) = ?2"""
        return {row["contact"] for row in self.rows(asked, (to_json(sorted(set(contacts))), purpose))}

    def add_stop_facts(self, facts: Iterable[StopFact], *, only_waiting: bool = True) -> int:
        listed = [
            [
                one.contact,
                one.product,
                one.kind,
                instant_text(one.happened_at),
                instant_text(one.known_at),
                to_json(one.detail),
            ]
            for one in facts
        ]
        return self.change(
            """INSERT INTO stop_facts (contact, product, kind, happened_at, known_at, detail)
               SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5
               FROM json_each(:facts)
               WHERE NOT :only_waiting
                   OR (value ->> 0 IS NOT NULL AND EXISTS (
                       SELECT 1 FROM outbox
                       WHERE contact = value ->> 0 AND state IN ('queued', 'leased', 'deferred', 'handing')))
                   OR (value ->> 0 IS NULL AND EXISTS (
                       SELECT 1 FROM outbox WHERE state IN ('queued', 'leased', 'deferred', 'handing')))""",
            {"facts": to_json(listed), "only_waiting": only_waiting},
        )

    def forget_stop_facts(self, known_before: datetime) -> int:
        return self.change(
            """DELETE FROM stop_facts WHERE known_at < ? AND NOT EXISTS (
                   SELECT 1 FROM outbox WHERE state IN ('queued', 'leased', 'deferred')
                   AND created_at < stop_facts.known_at)""",
            (instant_text(known_before),),
        )

    def add_consent_acts(self, acts: Iterable[ConsentAct]) -> int:
        with self.transaction():
            return self.connection.executemany(
                """INSERT INTO consent_acts (contact, channel, purpose, sender, act, at, source, wording,
                       language, affirmative, basis, proof) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
                [
                    (
                        one.contact,
                        one.channel,
                        one.purpose,
                        one.sender,
                        one.act,
                        instant_text(one.at),
                        one.source,
                        one.wording,
                        one.language,
                        int(one.affirmative),
                        one.basis,
                        one.proof,
                    )
                    for one in acts
                ],
            ).rowcount

    def consent_acts_since(self, seq: int, limit: int = 10_000) -> list[ConsentAct]:
        return [
            _act(row)
            for row in self.rows("SELECT * FROM consent_acts WHERE seq > ? ORDER BY seq LIMIT ?", (seq, limit))
        ]

    def suppress(self, suppressions: Iterable[Suppression]) -> int:
        with self.transaction():
            return self.connection.executemany(
                """INSERT INTO suppressions (address_hash, channel, reason, since, reversed_at)
                   VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING""",
                [
                    (
                        one.address_hash,
                        one.channel,
                        one.reason,
                        instant_text(one.since),
                        optional_text(one.reversed_at),
                    )
                    for one in suppressions
                ],
            ).rowcount

    def unsuppress(self, address_hash: str, channel: str, at: datetime) -> int:
        return self.change(
            """UPDATE suppressions SET reversed_at = ?
               WHERE address_hash = ? AND channel = ? AND reversed_at IS NULL""",
            (instant_text(at), address_hash, channel),
        )

    def suppressions(self) -> list[Suppression]:
        return [_suppression(row) for row in self.rows("SELECT * FROM suppressions ORDER BY seq")]

    def hand_over_facts(self, rows: Sequence[OutboxRow]) -> HandOverFacts:
        given = {
            "contacts": to_json(sorted({row.outgoing.key.contact for row in rows})),
            "addresses": to_json(sorted({row.outgoing.address_hash for row in rows})),
            "products": to_json(sorted(_products(rows))),
            "channels": to_json(sorted({row.outgoing.key.channel for row in rows})),
        }
        since = min((instant_text(row.outgoing.created_at) for row in rows), default="9")
        denials = self.rows(
            """SELECT * FROM deny_list WHERE lifted_at IS NULL
               AND (contact IN (SELECT value FROM json_each(:contacts))
                    OR address_hash IN (SELECT value FROM json_each(:addresses)))
               ORDER BY seq""",
            given,
        )
        suppressed = self.rows(
            """SELECT address_hash FROM suppressions WHERE reversed_at IS NULL
               AND address_hash IN (SELECT value FROM json_each(:addresses))
               AND channel IN (SELECT value FROM json_each(:channels))""",
            given,
        )
        stops = self.rows(
            """SELECT * FROM stop_facts WHERE known_at > :since
               AND (contact IS NULL OR contact IN (SELECT value FROM json_each(:contacts)))
               AND (product IS NULL OR product IN (SELECT value FROM json_each(:products)))
               ORDER BY known_at, seq""",
            {**given, "since": since},
        )
        return HandOverFacts(
            tuple(map(_denial, denials)),
            frozenset(row[0] for row in suppressed),
            tuple(map(_stop, stops)),
            self._left_today(rows),
        )

    def _left_today(self, rows: Sequence[OutboxRow]) -> frozenset[tuple[str, str, str, date]]:
        found = self.rows(
            """SELECT DISTINCT one.scenario, one.step, one.address_hash, one.local_day
               FROM json_each(?) AS asked JOIN outbox AS one ON one.id = asked.value
               JOIN outbox AS other USING (scenario, step, address_hash, local_day)
               WHERE other.state IN ('handing', 'accepted', 'unknown')""",
            (to_json([row.id for row in rows]),),
        )
        return frozenset((row[0], row[1], row[2], date.fromisoformat(row[3])) for row in found)

    def erase(self, contact: int, at: datetime) -> None:
        with self.transaction():
            self.change(
                """UPDATE outbox SET state = 'cancelled', reason = 'erased', updated_at = ?
                   WHERE contact = ? AND state IN ('queued', 'leased', 'deferred')""",
                (instant_text(at), contact),
            )
            self.change("UPDATE outbox SET context = '{}', address = '' WHERE contact = ?", (contact,))
            self.change("UPDATE stop_facts SET detail = '{}' WHERE contact = ?", (contact,))
            self.change("UPDATE calls SET fields = '{}' WHERE contact = ?", (contact,))
            self.change("UPDATE consent_acts SET proof = NULL WHERE contact = ?", (contact,))
            self.change(
                """UPDATE webhook_calls SET body = '{}', answer = '{}', reason = coalesce(reason, 'erased'),
                   state = iif(state IN ('queued', 'calling'), 'cancelled', state) WHERE contact = ?""",
                (contact,),
            )
        # The write-ahead log still holds the old pages until it is folded back and cut.
        self.rows("PRAGMA wal_checkpoint(TRUNCATE)")
