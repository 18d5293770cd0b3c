"""L12: over the retailer's year, what the backtest foretells is what the turns did and what plans say of each day."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from relance.backtests.asked import asked_of
from relance.backtests.stored import decisions_of
from relance.backtests.walk import backtest
from relance.base.clock import FixedClock
from relance.base.documents import Document, load_document
from relance.channels.sender import send_due
from relance.channels.setup import email_channel, mail_settings
from relance.messages.publishing import library_document, publish_scenario
from relance.scenarios.switching import switch_on
from tests.stories.online_retail import (
    BOTH,
    EXAMPLE,
    FIRST,
    FIRST_FILE,
    LAST,
    SETTINGS,
    Retailer,
    at,
    days,
    list_hash,
    retailer,
)

AFTER_ALL = date(2011, 12, 20)
CAP = "[pressure]\nmessages = 1\ndays = 14\n"
WORD = {"subject": "x", "mjml": "<mj-section><mj-column><mj-text>x</mj-text></mj-column></mj-section>", "text": "x"}
ONE_WORD = [{"send": {"channel": "email", "message": "word"}}]
PRIORITIES = {"back-again": 60, "second-purchase": 50, "win-back": 40}
# Keys and, where they are fewer, messages (`library.md`, L12): what each scenario sent, and why it did not.
SENT = {"back-again": (5_425, 5_078), "second-purchase": (3_199, 3_199), "win-back": (2_887, 2_887)}
REFUSED = {
    "back-again": {"bought": 116, "cap": 2_574},
    "second-purchase": {"more_than_one_order": 902},
    "win-back": {"lost": 21, "cap": 337},
}


def documents() -> Mapping[str, Document]:
    """The three of L12: one message each, nobody held out, and who loses is dropped."""
    found = {name: dict(library_document(name).data) for name in BOTH}
    found["back-again"] = dict(load_document((EXAMPLE / "more" / "back-again.yaml").read_text(), source="L6").data)
    same = {"steps": ONE_WORD, "holdout": "0%", "on_lose": "drop"}
    written = {name: {**data, **same, "priority": PRIORITIES[name]} for name, data in found.items()}
    return {name: load_document(json.dumps(data), source=name) for name, data in written.items()}


def three_together(folder: Path, files: Path) -> Retailer:
    """A new home that writes to nobody twice in fourteen days."""
    shop = retailer(folder, files)
    shop.home.settings_file.write_text(SETTINGS + CAP)
    written = shop.home.definitions / "messages" / "word.yaml"
    written.parent.mkdir(exist_ok=True)
    written.write_text(json.dumps({"message": "word", "fr": WORD, "en": WORD}))
    shop.close()
    return Retailer(shop.home, files)


def fill(shop: Retailer, last: date) -> Retailer:
    """All files at once, long after: `import --history` says since when each fact was known."""
    shop.take([path for day in days(FIRST_FILE, last) for path in shop.file_of(day)], at(AFTER_ALL, 6), history=True)
    return shop


@pytest.fixture(scope="module")
def history(daily_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Retailer]:
    shop = fill(three_together(tmp_path_factory.mktemp("history") / "home", daily_files), LAST)
    yield shop
    shop.close()


@pytest.fixture(scope="module")
def lived(daily_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Retailer]:
    """The 374 turns of the year, with all three on."""
    shop = three_together(tmp_path_factory.mktemp("lived") / "home", daily_files)
    shop.morning(FIRST)
    for document in documents().values():
        switch_on(shop.place, publish_scenario(shop.place, document, at(FIRST, 8)), at(FIRST, 8))
    settings = mail_settings(shop.place.settings, shop.place.secret)
    channel = email_channel(settings, shop.home.mail)
    for day in days(FIRST, LAST):
        shop.morning(day)
        shop.turn(day)
        # what were still in the outbox the next morning, an order in its file would stop, and no cap would count it
        send_due(shop.place.ledger, channel, settings, FixedClock(at(day, 9)))
    yield shop
    shop.close()


def walked(shop: Retailer, *names: str, first: date = FIRST, last: date = LAST) -> dict[str, Any]:
    return backtest(shop.place, asked_of(shop.place, names, first, last))


def drafted(folder: Path) -> list[str]:
    """The three as files that nobody has published."""
    paths = {name: folder / f"{name}.json" for name in PRIORITIES}
    for name, document in documents().items():
        paths[name].write_text(json.dumps(document.data))
    return [str(path) for path in paths.values()]


def sent_of(shop: Retailer, found: dict[str, Any], *scenarios: str) -> list[tuple[date, str]]:
    """(date of the turn, customer) of every message, sorted."""
    people = {row["contact"]: row["own_id"] for row in shop.place.engine.rows("SELECT * FROM contacts_vault")}
    rows = decisions_of(shop.home.path / "backtests" / found["id"]).to_pylist()
    made = {(row["scenario"], row["at"].date(), people[row["contact"]]) for row in rows if row["outcome"] == "send"}
    return sorted((day, who) for scenario, day, who in made if not scenarios or scenario in scenarios)


def sent_by(shop: Retailer) -> list[tuple[date, str]]:
    """The same of the turns that were run."""
    rows = shop.place.engine.rows(
        'SELECT DISTINCT scenario, "at", own_id FROM decisions JOIN contacts_vault USING (contact)'
        " WHERE outcome = 'send'"
    )
    return sorted((row["at"].date(), row["own_id"]) for row in rows)


def named(found: dict[str, Any], scenario: str) -> dict[str, Any]:
    return next(each for each in found["scenarios"] if each["id"] == scenario)


def test_l12_the_first_weeks_foretold_from_history_are_those_that_were_lived(
    quarter: Retailer, daily_files: Path, tmp_path: Path
) -> None:
    last = date(2011, 1, 8)
    history = fill(retailer(tmp_path / "history", daily_files), last)
    for name in BOTH:
        history.publish(name, at(AFTER_ALL, 7))
    lived, foretold = walked(quarter, last=last), walked(history, *BOTH, last=last)
    assert (lived["kind"], foretold["kind"]) == ("replay", "forecast")
    assert lived["differences"] == {"missing": 0, "added": 0, "rows": []}
    for name in BOTH:
        assert sent_of(quarter, lived, name) == sent_of(history, foretold, name)
        assert named(lived, name)["refused"] == named(foretold, name)["refused"]
    for day in lived["days"][-3:]:
        assert day["scenarios"] == quarter.plan(date.fromisoformat(day["date"])).as_dict()["scenarios"], day["date"]
    history.close()


@pytest.mark.slow
def test_l12_second_purchase_alone_from_january(history: Retailer, tmp_path: Path) -> None:
    before = history.hashes()
    found = walked(history, drafted(tmp_path)[1], first=date(2011, 1, 1))
    one = named(found, "second-purchase")
    assert (one["send"], one["messages"], one["already_past"]) == (3147, 3147, 52)
    assert list_hash(sent_of(history, found)).startswith("a0419489c4d21f2e")
    assert history.hashes() == before


@pytest.mark.year
def test_l12_three_together_backtest_and_live(history: Retailer, lived: Retailer, tmp_path: Path) -> None:
    found = walked(history, *drafted(tmp_path))
    assert (found["kind"], found["turns"]) == ("forecast", 374)
    for name in PRIORITIES:
        one = named(found, name)
        assert (one["send"], one["messages"]) == SENT[name], name
        assert one["refused"] == REFUSED[name], name
    sent = sent_of(history, found)
    assert (len(sent), len({who for _, who in sent})) == (11_164, 3_855)
    assert list_hash(sent).startswith("79da1518b9750724")
    assert sent_by(lived) == sent
    again = walked(history, *drafted(tmp_path), last=date(2011, 2, 28))
    for month in ("2011-01", "2011-02"):
        assert decisions_file(history, again, month) == decisions_file(history, found, month), "byte for byte"


def decisions_file(shop: Retailer, found: dict[str, Any], month: str) -> bytes:
    return (shop.home.path / "backtests" / found["id"] / f"decisions-{month}.parquet").read_bytes()
