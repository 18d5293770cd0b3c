"""Acts of consent come from their own files; nothing else raises consent, and what is not affirmative is refused."""

from __future__ import annotations

import pytest

from tests.ingest.shop import Shop

FEED = """
feed: consents
files: "consents*.csv"
zone: America/Toronto
tables:
  consent_acts:
    columns:
      contact: contact
      channel: channel
      purpose: purpose
      sender: sender
      act: act
      happened_at: at
      origin: source
      affirmative: affirmative
      basis: basis
      proof: proof
"""
HEADER = "contact,channel,purpose,sender,act,at,source,affirmative,basis,proof\n"


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path, FEED)


def takes(shop, *lines):
    (report,) = shop.takes(("consents.csv", HEADER + "".join(f"{line}\n" for line in lines)), at="2026-03-10T10:00:00Z")
    return report


def test_a_grant_that_was_not_affirmative_is_refused(shop):
    report = takes(
        shop,
        "marie,email,marketing,shop,granted,2026-03-01T12:00:00Z,form,yes,optin,f1",
        "paul,email,marketing,shop,granted,2026-03-01T12:00:00Z,form,no,optin,f2",
        "anne,email,marketing,shop,granted,2026-03-01T12:00:00Z,form,,optin,f3",
        "luc,email,marketing,shop,withdrawn,2026-03-01T12:00:00Z,form,,,f4",
        "eve,email,marketing,shop,perhaps,2026-03-01T12:00:00Z,form,yes,,f5",
    )
    assert (report.inserted, report.rejected) == (2, 3)
    assert report.reasons == {"not_affirmative": 2, "unknown_act": 1}
    assert shop.rows("SELECT act FROM consent_acts ORDER BY act") == [("denied",), ("granted",)]


def test_an_opt_out_is_from_everything(shop):
    takes(shop, "marie,email,marketing,shop,opt_out,2026-03-01T12:00:00Z,page,yes,,")
    assert shop.rows("SELECT channel, purpose, sender FROM consent_acts") == [("*", "*", "*")]


@pytest.mark.parametrize(
    ("basis", "at", "expires"),
    [
        ("implied_purchase", "2024-02-29T17:00:00Z", "2026-02-28 05:00:00"),
        ("implied_inquiry", "2025-08-31T16:00:00Z", "2026-02-28 05:00:00"),
        ("implied_inquiry", "2025-09-01T03:30:00Z", "2026-02-28 05:00:00"),  # still 31 August in Toronto
        ("implied_purchase", "2024-07-01T16:00:00Z", "2026-07-01 04:00:00"),
        ("optin", "2024-07-01T16:00:00Z", None),
    ],
)
def test_an_implied_basis_expires_on_a_local_date(shop, basis, at, expires):
    takes(shop, f"marie,email,marketing,shop,granted,{at},form,yes,{basis},f1")
    assert shop.rows("SELECT CAST(expires_at AS VARCHAR) FROM consent_acts") == [(expires,)]


def test_the_same_act_told_twice_is_one(shop):
    line = "marie,email,marketing,shop,granted,2026-03-01T12:00:00Z,form,yes,optin,f1"
    takes(shop, line)
    (report,) = shop.takes(("consents-2.csv", HEADER + line + "\n\n"), at="2026-03-11T10:00:00Z")
    assert (report.unchanged, report.inserted) == (1, 0)
    assert shop.rows("SELECT count(*) FROM consent_acts") == [(1,)]
