"""What holds for every page: who may see it, that looking changes nothing, that both languages are whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relance.web.configuration import HERE
from relance.web.voice import Voice
from relance.web.words import WORDS
from relance.web.words.refusals import REFUSALS
from tests.stories.bookshop import Bookshop
from tests.web.conftest import browser

OPEN = {"login", "key", "language", "calls"}  # calls bring a token of their own
TEMPLATES = sorted((HERE / "templates").glob("*.html"))
SOURCES = sorted(HERE.rglob("*.py"))
PAGES = (
    "/",
    "/scenarios",
    "/scenarios/forgotten-cart",
    "/scenarios/forgotten-cart/people/ordered",
    "/scenarios/forgotten-cart/off",
    "/scenarios/forgotten-cart/past",
    "/scenarios/win-back",
    "/scenarios/win-back/on",
    "/contacts",
    "/contacts/4",
    "/data",
    "/mail",
    "/account",
)


def routes(shop: Bookshop) -> Iterator[tuple[str, str]]:
    """Name and address of every route, with something plausible in its places."""
    browser(shop)
    from relance.web.urls import urlpatterns

    values = {"name": "forgotten-cart", "code": "ordered", "key": "k", "step": "forgotten-cart"}
    for one in urlpatterns:
        yield one.name, "/" + re.sub(r"<\w+:(\w+)>", lambda found: values.get(found[1], "1"), str(one.pattern))


def contents(shop: Bookshop) -> tuple[dict[str, str], str]:
    return shop.place.engine.contents_hash(), shop.place.ledger.contents_hash()


def test_whoever_is_not_logged_in_is_sent_to_the_door_from_every_route(lived: Bookshop) -> None:
    stranger = browser(lived)
    for name, address in routes(lived):
        if name in OPEN:
            continue
        for answer in (stranger.get(address), stranger.post(address)):
            assert answer.status_code == 302, address
            assert answer["Location"].startswith("/login"), address


def test_looking_at_any_page_changes_nothing(lived: Bookshop, camille: Any) -> None:
    before = contents(lived)
    for _, address in routes(lived):
        assert camille.get(address).status_code < 500, address
        assert camille.head(address).status_code < 500, address
    assert contents(lived) == before


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_page_is_made_in_both_languages(lived: Bookshop, camille: Any, language: str) -> None:
    camille.cookies["relance_language"] = language
    for address in PAGES:
        answer = camille.get(address)
        assert answer.status_code == 200, address
        body = answer.content.decode()
        assert f'<html lang="{language}">' in body
        assert body.count("<h1") == 1, address


def test_no_template_says_a_word_of_its_own() -> None:
    assert [f"{path.name}: {said}" for path in TEMPLATES for said in spoken(path)] == []


def spoken(path: Path) -> list[str]:
    """What a template would say itself: its text without tags and marks, and the attributes people hear."""
    text = re.sub(r"{%.*?%}|{{.*?}}|<!--.*?-->", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    heard = re.findall(r'(?:aria-label|title|alt|placeholder)="([^"]*)"', text)
    words = re.sub(r"<[^>]*>", " ", text).replace("Relance", "").replace("&amp;", "")
    return [said for said in (*heard, *words.split()) if re.search(r"[^\W\d_]", said)]


def test_the_catalogue_says_nothing_that_no_page_says() -> None:
    text = written()
    assert [key for key in WORDS if f'"{key}"' not in text and not begun(key, text)] == []


def begun(key: str, text: str) -> bool:
    """Whether the key is put together where it is said: `f"outcome.{state}"`, `known("reject", reason)`."""
    family = key.split(".")[0]
    about = key.removesuffix(".about")
    return f'f"{family}.{{' in text or f'("{family}", ' in text or f'known "{family}"' in text or f'"{about}"' in text


def written() -> str:
    """All that templates and modules say, the catalogue left out."""
    return "\n".join(path.read_text(encoding="utf-8") for path in (*TEMPLATES, *SOURCES) if "words" not in path.parts)


def test_what_templates_say_is_in_the_catalogue() -> None:
    assert [key for key in re.findall(r'{% say "([^"]+)"', written()) if key not in WORDS] == []


def test_both_languages_take_the_same_values() -> None:
    for key, (french, english) in WORDS.items():
        taken = [
            set(re.findall(r"{(\w+)}", " ".join([form] if isinstance(form, str) else form)))
            for form in (french, english)
        ]
        assert taken[0] == taken[1], key


def test_pages_may_run_no_script_but_ours(camille: Any) -> None:
    answer = camille.get("/")
    policy = answer["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert answer["X-Frame-Options"] == "DENY"
    assert " style=" not in answer.content.decode()
    assert "<script>" not in answer.content.decode()


def test_a_page_that_is_not_there_says_so_in_a_page(camille: Any) -> None:
    answer = camille.get("/scenarios/no-such-thing")
    assert answer.status_code == 404
    assert "Il n’y a rien à cette adresse" in answer.content.decode()


@pytest.mark.parametrize("address", ["/contacts/{}", "/contacts/{}/why", "/data/deliveries/{}"])
def test_a_number_that_no_table_can_hold_is_no_address(lived: Bookshop, camille: Any, address: str) -> None:
    assert camille.get(address.format("9" * 30)).status_code == 404


def test_what_the_house_refuses_is_put_into_french_as_it_is_really_said() -> None:
    """Every fixed piece of an English sentence stands somewhere in our own source."""
    room = HERE.parent
    said = "\n".join(path.read_text(encoding="utf-8") for path in room.rglob("*.py") if "words" not in path.parts)
    put_together = ("message of version ", "messages of version ", " has been handed", " have been handed")
    pieces = (piece for english in REFUSALS for piece in re.split(r"\{\w+\}", english))
    gone = [
        piece
        for piece in pieces
        if piece not in said and not piece.strip().startswith(tuple(w.strip() for w in put_together))
    ]
    assert gone == []


def test_a_refusal_keeps_its_values_in_french_and_its_language_where_nobody_translated_it() -> None:
    voice = Voice("fr", "America/Toronto", ("fr-CA", "en-CA"))
    known = voice.refusal("ledger.sqlite: the disk is full; free some space, nothing was changed")
    assert known == ("Le disque est plein\u202f; libérez de la place. Rien n’a été changé.", "fr")
    assert voice.refusal("of this nobody thought") == ("of this nobody thought", "en")
    assert Voice("en", "America/Toronto", ()).refusal("of this nobody thought")[1] == "en"


def test_a_line_is_said_in_french_too_where_it_is_known() -> None:
    voice = Voice("fr", "America/Toronto", ("fr-CA", "en-CA"))
    end = "qui n’est pas publié\u202f; publiez-le d’abord."
    for line, ligne in ((" (line 8)", " (ligne 8)"), ("", "")):
        said, _ = voice.refusal(f"“tea” hands over to “later”{line}, which is not published; publish it first")
        assert said == f"«\u00a0tea\u00a0» passe la main à «\u00a0later\u00a0»{ligne}, {end}"
