"""Every page in a real browser: WCAG 2.2 AA by axe, in both languages, light and dark, wide and on a telephone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from relance.backtests.asked import asked_of
from relance.backtests.walk import backtest
from relance.base.clock import FixedClock
from tests.stories.bookshop import Bookshop, local
from tests.web.conftest import NOW
from tests.web.served import chromium, entered, served
from tests.web.test_contacts import number_of
from tests.web.test_pages import PAGES

WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "iframes": False}
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}

# Both languages, and of each page all four looks.
SEEN = {"fr": ((WIDE, "light"), (NARROW, "dark")), "en": ((WIDE, "dark"), (NARROW, "light"))}


@pytest.fixture(scope="module")
def looking(lived: Bookshop) -> Iterator[tuple[Browser, str]]:
    with served(lived.place, FixedClock(local(NOW))) as address, chromium() as browser:
        yield browser, address


def wrong(page: Any) -> list[str]:
    """Rule and place of every violation."""
    found = Axe().run(page, options=WCAG).response["violations"]
    return [
        f"{one['id']}: {node['html'][:120]} {node['failureSummary'][:200]}" for one in found for node in one["nodes"]
    ]


def looks(page: Any, language: str) -> Iterator[str]:
    """What is wrong with a page in each of its looks."""
    for size, scheme in SEEN[language]:
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        sideways = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if sideways > 0:
            yield f"{size['width']}: {sideways} px too wide"
        yield from (f"{size['width']} {scheme} {one}" for one in wrong(page))


def addresses(shop: Bookshop) -> Iterator[str]:
    yield from PAGES
    yield f"/scenarios/forgotten-cart/past/{looked_back(shop)}"
    yield f"/contacts/{number_of(shop, 'luc')}?scenario=forgotten-cart&whole=yes"
    first = next((shop.home.mail / "new").iterdir()).name
    yield f"/mail/{first}"
    yield f"/mail/{first}?form=text"
    delivery = shop.place.engine.value("SELECT max(delivery) FROM imports WHERE rejected > 0")
    yield f"/data/deliveries/{delivery}"
    yield "/nowhere"


def looked_back(shop: Bookshop) -> str:
    """A backtest of the two mornings, beside nothing."""
    with shop.place.reader() as place:
        asked = asked_of(place, ["forgotten-cart"], date(2026, 3, 10), date(2026, 3, 11), "none")
        return str(backtest(place, asked)["id"])


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_page_can_be_used_by_everybody(lived: Bookshop, looking: Any, language: str) -> None:
    browser, base = looking
    page, found = entered(browser, lived.home, base, locale=language), []
    for address in addresses(lived):
        page.goto(base + address)
        found += [f"{address} {one}" for one in looks(page, language)]
    page.context.close()
    assert found == []


@pytest.mark.parametrize("address", ["/login", "/login/key/used-long-ago"])
def test_the_door_can_be_used_by_everybody(looking: Any, address: str) -> None:
    browser, base = looking
    page = browser.new_context(viewport=NARROW).new_page()
    page.goto(base + address)
    assert wrong(page) == []
    page.context.close()


def test_nothing_that_a_page_asks_for_is_forbidden_to_it(lived: Bookshop, looking: Any) -> None:
    browser, base = looking
    page, said = entered(browser, lived.home, base), []
    page.on("console", lambda message: said.append(message.text) if "Content Security" in message.text else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    for address in PAGES:
        page.goto(base + address)
    page.context.close()
    assert said == []


def test_by_keyboard_one_skips_the_menu_and_reaches_a_scenario(lived: Bookshop, looking: Any) -> None:
    browser, base = looking
    page = entered(browser, lived.home, base)
    page.goto(f"{base}/scenarios")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#main"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/scenarios/forgotten-cart")
    page.context.close()


def test_the_explanation_comes_by_itself_and_follows_the_question(lived: Bookshop, looking: Any) -> None:
    browser, base = looking
    page = entered(browser, lived.home, base, locale="fr")
    page.goto(f"{base}/contacts/{number_of(lived, 'luc')}")
    page.wait_for_selector("#why .vl")
    page.fill("#at", "2026-03-10")
    page.dispatch_event("#at", "change")
    page.wait_for_function("document.querySelector('#why').innerText.includes('10 mars 2026')")
    page.context.close()


def test_a_long_name_without_a_space_pushes_no_page_aside(lived: Bookshop, looking: Any) -> None:
    browser, base = looking
    page = entered(browser, lived.home, base, locale="fr", viewport=NARROW)
    places = "document.querySelectorAll('h1, .crumb b, .list td a.b, .names a')"
    for address in (f"/contacts/{number_of(lived, 'luc')}", "/contacts", "/scenarios/forgotten-cart/people/ordered"):
        page.goto(base + address)
        assert page.evaluate(f"[...{places}].map(each => each.textContent = 'W'.repeat(90)).length") > 0
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, address
    page.context.close()
