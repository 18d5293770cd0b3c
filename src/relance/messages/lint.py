"""A message document becomes the list of what must be put right before it may leave."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html.parser import HTMLParser

from relance.base.errors import BadDocument
from relance.messages.absences import printed_though_absent
from relance.messages.documents import LANGUAGES, MessageDocument
from relance.messages.fields import BadContext, Field
from relance.messages.rendering import CompiledMessage, Rendered, compile_message, render
from relance.messages.samples import UNSUBSCRIBE, samples
from relance.messages.wording import LONGEST_SUBJECT, refused_words, shouting_subject

LARGEST_HTML = 100_000
"""Above about 102 kB mailbox providers cut the message, and the unsubscribe link with it."""

SAMPLE_LOCALE = {"fr": "fr-CA", "en": "en-CA"}
PROMOTION = re.compile(
    r"coupon|voucher|promo|discount|rebate|rabais|price|offer|suggest|recommend|complement|related|picks|up_?sell",
    re.IGNORECASE,
)
PROMISES = re.compile(
    r"\b(?:coupons?|codes? promo\w*|promo(?:tion)? codes?|discounts?|rabais|réductions?|bons? d’achat|vouchers?"
    r"|\d+\s?% (?:off|de rabais|de réduction|de moins)|special offers?|offres? spéciales?)\b",
    re.IGNORECASE,
)
COUPON = re.compile(r"coupon|promo_?code|discount|rabais|voucher", re.IGNORECASE)
_ACTIVE = {"script", "iframe", "object", "embed", "form", "link", "base", "meta-refresh"}
_LINKS = ("https://", "mailto:", "tel:", "#")
_PLACEHOLDERS = {"example.com", "example.org", "example.net", "www.example.com"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to put right: a code, a sentence, and the language it is about where it is about one.

    `refuses`: the message may not leave before; else it is advice.
    """

    code: str
    sentence: str
    language: str | None = None
    refuses: bool = True


