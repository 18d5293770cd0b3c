"""A document that is wrong is refused in one sentence that says where."""

from __future__ import annotations

import pytest

from relance.base.errors import BadDocument, NotFound
from relance.messages.documents import load_message, shipped

GOOD = """\
message: hello
purpose: service
fields:
  note?: text
fr:
  subject: Bonjour
  mjml: <mj-section/>
  text: Bonjour
"""


def test_a_good_document_is_read() -> None:
    document = load_message(GOOD)
    assert (document.message, document.purpose, document.en) == ("hello", "service", None)
    assert [(field.name, field.kind, field.optional) for field in document.declared()] == [("note", "text", True)]


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ("purpose: service", "purpose: nuisance", "hello.yaml:2: “purpose”: “nuisance” is none of marketing, service"),
        ("  subject: Bonjour", "  subjet: Bonjour", "hello.yaml:5: “fr.subject” is missing"),
        (
            "  text: Bonjour",
            "  text: Bonjour\n  colour: red",
            "hello.yaml:9: “fr.colour” is not known here",
        ),
        ("fields:", "fields: 3\nother:", "hello.yaml:3: “fields”"),
        ("note?: text", "note?: poem", "hello.yaml:4: field “note”: “poem” is not a kind"),
        ("note?: text", "Note: text", "“Note” is not a field name"),
        ("note?: text", "note: {list: {}}", "a list or record needs its fields"),
        ("note?: text", "note: {lists: {a: text}}", "“note” is not understood"),
        ("note?: text", "note: {list: [a], at_most: 0}", "at_most is a number from 1 up"),
        ("purpose: service", "purpose: service\nmessage: again", "hello.yaml:3: “message” is said twice"),
        ("purpose: service", "purpose: [", "hello.yaml"),
        ("  subject: Bonjour", "  subject: &a Bonjour\n  why: *a", "anchors are not allowed"),
        ("purpose: service", "purpose: \x01", "hello.yaml"),
    ],
)
def test_a_wrong_document_is_refused_with_its_line(before: str, after: str, sentence: str) -> None:
    with pytest.raises(BadDocument, match=sentence):
        load_message(GOOD.replace(before, after), "hello.yaml")


@pytest.mark.parametrize("text", ["", "just words", "- a\n- b", "x" * 1_000_001])
def test_what_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(BadDocument, match=r"hello\.yaml:(1:)? (a message document has|is longer)"):
        load_message(text, "hello.yaml")


def test_the_library_says_what_it_has() -> None:
    assert shipped("win-back").message == "win-back"
    with pytest.raises(NotFound, match=r"no message “\.\./secrets” in the library"):
        shipped("../secrets")
