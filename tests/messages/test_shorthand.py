"""A message rendered in shorthand is, written out, the message rendered in full, to the last byte of its mail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from relance.channels.channel import Message
from relance.channels.email.mime import to_bytes, to_wire
from relance.channels.settings import Sender
from relance.messages.documents import SHIPPED, shipped, whole
from relance.messages.fields import plain, with_common
from relance.messages.following import Trail, follow
from relance.messages.links import SigningKey
from relance.messages.mjml import to_html_template, to_mail_template
from relance.messages.rendering import PARTS, Rendered, compile_message, render
from relance.messages.samples import samples
from relance.messages.shorthand import LONGHAND, shorten
from relance.messages.templates import fill, make_environment

HOSTILE = (
    "\n.\n..dot", "<~0<~", "</body><b>&\"'", "é€📚 «x»", "a\r\nBcc: x@y.example\r\n\r\n.", "x" * 1_500,
    " . ", "\x00\x1e\x1f\u2028z", "x" * 75 + " \n ", "\r.\rfoo\r\r",
)  # fmt: skip
TRAIL = Trail(
    SigningKey("1", b"a secret of a test"), "https://mail.shop.example", 7, "s", "t", "o", "email", True, True
)


def spoilt(value: Any, by: str) -> Any:
    """The value with every text a person may have written in it replaced."""
    if isinstance(value, dict):
        return {name: one if name == "currency" else spoilt(one, by) for name, one in value.items()}
    if isinstance(value, list):
        return [spoilt(one, by) for one in value]
    return by if isinstance(value, str) and not value.startswith("https") and not value[:4].isdigit() else value


def letter(rendered: Rendered) -> Message:
    sender, at = Sender("Élan", "bonjour@shop.example"), datetime(2026, 3, 10, 13, tzinfo=UTC)
    feedback = ("s", "t", "marketing", "shop")
    link = "https://mail.shop.example/t/u/1.a.b"
    return Message("marie@example.test", sender, rendered, "<1@shop.example>", feedback, link, "fr", at)


def contexts(name: str) -> Iterator[dict[str, Any]]:
    for sample in samples(compile_message(shipped(name)).fields):
        yield from (sample, *(spoilt(sample, by) for by in HOSTILE))


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_short_and_in_full_are_the_same_mail(name: str, language: str) -> None:
    compiled, document = compile_message(shipped(name)), whole(shipped(name))
    block = document.block(language)
    assert block is not None
    parts = (block.subject, block.preheader, block.text, to_mail_template(to_html_template(block.mjml)))
    in_full = make_environment(dict(zip(PARTS, parts, strict=True)))
    for context in contexts(name):
        short = render(compiled, language, f"{language}-CA", context)
        assert len(short.short_html) < len(short.html) - 10_000
        values = plain(compiled.fields, with_common(context, language)) | {"locale": f"{language}-CA"}
        assert short.html == fill(in_full, "html", values)
        assert short.text.split() == fill(in_full, "text", values).split()
        for one in (short, follow(short, TRAIL)):
            long = replace(one, short_html=one.html, shorthand=LONGHAND)
            assert to_bytes(letter(one)) == to_bytes(letter(long))
            assert to_wire(letter(one)) == to_bytes(letter(long)).replace(b"\r\n.", b"\r\n..") + b".\r\n"


def test_followed_links_are_the_same_in_short_and_in_full() -> None:
    page, static = "<p class='a literal that is long enough to stand behind a mark of its own'>x</p>", "x" * 80
    template = f"""<body>{page}<a href='https://a.example/{static}'>{page}</a><a href="{{{{ url }}}}?b">{page}</a>
    <a class={{{{ url }}}} href="https://d.example/{static}">{page}</a><i title="{{{{ url }}}}" href='https://e.example'>
    {page}"https://{static}"</i></body>"""
    short, shorthand = shorten(template)
    assert page[10:] not in short
    one = Rendered("", "", short.replace("{{ url }}", "https:&#x2f;&#x2f;c.example"), "", shorthand)
    long = replace(one, short_html=one.html, shorthand=LONGHAND)
    assert follow(one, TRAIL).html == follow(long, TRAIL).html
    assert follow(one, TRAIL).html.count("/t/c/") == 5  # four links and the one that nobody sees


def test_a_template_that_looks_like_shorthand_is_left_in_full() -> None:
    template = "<p>" + "literal " * 20 + "</p><~0<~"
    assert shorten(template) == (template, LONGHAND)
