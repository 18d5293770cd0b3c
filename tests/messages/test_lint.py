"""What must be put right before a message may leave."""

from __future__ import annotations

import pytest

from relance.messages.documents import SHIPPED, MessageDocument, load_message, shipped
from relance.messages.lint import lint

HTML = (
    "<mjml><mj-body><mj-section><mj-column><mj-text>{{ shop.name }}, {{ shop.address }} "
    "<a href='{{ unsubscribe_url }}'>non</a> BODY</mj-text></mj-column></mj-section></mj-body></mjml>"
)
TEXT = "{{ shop.name }}, {{ shop.address }} {{ unsubscribe_url }} BODY"
ROWS = {"rows": "list {name}"}


def message(
    html: str = "", text: str = "", *, whole: str = HTML, plain: str = TEXT, subject: str = "Bonjour", **more: object
) -> MessageDocument:
    block = {
        "subject": subject,
        "preheader": "Un mot",
        "mjml": whole.replace("BODY", html),
        "text": plain.replace("BODY", text),
    }
    return MessageDocument.model_validate({"message": "hello", "fr": block, "en": block, **more})


def codes(document: MessageDocument) -> set[str]:
    return {finding.code for finding in lint(document)}


@pytest.mark.parametrize("name", SHIPPED)
def test_what_we_ship_has_nothing_to_put_right(name: str) -> None:
    assert lint(shipped(name)) == []


def test_a_plain_good_message_passes() -> None:
    assert lint(message()) == []


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (message(en=None), "missing_language"),
        (message("{{ colour }}"), "unknown_field"),
        (message(text="{{ contact.shoe_size }}"), "unknown_field"),
        (message("<a href='http://shop.example/'>x</a>"), "http_link"),
        (message(text="http://shop.example/"), "http_link"),
        (message("<a href='javascript:alert(1)'>x</a>"), "bad_link"),
        (message("<a href='{{ greeting }}'>x</a>"), "bad_link"),
        (message("<img src='data:image/png;base64,AA' />"), "bad_link"),
        (message("<a href='#'>x</a>"), "dead_link"),
        (message("<a href='https://'>x</a>"), "dead_link"),
        (message("<a href='https:///panier'>x</a>"), "dead_link"),
        (message("<a href='https://example'>x</a>"), "dead_link"),
        (message(text="https://example/panier"), "dead_link"),
        (message("<a href='https://example.com/offre'>x</a>"), "dead_link"),
        (message("<a href='mailto:libraire'>x</a>"), "dead_link"),
        (message("<a href='tel:'>x</a>"), "dead_link"),
        (message("<a href=''>x</a>"), "bad_link"),
        (message("<a href='vbscript:x'>x</a>"), "bad_link"),
        (message("<a href='//shop.example/'>x</a>"), "bad_link"),
        (message("<script>x</script>"), "active_content"),
        (message("<b onclick='x()'>x</b>"), "active_content"),
        (message(whole=HTML.replace("{{ unsubscribe_url }}", "https://x.example")), "no_unsubscribe"),
        (message(plain=TEXT.replace("{{ unsubscribe_url }}", "")), "no_unsubscribe"),
        (message(whole=HTML.replace("{{ shop.address }}", "")), "no_identification"),
        (message(plain=TEXT.replace("{{ shop.name }}", "")), "no_identification"),
        (message("{% for i in rows %}" + "x" * 15_000 + "{% endfor %}", fields=ROWS), "too_large"),
        (message("Dernière chance !"), "urgency"),
        (message(text="Only a few left"), "urgency"),
        (message(text="Ne manquez pas cela"), "urgency"),
        (message("Cliquez ici"), "spam_words"),
        (message(text="Satisfaction guaranteed"), "spam_words"),
        (message(text="Vous avez gagné"), "spam_words"),
        (message(text="Dear customer"), "spam_words"),
        (message(text="Enfin !!"), "spam_words"),
        (message("{% for x in y %}"), "does_not_compile"),
        (message(message="forgotten-cart", fields={"coupon_code?": "text"}), "coupon_in_cart"),
        (message(fields={"cart_url": "url", "discount?": "money"}), "coupon_in_cart"),
        (message(purpose="service", fields={"items": {"list": {"price": "money"}}}), "promotion"),
        (message(purpose="transactional", fields={"suggestions?": {"list": {"title": "text"}}}), "promotion"),
        (message(purpose="transactional", text="10 % de rabais"), "promotion"),
        (message("Voici un code promo", purpose="service"), "promotion"),
    ],
)
def test_what_is_wrong_is_found(document: MessageDocument, code: str) -> None:
    assert codes(document) == {code}


