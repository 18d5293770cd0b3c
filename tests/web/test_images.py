"""The pictures of the README are taken of a demo that has lived; `make images` puts them into docs/images."""

from __future__ import annotations

import os
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from relance.base.clock import FixedClock
from relance.base.home import Home
from relance.customers.installation import Installation, open_installation
from relance.demo.month import live, make_files, make_home
from tests.web.served import chromium, entered, served

SEEN = {"width": 1280, "height": 860}
TELEPHONE = {"width": 390, "height": 844}
LARGEST = 300_000  # bytes


def take(place: Installation, folder: Path) -> list[Path]:
    """Overview, a scenario and a contact in English, the overview in French on a telephone in the dark."""
    last = place.engine.value('SELECT max("at") FROM turns').replace(tzinfo=UTC)
    refused = place.engine.value("SELECT min(contact) FROM decisions WHERE reason = 'ordered'")
    views = (
        ("overview", "/", "en", SEEN, "light"),
        ("scenario", "/scenarios/forgotten-cart?language=en", "en", SEEN, "light"),
        ("contact", f"/contacts/{refused}?scenario=forgotten-cart&whole=yes", "en", SEEN, "light"),
        ("accueil", "/", "fr", TELEPHONE, "dark"),
    )
    folder.mkdir(parents=True, exist_ok=True)
    with served(place, FixedClock(last + timedelta(minutes=70))) as address, chromium() as browser:
        for name, path, language, size, scheme in views:
            page = entered(browser, place.home, address, locale=language, viewport=size, color_scheme=scheme)
            page.goto(address + path, wait_until="networkidle")
            page.screenshot(path=folder / f"{name}.png")
            page.context.close()
    return [folder / f"{name}.png" for name, *_ in views]


@pytest.mark.slow
def test_the_pictures_of_the_readme_can_be_taken(tmp_path: Path) -> None:
    home = Home(tmp_path / "demo")
    make_home(home, again=False)
    plan = make_files(home, 2_000, 1)
    place = open_installation(home)
    live(place, plan, lambda *_: None)
    folder = Path(os.environ.get("RELANCE_IMAGES") or tmp_path / "images")
    try:
        for path in take(place, folder):
            assert 10_000 < path.stat().st_size < LARGEST, path.name
    finally:
        place.close()
