"""The home of the made-up cooperative: its settings are settings, its documents are documents."""

from __future__ import annotations

from pathlib import Path

import pytest

from relance.audiences.criteria import parse_criteria
from relance.base.documents import load_document
from relance.base.errors import Refused
from relance.base.home import Home
from relance.demo.calendar import ZONE
from relance.demo.home import furnish_home


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
    assert settings.public_url.startswith("https://")


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
