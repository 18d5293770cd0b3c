"""The home of the made-up cooperative: its settings are settings, its documents are documents."""

from __future__ import annotations

from pathlib import Path

import pytest

from relance.audiences.criteria import parse_criteria
from relance.base.clock import naive_utc
from relance.base.documents import load_document
from relance.base.errors import Refused
from relance.base.home import Home
from relance.customers.own_tables import load_tables
from relance.demo.calendar import ZONE
from relance.demo.files import write_files
from relance.demo.home import furnish_home
from relance.ingest.feeds import period_end, period_in_name
from relance.ingest.mapping import feed_of, load_feeds


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "cooperative")
    furnish_home(home)
    return home


def test_the_cooperative_speaks_french_first_in_canadian_dollars(home: Home) -> None:
    settings = home.settings()
    assert settings.brand.name == "Coopérative Lire ici"
    assert settings.brand.zone == ZONE
    assert settings.brand.languages == ("fr-CA", "en-CA")
    assert settings.brand.currency == "CAD"
    assert (settings.pressure.messages, settings.pressure.days) == (2, 7)
    assert settings.senders["shop"].postal_address
    assert settings.public_url == f"http://{settings.serve.host}:{settings.serve.port}"


def test_a_home_that_is_in_use_is_not_overwritten(home: Home) -> None:
    with pytest.raises(Refused, match="empty folder"):
        furnish_home(home)


def test_its_segments_are_criteria(home: Home) -> None:
    found = sorted((home.definitions / "segments").glob("*.yaml"))
    assert [path.stem for path in found] == ["endormis", "fideles"]
    for path in found:
        document = load_document(path)
        assert document.data["segment"] == path.stem
        assert set(document.data["title"]) == {"fr", "en"}
        parse_criteria(document.data["criteria"], path.name)


def test_its_own_table_and_column_join_the_star_and_every_file_has_its_feed(home: Home, tmp_path: Path) -> None:
    tables = load_tables(home.definitions / "tables")
    assert tables["club_members"].own
    assert tables["contacts"].column("favourite_genre") is not None
    feeds = load_feeds(home.definitions, tables)
    plan = write_files(tmp_path / "files", 300, 1)
    for delivery in (plan.history, *plan.deliveries):
        for file in delivery.files:
            feed = feed_of(feeds, file.name)
            assert file.name.startswith(feed.feed)
            period = period_in_name(feed, file.name)
            assert period is not None
            assert period_end(feed, period) == period < naive_utc(delivery.known_at)


def test_every_column_that_a_document_reads_is_in_the_files(home: Home, tmp_path: Path) -> None:
    feeds = load_feeds(home.definitions, load_tables(home.definitions / "tables"))
    plan = write_files(tmp_path / "files", 300, 1)
    for file in plan.history.files:
        header = file.read_text(encoding="utf-8-sig").splitlines()[0].replace('"', "").split(";")
        feed = feed_of(feeds, file.name)
        read = {
            source for rule in feed.tables.values() for column in rule.columns.values() for source in column.sources()
        }
        assert read - feed.flags.keys() <= set(header)