class _Page(HTMLParser):
    """Links, images, words and active parts of an HTML mail."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.active: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _ACTIVE:
            self.active.append(tag)
        for name, value in attrs:
            if name.startswith("on"):
                self.active.append(name)
            if name in ("href", "src", "action", "background"):
                self.links.append(value or "")

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@lru_cache(maxsize=2)
def _page(html: str) -> _Page:
    page = _Page()
    page.feed(html)
    return page


def _bad_links(links: Sequence[str]) -> Iterator[tuple[str, str]]:
    for link in sorted(set(links)):
        if link.startswith("http://"):
            yield "http_link", f"the link {link} is not safe; begin it with https://"
        elif not link.startswith(_LINKS):
            yield "bad_link", f"“{link:.60}” is not a link that a mail may carry; use https, mailto or tel"
        elif _leads_nowhere(link):
            yield "dead_link", f"the link “{link:.60}” leads nowhere; write the whole address"


def _leads_nowhere(link: str) -> bool:
    """Whether the form alone shows that nobody finished it; no address is ever asked."""
    scheme, _, rest = link.partition(":")
    if scheme == "mailto":
        return not re.match(r"[^@?\s]+@[^@?\s]+\.[^@?\s]+", rest)
    if scheme == "tel":
        return len(re.sub(r"\D", "", rest)) < 3
    if link.startswith("#"):
        return len(link) == 1
    host = re.split(r"[/?#]", rest.removeprefix("//"))[0].rpartition("@")[2].partition(":")[0].lower()
    return not re.fullmatch(r"[^\s.]+(\.[^\s.]+)+", host) or host in _PLACEHOLDERS


_WHO = (("Marque Exemple", "1, rue de la Marque"), ("Boutique Exemple", "2, rue de la Boutique"))


def _identified(text: str) -> bool:
    return any(name in text and place in text for name, place in _WHO)


def _html_findings(rendered: Rendered) -> Iterator[tuple[str, str]]:
    page = _page(rendered.html)
    yield from _bad_links(page.links)
    if page.active or "@import" in rendered.html:
        yield "active_content", f"a mail carries no {', '.join(page.active) or '@import'}; take it out"
    if UNSUBSCRIBE not in page.links:
        yield "no_unsubscribe", "the HTML has no unsubscribe link; add {{ unsubscribe_url }}"
    if not _identified(" ".join(page.words)):
        yield (
            "no_identification",
            "the HTML does not say who writes and from where; add the name and address of the shop",
        )
    if len(rendered.html) > LARGEST_HTML:
        yield (
            "too_large",
            f"the HTML has {len(rendered.html):,} characters; above {LARGEST_HTML:,} it is cut on arrival",
        )


def _text_findings(rendered: Rendered) -> Iterator[tuple[str, str]]:
    if UNSUBSCRIBE not in rendered.text:
        yield "no_unsubscribe", "the text part has no unsubscribe link; add {{ unsubscribe_url }}"
    if not _identified(rendered.text):
        yield (
            "no_identification",
            "the text part does not say who writes and from where; add the name and address",
        )
    yield from _bad_links(re.findall(r"\b(?:https?|javascript|data):[^\s)>]*", rendered.text))
    if not rendered.subject:
        yield "no_subject", "the subject is empty"


def _wording(rendered: Rendered) -> Iterator[tuple[str, str]]:
    words = " ".join(_page(rendered.html).words)
    yield from refused_words("\n".join((rendered.subject, rendered.preheader, rendered.text, words)))
    yield from shouting_subject(rendered.subject)


CHECKS: tuple[Callable[[Rendered], Iterator[tuple[str, str]]], ...] = (
    _html_findings,
    _text_findings,
    _wording,
)


def _names(fields: Sequence[Field]) -> Iterator[str]:
    for field in fields:
        yield field.name
        yield from _names(field.of)


def _promoting(document: MessageDocument, rendered: Rendered) -> Iterator[tuple[str, str]]:
    """What a message after a purchase may not say: it would be marketing, which wants another consent."""
    if document.purpose == "marketing":
        return
    words = " ".join(_page(rendered.html).words)
    for found in sorted({one.lower() for one in PROMISES.findall(f"{rendered.subject}\n{rendered.text}\n{words}")}):
        yield "promotion", f"“{found}” promotes; a {document.purpose} message may not"


def _field_findings(document: MessageDocument) -> Iterator[Finding]:
    names = list(_names(document.declared()))
    about_cart = "cart" in document.message or "cart_url" in names
    for name in names:
        if about_cart and COUPON.search(name):
            yield Finding(
                "coupon_in_cart",
                f"a cart message has no “{name}”: nobody should learn to leave for a discount",
            )
        elif document.purpose != "marketing" and PROMOTION.search(name):
            yield Finding("promotion", f"“{name}” promotes; a {document.purpose} message may not")


def _language_findings(document: MessageDocument, compiled: CompiledMessage, language: str) -> Iterator[Finding]:
    for context in samples(compiled.fields):
        try:
            rendered = render(compiled, language, SAMPLE_LOCALE[language], context)
        except BadContext as error:
            code = "unknown_field" if "is not a declared field" in str(error) else "does_not_render"
            yield Finding(code, str(error), language)
            continue
        for check in CHECKS:
            yield from (Finding(code, sentence, language) for code, sentence in check(rendered))
        yield from (Finding(code, said, language) for code, said in _promoting(document, rendered))
        yield from _advice(rendered, language)


def _absent_findings(compiled: CompiledMessage, language: str) -> Iterator[Finding]:
    for part, name in printed_though_absent(compiled, language, SAMPLE_LOCALE[language]):
        remedy = 'put {% if … %} around it, or say what stands instead: | default("…")'
        said = f"“{name}” may be absent and the {part} in “{language}” prints it; {remedy}"
        yield Finding("may_be_absent", said, language)


def _advice(rendered: Rendered, language: str) -> Iterator[Finding]:
    if len(rendered.subject) > LONGEST_SUBJECT:
        said = f"“{rendered.subject}” has {len(rendered.subject)} characters; after {LONGEST_SUBJECT} it is cut"
        yield Finding("long_subject", said, language, refuses=False)
    if not rendered.preheader:
        said = "there is no preheader; mailboxes show the first words of the mail instead"
        yield Finding("no_preheader", said, language, refuses=False)


def lint(document: MessageDocument) -> list[Finding]:
    """All that must be put right before the message may leave, and advice; nothing that refuses when it may."""
    missing = [
        Finding("missing_language", f"the message is not written in “{language}” yet", language)
        for language in LANGUAGES
        if document.block(language) is None
    ]
    try:
        compiled = compile_message(document)
    except BadDocument as error:
        return [*missing, *_field_findings(document), Finding("does_not_compile", str(error))]
    found = [*missing, *_field_findings(document)]
    for language in compiled.environments:
        found += _absent_findings(compiled, language)
        found += _language_findings(document, compiled, language)
    return list(dict.fromkeys(found))
