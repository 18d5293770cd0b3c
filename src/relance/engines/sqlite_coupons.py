"""Pools of coupon codes in SQLite: a unique row each, reserved for one message."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from relance.engines.coupons import CouponCode
from relance.engines.sqlite_file import SqliteFile, instant_text
from relance.engines.webhooks import StepKey

_GIVEN = "(expires_on IS NULL OR expires_on >= :today)"


class Coupons(SqliteFile):
    """The part of the ledger that holds pools of codes."""

    def add_codes(self, pool: str, codes: Iterable[CouponCode], at: datetime) -> int:
        rows = [(pool, one.code, one.expires_on and one.expires_on.isoformat(), instant_text(at)) for one in codes]
        with self.transaction():
            return self.connection.executemany(
                """INSERT INTO coupon_codes (pool, code, expires_on, changed_at) VALUES (?, ?, ?, ?)
                   ON CONFLICT DO NOTHING""",
                rows,
            ).rowcount

    def free_codes(self, today: date) -> dict[str, int]:
        asked = f"SELECT pool, count(*) FROM coupon_codes WHERE state = 'free' AND {_GIVEN} GROUP BY pool"
        return {row[0]: row[1] for row in self.rows(asked, {"today": today.isoformat()})}

    def reserve_codes(self, pool: str, keys: Iterable[StepKey], today: date, at: datetime) -> dict[StepKey, CouponCode]:
        with self.transaction():
            found = ((key, self._reserved(pool, key, today, at)) for key in keys)
            return {key: code for key, code in found if code is not None}

    def _reserved(self, pool: str, key: StepKey, today: date, at: datetime) -> CouponCode | None:
        given = {
            "pool": pool,
            "today": today.isoformat(),
            "at": instant_text(at),
            "scenario": key.scenario,
            "step": key.step,
            "contact": key.contact,
            "occurrence": key.occurrence,
        }
        same = "scenario = :scenario AND step = :step AND contact = :contact AND occurrence = :occurrence"
        rows = self.rows(f"SELECT code, expires_on FROM coupon_codes WHERE {same}", given) or self.rows(
            f"""UPDATE coupon_codes SET state = 'reserved', scenario = :scenario, step = :step, contact = :contact,
                occurrence = :occurrence, changed_at = :at
                WHERE pool = :pool AND code = (SELECT code FROM coupon_codes WHERE pool = :pool AND state = 'free'
                                               AND {_GIVEN} ORDER BY expires_on IS NULL, expires_on, code LIMIT 1)
                RETURNING code, expires_on""",
            given,
        )
        return next((CouponCode(row[0], date.fromisoformat(row[1]) if row[1] else None) for row in rows), None)

    def mark_codes(self, pool: str, codes: Iterable[str], state: str, at: datetime) -> int:
        before = {"redeemed": ("issued",), "withdrawn": ("free",)}[state]
        with self.transaction():
            return sum(
                self.change(
                    """UPDATE coupon_codes SET state = ?, changed_at = ? WHERE pool = ? AND code = ? AND state = ?""",
                    (state, instant_text(at), pool, code, *before),
                )
                for code in codes
            )

    def code_counts(self, today: date) -> list[tuple[str, str, int]]:
        now = f"CASE WHEN state = 'free' AND NOT {_GIVEN} THEN 'expired' ELSE state END"
        asked = f"SELECT pool, {now} AS now, count(*) FROM coupon_codes GROUP BY pool, now ORDER BY pool, now"
        return [(row[0], row[1], row[2]) for row in self.rows(asked, {"today": today.isoformat()})]