def test_a_finding_says_the_language() -> None:
    document = message().model_copy(update={"en": message("<a href='http://x.example/'>x</a>").en})
    assert [(finding.code, finding.language) for finding in lint(document)] == [("http_link", "en")]


def test_sections_get_the_footer_of_the_house() -> None:
    document = load_message(
        "message: hello\n"
        "fr: {subject: Bonjour, preheader: Un mot, mjml: <mj-section/>, text: Bonjour}\n"
        "en: {subject: Hello, preheader: A word, mjml: <mj-section/>, text: Hello}\n"
    )
    assert lint(document) == []


def test_a_subject_in_capitals_is_refused_and_a_name_in_capitals_is_not() -> None:
    assert codes(message(subject="VOTRE PANIER VOUS ATTEND")) == {"spam_words"}
    assert codes(message(subject="ACL vous répond")) == set()


@pytest.mark.parametrize(
    "words", ["La livraison est gratuite", "free delivery", "un ami cher", "the last of the Mohicans"]
)
def test_what_a_good_shop_may_well_say_passes(words: str) -> None:
    assert codes(message(text=words)) == set()


def test_a_long_subject_is_advice_and_refuses_nothing() -> None:
    long = lint(message(subject="Un mot " * 9))
    assert {(finding.code, finding.refuses) for finding in long} == {("long_subject", False)}
    short = lint(message(subject="x" * 60))
    assert short == []


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (
            message(subject="Merci {{ contact.first_name }}"),
            "“contact.first_name” may be absent and the subject in “fr”",
        ),
        (message(text="{{ worth | upper }}", fields={"worth?": "text"}), "“worth” may be absent and the text in “fr”"),
        (message(text="{{ 'de ' ~ worth }}", fields={"worth?": "text"}), "“worth” may be absent and the text in “fr”"),
        (message("{{ total | money('CAD') }}", fields={"total?": "money"}), "“total” may be absent and the html in"),
        (message("{{ coupon.code }}", fields={"coupon?": {"record": {"code": "text"}}}), "“coupon” may be absent"),
        (
            message("{% for b in books %}{{ b.author }}{% endfor %}", fields={"books": "list {title, author?}"}),
            "“books.author” may be absent and the html in “fr”",
        ),
        (
            message(text="{% if not a %}{{ b }}{% endif %}", fields={"a?": "text", "b?": "text"}),
            "“b” may be absent and the text in “fr”",
        ),
    ],
)
def test_a_value_that_may_be_absent_is_not_printed_without_asking(document: MessageDocument, said: str) -> None:
    first = lint(document)[0]
    assert (first.code, first.refuses) == ("may_be_absent", True)
    assert said in first.sentence
    assert "{% if" in first.sentence


@pytest.mark.parametrize(
    "text",
    [
        "{% if worth %}{{ worth }}{% endif %}",
        "{% if worth is not none %}{{ worth }}{% endif %}",
        "{{ worth | default('something') }}",
        "{{ worth or 'something' }}",
        "{{ worth if worth else 'something' }}",
    ],
)
def test_a_text_that_asks_first_reads_well_without(text: str) -> None:
    assert lint(message(text=text, fields={"worth?": "text"})) == []
