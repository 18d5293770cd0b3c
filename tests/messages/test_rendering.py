"""What a contact would read, from the messages we ship and from small ones written for the case."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relance.base.errors import BadDocument
from relance.messages.documents import SHIPPED, canonical_body, load_message, shipped, shipped_text
from relance.messages.fields import BadContext
from relance.messages.mjml import to_mail_template
from relance.messages.rendering import CompiledMessage, compile_message, compile_text, render

LOCALE = {"fr": "fr-CA", "en": "en-CA"}
COMPILED = {name: compile_text(shipped_text(name), f"{name}.yaml") for name in SHIPPED}

SMALL = """
message: small
fields:
{fields}
fr:
  subject: "{subject}"
  mjml: "<mj-section><mj-column><mj-text>{html}</mj-text></mj-column></mj-section>"
  text: "{text}"
"""


def people(**more: Any) -> dict[str, Any]:
    return {
        "contact": {"first_name": "Marie"},
        "brand": {"name": "Lire ici", "address": "12, rue Saint-Jean, Québec", "url": "https://lire.example"},
        "shop": {"name": "Les Deux Rives", "address": "120, rue des Forges", "phone": "819 555-0142"},
        "voice": {"shop": "librairie", "people": "libraires", "item": "livre", "items": "livres"},
        "unsubscribe_url": "https://lire.example/u/token",
        **more,
    }


def book(number: int, **more: Any) -> dict[str, Any]:
    return {"title": f"Livre {number}", "url": f"https://lire.example/{number}", **more}


def cart(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return people(items=list(items), cart_url="https://lire.example/panier", **more)


USED_UP = {"title": "Terreau, 40 L", "url": "https://lire.example/t", "last_on": date(2026, 11, 1)}
CHEAPER = {"price": Decimal("19.00"), "lowest_30d": Decimal("20.00"), "currency": "CAD"}
LINES = [{"title": "Terreau, 40 L", "url": "https://lire.example/t", "amount": Decimal("24.95"), "currency": "CAD"}]
CONTEXTS: dict[str, dict[str, Any]] = {
    "birthday": people(),
    "consent-lapse": people(lapses_on=date(2026, 11, 1), basis="implied_purchase"),
    "first-purchase": people(joined_on=date(2026, 11, 1)),
    "first-purchase-advice": people(joined_on=date(2026, 11, 1)),
    "first-purchase-last": people(joined_on=date(2026, 11, 1)),
    "order-confirmation": people(order_number="A-1027", ordered_on=date(2026, 11, 1), lines=LINES),
    "review": people(ordered_on=date(2026, 11, 1), lines=LINES),
    "price-down": people(items=[book(1, author="Hélène Roy", **CHEAPER)]),
    "back-in-stock": people(items=[book(1, shop_that_has_it="Les Deux Rives")]),
    "replenishment": people(items=[USED_UP]),
    "replenishment-again": people(items=[USED_UP]),
    "forgotten-cart": cart(book(1, author="Hélène Roy", price=Decimal("24.95"), currency="CAD"), book(2)),
    "second-purchase": people(product="Les Marées lentes"),
    "broadcast": people(),
    "cart": cart(book(1, low_stock=2), book(2), complements=[book(3)], in_a_row=2),
    "on-call": people(about="un atlas des oiseaux"),
    "points": people(points=150, expires_on=date(2026, 11, 1)),
    "segment-move": people(),
    "win-back-again": people(last_order_on=date(2026, 11, 1)),
    "win-back": people(last_order_on=date(2026, 11, 1)),
}


def small(html: str = "x", text: str = "x", subject: str = "x", fields: str = "  note?: text") -> CompiledMessage:
    return compile_text(SMALL.format(html=html, text=text, subject=subject, fields=fields), "small.yaml")


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_message_names_the_reader_the_shop_and_the_way_out(name: str, language: str) -> None:
    rendered = render(COMPILED[name], language, LOCALE[language], CONTEXTS[name])
    for part in (rendered.html, rendered.text):
        assert "Marie," in part
        assert "120, rue des Forges" in part
        assert "819 555-0142" in part
    assert 'href="https:&#x2f;&#x2f;lire.example&#x2f;u&#x2f;token"' in rendered.html
    assert "https://lire.example/u/token" in rendered.text
    assert rendered.subject
    assert "\n" not in rendered.subject + rendered.preheader
    assert "{{" not in rendered.html + rendered.text


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_message_reads_well_with_the_least_it_may_get(name: str, language: str) -> None:
    bare = {"contact": {}, "shop": None, "brand": {"name": "Lire ici", "address": "12, rue Saint-Jean"}}
    context = {**CONTEXTS[name], **bare, "product": None}
    if name == "forgotten-cart":
        context["items"] = [book(1)]
    rendered = render(COMPILED[name], language, LOCALE[language], context)
    assert rendered.text.startswith(("Bonjour,\n", "Hello,\n"))
    assert "None" not in rendered.text
    assert "none" not in rendered.text.lower().split()
    assert "Lire ici, 12, rue Saint-Jean" in rendered.text


def test_french_is_typeset_as_in_quebec() -> None:
    texts = [part for name in SHIPPED for part in (render(COMPILED[name], "fr", "fr-CA", CONTEXTS[name]).text,)]
    for text in texts:
        assert "'" not in text
        assert " :" not in text.replace("\xa0:", "")
        assert " ?" not in text
        assert "e-mail" not in text
    said = dict(zip(SHIPPED, texts, strict=True))
    assert "«\xa0Les Marées lentes\xa0»" in said["second-purchase"]
    assert "1er novembre 2026" in said["win-back"]
    assert "24,95\xa0$" in said["forgotten-cart"]


def test_the_cart_speaks_of_one_book_or_of_several() -> None:
    one = render(COMPILED["forgotten-cart"], "fr", "fr-CA", cart(book(1)))
    two = render(COMPILED["forgotten-cart"], "fr", "fr-CA", cart(book(1), book(2)))
    assert (one.subject, two.subject) == ("Votre livre est toujours là", "Vos livres sont toujours là")
    assert "Il est resté quelque chose dans votre panier" in one.text
    assert "Voici ce qui est resté dans votre panier" in unescape(two.html)


def test_a_shop_that_says_nothing_of_its_voice_is_spoken_for_plainly() -> None:
    plain = {name: value for name, value in cart(book(1)).items() if name != "voice"}
    assert render(COMPILED["forgotten-cart"], "fr", "fr-CA", plain).subject == "Votre article est toujours là"
    half = plain | {"voice": {"item": "robe"}}
    rendered = render(COMPILED["forgotten-cart"], "fr", "fr-CA", half)
    assert rendered.subject == "Votre robe est toujours là"
    assert "Appelez votre boutique" in rendered.text


def test_the_reader_is_told_since_when_they_agreed() -> None:
    for name in (one for one in SHIPPED if "consented_on" in shipped_text(one)):
        told = render(COMPILED[name], "fr", "fr-CA", CONTEXTS[name] | {"consented_on": date(2021, 3, 12)})
        assert "vous acceptez nos courriels depuis le 12 mars 2021" in told.text
        assert "vous acceptez nos courriels depuis le 12 mars 2021" in told.html
        assert "depuis le" not in render(COMPILED[name], "fr", "fr-CA", CONTEXTS[name]).text


def test_the_cart_shows_the_first_four_and_counts_the_others() -> None:
    six = render(COMPILED["forgotten-cart"], "fr", "fr-CA", cart(*map(book, range(1, 7))))
    assert [f"Livre {number}" in six.text for number in range(1, 7)] == [True] * 4 + [False] * 2
    assert "Et 2 autres livres vous attendent dans votre panier." in six.text
    words = {"item": "book", "items": "books"}
    five = render(COMPILED["forgotten-cart"], "en", "en-CA", cart(*map(book, range(1, 6)), voice=words))
    assert "And 1 more book is waiting in your cart." in five.html
    four = render(COMPILED["forgotten-cart"], "en", "en-CA", cart(*map(book, range(1, 5))))
    assert "more book" not in four.html


def test_what_the_data_say_is_escaped_in_html_and_left_alone_in_text() -> None:
    hostile = cart(book(1, author='<script>alert(1)</script> & "co"'))
    rendered = render(COMPILED["forgotten-cart"], "fr", "fr-CA", hostile)
    assert "<script>" not in rendered.html
    assert "&lt;script&gt;" in rendered.html
    assert '<script>alert(1)</script> & "co"' in rendered.text


def test_a_title_cannot_add_a_header_through_the_subject() -> None:
    rendered = render(COMPILED["second-purchase"], "fr", "fr-CA", people(product="Un\r\nBcc: tous@example.test\x00"))
    assert rendered.subject == "Avez-vous aimé «\xa0Un Bcc: tous@example.test \xa0»\u202f?"


def test_a_retailers_own_list_is_printed() -> None:
    compiled = small(
        html="{% for pet in pets %}[{{ pet.name }}, {{ pet.species }}]{% endfor %}",
        text="{% for pet in pets %}{{ pet.name }} {% endfor %}",
        fields="  pets: list {name, species}",
    )
    rendered = render(compiled, "fr", "fr-CA", people(pets=[{"name": "Félix", "species": "chat", "owner": "hidden"}]))
    assert "[Félix, chat]" in rendered.html
    assert rendered.text.startswith("Félix")


@pytest.mark.parametrize(
    ("context", "sentence"),
    [
        ({"total": None}, "small, fr: field “total” is missing"),
        ({"total": "beaucoup"}, "field “total” should be an amount; it is 'beaucoup'"),
        ({"total": 12.5}, "field “total” should be an amount; it is 12.5"),
        ({"total": "NaN"}, "field “total” should be an amount"),
        ({"on": "10/03/2026"}, "field “on” should be a date like 2026-03-10"),
        ({"link": "javascript:alert(1)"}, "field “link” should be an https address"),
        ({"link": 'https://x" onclick="y'}, "field “link” should be an https address"),
        ({"lines": [{}]}, r"field “lines\[0\]\.title” is missing"),
        ({"lines": "abc"}, "field “lines” should be a list of at most 100"),
        ({"note": object()}, "field “note” should be text"),
    ],
)
def test_a_wrong_value_is_named(context: dict[str, Any], sentence: str) -> None:
    declared = "  total: money\n  on?: date\n  link: url\n  note?: text\n  lines?: list {title}"
    with pytest.raises(BadContext, match=sentence):
        render(small(fields=declared), "fr", "fr-CA", people(**{"total": "1", "link": "https://x.example"} | context))


def test_a_picture_that_is_not_safe_is_left_out() -> None:
    unsafe = book(1, image_url="http://lire.example/1.jpg")
    html = render(COMPILED["forgotten-cart"], "fr", "fr-CA", cart(unsafe)).html
    assert "1.jpg" not in html
    assert "Livre 1" in html


def test_a_field_of_a_record_that_was_not_declared_is_named() -> None:
    with pytest.raises(BadContext, match=r"small, fr, text, line 1: “shop\.fax” is not a declared field"):
        render(small(text="{{ shop.fax }}"), "fr", "fr-CA", people())


def test_money_dates_and_numbers_follow_the_locale() -> None:
    compiled = small(
        text="{{ total|money('CAD') }}, {{ price|money }}, {{ on|date }}, {{ on|date('day') }}, {{ n|number }}",
        fields="  total: money\n  price: money\n  on: date\n  n: number",
    )
    price = {"amount": Decimal("9.5"), "currency": "USD"}
    context = people(total=Decimal("1234.5"), price=price, on=date(2026, 11, 1), n=12345)
    written = [render(compiled, "fr", name, context).text.split("\n")[0] for name in ("fr-CA", "fr-FR", "en-CA")]
    assert written == [
        "1\xa0234,50\xa0$, 9,50\xa0$\xa0US, 1er novembre 2026, 1er novembre, 12\xa0345",
        "1\u202f234,50\xa0$CA, 9,50\xa0$US, 1er novembre 2026, 1er novembre, 12\u202f345",
        "$1,234.50, US$9.50, November 1, 2026, November 1, 12,345",
    ]


def test_money_without_a_currency_is_said() -> None:
    with pytest.raises(BadContext, match="money needs a currency"):
        render(small(text="{{ total|money }}", fields="  total: money"), "fr", "fr-CA", people(total="1"))


def test_a_language_that_is_not_written_is_said() -> None:
    with pytest.raises(BadDocument, match="“small” is not written in “en”"):
        render(small(), "en", "en-CA", people())


def test_an_endless_template_stops_with_one_sentence() -> None:
    loops = "".join(f"{{% for a{depth} in items %}}" for depth in range(8)) + "x" + "{% endfor %}" * 8
    compiled = small(text=loops, fields="  items: list {title}")
    with pytest.raises(BadContext, match="takes more than 50,000 steps; it seems to be endless"):
        render(compiled, "fr", "fr-CA", people(items=[{"title": "x"}] * 20))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{% for i in range(1000000000) %}x{% endfor %}", r"“range\(…\)” cannot be called"),
        ("{{ 'x' * 1000000000 }}", "does not multiply"),
        ("{% set a = note %}", "“set” is not part of the template language"),
        ("{% include 'secrets' %}", "“include” is not part"),
        ("{% autoescape false %}{{ note }}{% endautoescape %}", "“autoescape” is not part"),
        ("{{ note|safe }}", "there is no filter “safe”"),
        ("{{ note.upper() }}", r"“upper\(…\)” cannot be called"),
        ("{{ '}}'|safe }}", "there is no filter “safe”"),
        ("{{ note", "does not read"),
        ("{% if note %}", "does not read"),
        ("x" * 100_001, "longer than 100,000 characters"),
    ],
)
def test_the_language_of_templates_is_closed(text: str, sentence: str) -> None:
    with pytest.raises(BadDocument, match=sentence):
        small(text=text)


def test_an_error_names_the_file_and_the_line() -> None:
    text = shipped_text("win-back")
    line = next(number for number, words in enumerate(text.split("\n"), 1) if "{% if shop.phone %}" in words)
    with pytest.raises(BadDocument, match=f"^win-back.yaml:{line}: win-back, fr, mjml: there is no filter “tell”"):
        compile_text(text.replace("|tel }}", "|tell }}", 1), "win-back.yaml")
    with pytest.raises(BadDocument, match=r"^small.yaml:6: small, fr, subject: there is no filter “shout”"):
        small(subject="{{ note|shout }}")


@pytest.mark.parametrize(
    ("mjml", "sentence"),
    [
        ("<mj-section><mj-column>", "the MJML does not read"),
        ("<mj-section><mj-marquee/></mj-section>", "<mj-marquee> is not a tag of MJML that we use"),
        ("<mj-include path='/etc/passwd'/>", "<mj-include> is not a tag of MJML that we use"),
    ],
)
def test_mjml_that_does_not_read_is_said(mjml: str, sentence: str) -> None:
    document = f'message: small\nfr: {{subject: x, text: x, mjml: "{mjml}"}}\n'
    with pytest.raises(BadDocument, match=sentence):
        compile_text(document)


def test_no_network_is_needed_to_read_a_message() -> None:
    for name in SHIPPED:
        html = render(COMPILED[name], "fr", "fr-CA", CONTEXTS[name]).html
        assert "fonts.googleapis" not in html
        assert "@import" not in html
        assert "<link" not in html


def test_what_is_published_renders_like_what_was_written() -> None:
    for name in SHIPPED:
        published = compile_message(load_message(canonical_body(shipped(name))))
        for language in ("fr", "en"):
            arguments = (language, LOCALE[language], CONTEXTS[name])
            assert render(published, *arguments) == render(COMPILED[name], *arguments)
        assert canonical_body(load_message(canonical_body(shipped(name)))) == canonical_body(shipped(name))


names = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)


@settings(max_examples=25, deadline=None)
@given(st.lists(names, min_size=2, max_size=12, unique=True), st.randoms())
def test_order_and_company_change_nothing(first_names: list[str], shuffle: random.Random) -> None:
    contexts = [cart(book(1), contact={"first_name": name}, unsubscribe_url=f"https://lire.example/u/{place}")
                for place, name in enumerate(first_names)]  # fmt: skip
    alone = [render(compile_text(shipped_text("forgotten-cart")), "fr", "fr-CA", contexts[0])]
    order = list(range(len(contexts)))
    shuffle.shuffle(order)
    together = {place: render(COMPILED["forgotten-cart"], "fr", "fr-CA", contexts[place]) for place in order}
    one_by_one = [render(COMPILED["forgotten-cart"], "fr", "fr-CA", context) for context in contexts]
    assert [together[place] for place in range(len(contexts))] == one_by_one
    assert one_by_one[0] == alone[0]
    for place, rendered in together.items():
        tokens = {f"/u/{other}\n" for other in range(len(contexts)) if f"/u/{other}\n" in rendered.text}
        assert tokens == {f"/u/{place}\n"}


def test_literals_are_ascii_before_any_message_is_written() -> None:
    style, paragraph = "<style>a::before { content: '→' }</style>", """<p title='été'>{{ "é"|upper }} — é</p>"""
    assert to_mail_template(style + paragraph) == (
        "<style>a::before { content: '\\002192' }</style>"
        """<p title='&#233;t&#233;'>{{ "é"|upper }} &#8212; &#233;</p>"""
    )


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Merci {{ note }}.", "Merci ."),
        ("Merci {{ note | upper }}{{ note | title }}{{ note | trim }}.", "Merci ."),
        ("Merci {{ 'a' ~ note }}{{ [note, 'b'] | join(' ') }}.", "Merci a b."),
        ("Merci {{ contact.first_name }}.", "Merci ."),
        ("Merci {{ note | default('à vous') }}.", "Merci à vous."),
        ("{% if note is none and not note %}Merci.{% endif %}", "Merci."),
    ],
)
def test_what_is_absent_prints_nothing(text: str, read: str) -> None:
    context = people(contact={"first_name": None})
    rendered = render(small(html=text, text=text, subject=text), "fr", "fr-CA", context)
    assert (rendered.subject, rendered.text.splitlines()[0]) == (read, read)
    assert read in unescape(rendered.html)
    assert "none" not in (rendered.text + rendered.preheader).lower()
