"""A message document (YAML or JSON) becomes a checked message, or a sentence with its line."""

from __future__ import annotations

import json
import re
from html import escape
from importlib.resources import files
from itertools import zip_longest
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from relance.base.documents import Document, load_document, validated
from relance.base.errors import BadDocument, NotFound
from relance.messages.fields import Field, declare
from relance.messages.templates import TAG

MESSAGE = "message"  # the kind of its documents in the ledger
LANGUAGES = ("fr", "en")
LIBRARY = files("relance.messages") / "library"
SHIPPED = tuple(sorted(item.name.removesuffix(".yaml") for item in LIBRARY.iterdir() if item.name.endswith(".yaml")))
Purpose = Literal["marketing", "service", "transactional"]
_AFTER_AN_ORDER = {
    "fr": "Vous recevez ce courriel à la suite de votre commande.",
    "en": "You are receiving this email following your order.",
}
_WHY: dict[Purpose, dict[str, str]] = {
    "marketing": {
        "fr": "Vous recevez ce courriel parce que vous avez accepté de recevoir nos nouvelles.",
        "en": "You are receiving this email because you agreed to hear from us.",
    },
    "service": _AFTER_AN_ORDER,
    "transactional": _AFTER_AN_ORDER,
}


class Block(BaseModel):
    """The message in one language; each text is a template.

    `mjml` is a list of sections, put between the header and footer of the house, or a whole document.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    subject: str
    preheader: str = ""
    mjml: str
    text: str
    why: str | None = None


class MessageDocument(BaseModel):
    """What a message says and which fields it needs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    message: str
    purpose: Purpose = "marketing"
    fields: dict[str, Any] = {}
    follow_links: bool | None = None  # false: its links stay as written, whatever the settings say
    fr: Block | None = None
    en: Block | None = None

    def block(self, language: str) -> Block | None:
        """The text in one language, None where there is none."""
        return {"fr": self.fr, "en": self.en}.get(language)

    def declared(self) -> tuple[Field, ...]:
        """The fields of its own. Raises BadDocument."""
        return tuple(declare(name, kind) for name, kind in self.fields.items())


Lines = dict[tuple[str, str], int]
"""The line before the first one of each text, by language and part."""


def _text_lines(text: str, document: Document) -> Lines:
    rows, lines = text.split("\n"), {}
    for language, block in document.data.items():
        for part in block if isinstance(block, dict) else ():
            line = document.line((language, part)) or 1
            # A text after “|” or “>” begins on the next line, another one on the line of its name.
            lines[language, part] = line if re.search(r":\s*[|>][-+\d]*\s*$", rows[line - 1]) else line - 1
    return lines


def read_document(text: str, source: str | None = None) -> tuple[MessageDocument, Lines]:
    """The document, and where its texts begin. Raises BadDocument with source and line."""
    said = load_document(text, source)
    if not isinstance(said.data, dict):
        raise said.error("a message document has message, fields, fr and en")
    document = validated(MessageDocument, said)
    for name, kind in document.fields.items():
        try:
            declare(name, kind)
        except BadDocument as error:
            raise said.error(str(error), ("fields", name)) from None
    return document, _text_lines(text, said)


def load_message(text: str, source: str | None = None) -> MessageDocument:
    """A checked message document. Raises BadDocument with source and line."""
    return read_document(text, source)[0]


def is_whole(mjml: str) -> bool:
    """Whether the text is a whole MJML document rather than the sections of one."""
    return mjml.lstrip().startswith("<mjml")


def _escaped(template: str) -> str:
    """Plain text with tags, as it may stand between XML tags."""
    pieces = zip_longest(TAG.split(template), TAG.findall(template), fillvalue="")
    return "".join(escape(text, quote=False) + tag for text, tag in pieces)


def _house(name: str) -> str:
    return (LIBRARY / name).read_text("utf-8")


def _whole_block(block: Block, language: str, purpose: Purpose) -> Block:
    if is_whole(block.mjml):
        return block
    why = block.why or _WHY[purpose][language]
    layout, text = (
        _house(f"layout.{language}.mjml"),
        block.text.rstrip() + "\n\n" + _house(f"footer.{language}.txt"),
    )
    parts = {"subject": block.subject, "preheader": block.preheader, "why": why}
    for mark, part in parts.items():
        layout = layout.replace(f"[[{mark}]]", _escaped(part))
    layout = layout.replace("[[style]]", _house("style.css")).replace("[[body]]", block.mjml)
    return Block(subject=block.subject, preheader=block.preheader, mjml=layout, text=text.replace("[[why]]", why))


def whole(document: MessageDocument) -> MessageDocument:
    """The same message with header and footer of the house written out, so that a version never changes."""
    purpose = document.purpose
    blocks = {name: _whole_block(block, name, purpose) for name in LANGUAGES if (block := document.block(name))}
    return document.model_copy(update=blocks)


def canonical_body(document: MessageDocument) -> str:
    """The text to publish: whole, one form for one meaning."""
    return json.dumps(whole(document).model_dump(exclude_none=True), ensure_ascii=False, sort_keys=True)


def shipped_text(name: str) -> str:
    """The YAML of a message we ship. Raises NotFound."""
    if name not in SHIPPED:
        raise NotFound(f"there is no message “{name}” in the library; it has {', '.join(SHIPPED)}")
    return _house(f"{name}.yaml")


def shipped(name: str) -> MessageDocument:
    """A message we ship. Raises NotFound."""
    return load_message(shipped_text(name), f"library/{name}.yaml")
