"""L8: a year of win-back in two steps; whoever orders leaves the wait, the others get a last word 30 days later."""

from __future__ import annotations

import pytest

from tests.stories.online_retail import Retailer, list_hash


@pytest.mark.slow
def test_l8_win_back_and_a_last_word(year: Retailer) -> None:
    first, second = year.decided("win-back"), year.decided("win-back", step="win-back-again")
    assert (len(first), len(second)) == (3_245, 2_292)
    assert list_hash(second).startswith("87f7350ed033eac5")
    last = (
        "SELECT state, reason, count(*) AS number, count(left_known_at) AS facts FROM"
        " (SELECT * FROM journeys WHERE scenario = 'win-back'"
        ' QUALIFY row_number() OVER (PARTITION BY contact, occurrence ORDER BY "at" DESC) = 1)'
        " WHERE (contact, occurrence) IN"
        " (SELECT (contact, occurrence) FROM decisions WHERE scenario = 'win-back' AND outcome = 'send')"
        " GROUP BY ALL ORDER BY ALL"
    )
    rows = {(row["state"], row["reason"]): (row["number"], row["facts"]) for row in year.place.engine.rows(last)}
    assert rows == {
        ("ended", "ordered"): (721, 721),
        ("ended", ""): (2_292, 0),
        ("waiting", ""): (232, 0),
    }, "every exit says by which order it was left"
