"""Publishing in a real browser, in a process where no other browser is open: it makes an account of its own."""

from __future__ import annotations

from pathlib import Path

from relance.base.clock import FixedClock
from tests.stories.bookshop import local
from tests.web.conftest import NOW
from tests.web.served import chromium, entered, served
from tests.web.test_browser import SEEN, looks
from tests.web.test_publishing import waiting


def test_publishing_can_be_used_by_everybody(tmp_path: Path) -> None:
    shop, found = waiting(tmp_path / "home"), []
    with served(shop.place, FixedClock(local(NOW))) as base, chromium() as browser:
        for language in SEEN:
            page = entered(browser, shop.home, base, locale=language)
            for address in ("/scenarios/forgotten-cart/publish", "/scenarios/cart"):
                page.goto(base + address)
                found += [f"{address} {one}" for one in looks(page, language)]
            page.context.close()
    shop.close()
    assert found == []
