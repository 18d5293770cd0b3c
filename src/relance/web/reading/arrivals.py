"""The journal of imports becomes what each feed is complete until, and what became of each delivery."""

from __future__ import annotations

from typing import Any

from relance.customers.installation import Installation

_FEEDS = """
    SELECT coalesce(i.feed, c.feed) AS feed, i.files, i.latest, c.until FROM (
        SELECT feed, count(*) AS files, max(known_at) AS latest FROM imports GROUP BY feed) AS i
    FULL JOIN (SELECT feed, max(until) AS until FROM feed_completeness GROUP BY feed) AS c ON i.feed = c.feed
    ORDER BY feed
"""
_SUMS = """
    delivery, max(known_at) AS known_at, list(DISTINCT feed ORDER BY feed) AS feeds, sum(read)::BIGINT AS read,
    sum(inserted)::BIGINT AS inserted, sum(updated)::BIGINT AS updated, sum(unchanged)::BIGINT AS unchanged,
    sum(rejected)::BIGINT AS rejected
"""
_FILES = (
    "SELECT feed, file, read, inserted, updated, unchanged, rejected FROM imports WHERE delivery = {0} ORDER BY 1, 2"
)
_OWN = "FROM rejects AS r JOIN imports AS i USING (import_id) WHERE i.delivery = {0}"


def feeds(place: Installation) -> list[dict[str, Any]]:
    """feed, files, latest and until (naive UTC, empty where nobody ever said so)."""
    return place.engine.rows(_FEEDS)


def deliveries(place: Installation, start: int, most: int) -> list[dict[str, Any]]:
    """The latest first; read = inserted + updated + unchanged + rejected."""
    return place.engine.rows(
        f"SELECT {_SUMS} FROM imports GROUP BY delivery ORDER BY delivery DESC LIMIT {int(most)} OFFSET {int(start)}"
    )


def whole(place: Installation) -> dict[str, Any]:
    """read, rejected, deliveries and the latest instant, of all that ever came."""
    return place.engine.rows(
        "SELECT coalesce(sum(read), 0)::BIGINT AS read, coalesce(sum(rejected), 0)::BIGINT AS rejected, "
        "count(DISTINCT delivery) AS deliveries, max(known_at) AS latest FROM imports"
    )[0]


def delivery(place: Installation, number: int) -> dict[str, Any] | None:
    """One delivery's sums, or None where there is no such delivery."""
    rows = place.engine.rows(f"SELECT {_SUMS} FROM imports WHERE delivery = {int(number)} GROUP BY delivery")
    return rows[0] if rows else None


def files(place: Installation, number: int) -> list[dict[str, Any]]:
    """Its files."""
    return place.engine.rows(_FILES.format(int(number)))


def reasons(place: Installation, number: int) -> list[dict[str, Any]]:
    """How many of its lines were refused for which reason, the most frequent first."""
    return place.engine.rows(
        f"SELECT r.reason, count(*) AS number {_OWN.format(int(number))} GROUP BY r.reason ORDER BY number DESC, reason"
    )


def rejects(place: Installation, number: int, most: int) -> list[dict[str, Any]]:
    """The first of its refused lines."""
    asked = f'SELECT r.file, r.line, r."column", r.value, r.reason, r.record {_OWN.format(int(number))}'
    return place.engine.rows(f"{asked} ORDER BY r.file, r.line LIMIT {int(most)}")
