"""A document is compiled once; with a context it becomes subject, preheader, HTML and text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from minijinja import Environment

from relance.base.errors import BadDocument
from relance.base.locale import locale_named
from relance.messages.documents import (
    LANGUAGES,
    Block,
    Lines,
    MessageDocument,
    is_whole,
    read_document,
    whole,
)
from relance.messages.fields import COMMON, BadContext, Field, plain, with_common
from relance.messages.mjml import check_sections, to_html_template, to_mail_template
from relance.messages.shorthand import LONGHAND, Shorthand, shorten
from relance.messages.templates import TemplateTrouble, fill, make_environment, refuse

LONGEST_OUTPUT = 500_000
_BREAKS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
_TRAILING = re.compile(r"[ \t]+\n")
PARTS = ("subject", "preheader", "text", "html")


@dataclass(frozen=True, slots=True)
class CompiledMessage:
    """A message ready to be filled; holds no value of any contact."""

    name: str
    purpose: str
    fields: tuple[Field, ...]
    environments: Mapping[str, Environment]
    shorthands: Mapping[str, Shorthand]


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message for one contact. Subject and preheader are one line each."""

    subject: str
    preheader: str
    short_html: str
    text: str
    shorthand: Shorthand = LONGHAND

    @property
    def html(self) -> str:
        return self.shorthand.written_out(self.short_html)


def one_line(text: str) -> str:
    """The text without line breaks or other control characters: safe in a header."""
    if text.isprintable():
        return text.strip()
    return _BREAKS.sub(" ", text).strip()


def _check_part(part: str, text: str) -> None:
    make_environment({part: text})
    if part == "mjml" and not is_whole(text):
        check_sections(text)


def _check_own(document: MessageDocument, language: str, source: str | None, lines: Lines) -> None:
    block = document.block(language)
    for part in ("subject", "preheader", "mjml", "text", "why"):
        try:
            _check_part(part, getattr(block, part) or "")
        except TemplateTrouble as trouble:
            before = lines.get((language, part), 0)
            raise refuse(trouble, f"{document.message}, {language}, {part}", source, before) from None


def _compiled_block(block: Block, place: str, source: str | None) -> tuple[Environment, Shorthand]:
    try:
        html, shorthand = shorten(to_mail_template(to_html_template(block.mjml)))
        texts = (block.subject, block.preheader, block.text, html)
        return make_environment(dict(zip(PARTS, texts, strict=True))), shorthand
    except TemplateTrouble as trouble:
        raise refuse(trouble, place, source) from None


def compile_message(document: MessageDocument, source: str | None = None) -> CompiledMessage:
    """Compile every language of a message. Raises BadDocument naming language, part and line."""
    return _checked(document, source, {})


def compile_text(text: str, source: str | None = None) -> CompiledMessage:
    """Read and compile a document. Raises BadDocument naming the line of the file."""
    document, lines = read_document(text, source)
    return _checked(document, source, lines)


def compile_published(document: MessageDocument, language: str, source: str | None = None) -> CompiledMessage:
    """One language of a message whose texts were checked when it was published. Raises BadDocument."""
    return _compiled(document, source, (language,))


def _checked(document: MessageDocument, source: str | None, lines: Lines) -> CompiledMessage:
    """The author's own text first, for the lines of the file; then with header and footer of the house."""
    for language in LANGUAGES:
        if document.block(language):
            _check_own(document, language, source, lines)
    return _compiled(document, source, LANGUAGES)


def _compiled(document: MessageDocument, source: str | None, languages: Sequence[str]) -> CompiledMessage:
    made = {
        language: _compiled_block(block, f"{document.message}, {language}", source)
        for language in languages
        if (block := whole(document).block(language))
    }
    environments = {language: environment for language, (environment, _) in made.items()}
    shorthands = {language: shorthand for language, (_, shorthand) in made.items()}
    fields = (*COMMON, *document.declared())
    return CompiledMessage(document.message, document.purpose, fields, environments, shorthands)


def _tidy(text: str) -> str:
    if " \n" in text or "\t\n" in text:
        text = _TRAILING.sub("\n", text)
    while (closer := text.replace("\n\n\n", "\n\n")) != text:
        text = closer
    return text.strip() + "\n"


def _filled(environment: Environment, part: str, values: Mapping[str, Any], place: str) -> str:
    try:
        return fill(environment, part, values)
    except TemplateTrouble as trouble:
        raise BadContext(f"{place}, {part}, line {trouble.line or '?'}: {trouble}") from None


def _refuse_long(parts: Sequence[str], place: str) -> None:
    for part, text in zip(PARTS, parts, strict=True):
        if len(text) > LONGEST_OUTPUT:
            raise BadContext(f"{place}, {part}: the result is longer than {LONGEST_OUTPUT:,} characters")


def render(compiled: CompiledMessage, language: str, locale: str, context: Mapping[str, Any]) -> Rendered:
    """The message for one contact: the same arguments always give the same result.

    `locale` (fr-CA, fr-FR, en-CA, …) says how money, dates and numbers are written. Raises BadContext when a
    field is missing or of another kind, or the template does not end; BadDocument for a language the message
    is not written in.
    """
    environment = compiled.environments.get(language)
    if environment is None:
        raise BadDocument(f"the message “{compiled.name}” is not written in “{language}”")
    place = f"{compiled.name}, {language}"
    try:
        values = plain(compiled.fields, with_common(context, language))
    except BadContext as error:
        raise BadContext(f"{place}: {error}") from None
    values["locale"] = locale_named(locale).name
    subject, preheader, text, html = (_filled(environment, part, values, place) for part in PARTS)
    shorthand = compiled.shorthands[language]
    if max(shorthand.at_most(html), len(text), len(subject), len(preheader)) > LONGEST_OUTPUT:
        _refuse_long((subject, preheader, text, shorthand.written_out(html)), place)
    return Rendered(one_line(subject), one_line(preheader), html, _tidy(text), shorthand)
