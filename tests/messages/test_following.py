"""Links of a mail are signed, one destination once; what is ours, or no page of the web, stays as it was written."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from relance.messages.following import TRAP, Trail, follow
from relance.messages.links import CLICK, OPEN, SigningKey, verify
from relance.messages.rendering import Rendered

KEY = SigningKey("1", b"a secret of this shop")
ROOT = "https://courriels.lireici.example"
TRAIL = Trail(KEY, ROOT, 7, "win-back", "send", "order-1", "email", links=True, pixel=True)
HTML = f"""<html><body>
<a class="x" href="https://lireici.example/a?b=1&amp;c=2">un</a> <a href='https://lireici.example/d'>deux</a>
<a
href="https:&#x2f;&#x2f;lireici.example&#x2f;a?b=1&amp;c=2">encore</a>
<a href="mailto:a@b.example">courriel</a> <a href="tel:+14185550100">appel</a> <a href="#bas">bas</a>
<a href="{ROOT}/t/u/token">partir</a> <img src="https://lireici.example/image.png">
</body></html>"""
MAIL = Rendered("Objet", "", HTML, "Voir https://lireici.example/d")


def hrefs(html: str) -> list[str]:
    return re.findall(r"""href=["']([^"']+)""", html)


def signed(html: str) -> list[tuple[str, str]]:
    """Name and destination of every followed link."""
    tokens = [href.rpartition("/")[2] for href in hrefs(html) if href.startswith(f"{ROOT}/t/c/")]
    return [verify({"1": KEY}, token, CLICK).scope[-2:] for token in tokens]  # type: ignore[misc]


def test_every_link_to_the_web_is_signed_with_its_destination() -> None:
    html = follow(MAIL, TRAIL).html
    first, second = "https://lireici.example/a?b=1&c=2", "https://lireici.example/d"
    assert signed(html) == [("1", first), ("2", second), ("1", first), (TRAP, first)]
    assert [href for href in hrefs(html) if "/t/c/" not in href] == [
        "mailto:a@b.example",
        "tel:+14185550100",
        "#bas",
        f"{ROOT}/t/u/token",
    ]
    assert 'src="https://lireici.example/image.png"' in html


def test_nothing_of_the_person_stands_in_a_link() -> None:
    claim = verify({"1": KEY}, hrefs(follow(MAIL, TRAIL).html)[0].rpartition("/")[2], CLICK)
    assert (claim.contact, claim.scope[:4]) == (7, ("win-back", "send", "order-1", "email"))


def test_the_text_part_keeps_the_links_of_its_author() -> None:
    assert follow(MAIL, TRAIL).text == MAIL.text


def test_a_pixel_names_the_message_and_nothing_else() -> None:
    (token,) = re.findall(rf'<img src="{ROOT}/t/o/([^"]+)" width="1" height="1" alt=""', follow(MAIL, TRAIL).html)
    assert verify({"1": KEY}, token, OPEN).scope == ("win-back", "send", "order-1", "email")


@pytest.mark.parametrize(("links", "pixel"), [(False, False), (False, True), (True, False)])
def test_no_more_is_followed_than_was_allowed(links: bool, pixel: bool) -> None:
    html = follow(MAIL, replace(TRAIL, links=links, pixel=pixel)).html
    assert ("/t/c/" in html, "/t/o/" in html) == (links, pixel)
    assert (html == HTML) == (not links and not pixel)


def test_a_hidden_link_has_nothing_to_see_and_is_not_reached_by_keyboard() -> None:
    (trap,) = re.findall(r'<a href="[^"]+" aria-hidden="true" tabindex="-1"></a>', follow(MAIL, TRAIL).html)
    assert trap


def test_a_mail_without_links_gets_none() -> None:
    plain = replace(MAIL, short_html="<body>Bonjour</body>")
    assert follow(plain, replace(TRAIL, pixel=False)) == plain
