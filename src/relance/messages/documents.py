"""A message document (YAML or JSON) becomes a checked message, or a sentence with its line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from html import escape
from importlib.resources import files
from itertools import zip_longest
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from relance.base.errors import BadDocument, NotFound
from relance.messages.fields import Field, declare
from relance.messages.templates import TAG

LANGUAGES = ("fr", "en")
LONGEST_DOCUMENT = 400_000
SHIPPED = ("second-purchase", "win-back", "forgotten-cart")
_WHY = {
    "fr": "Vous recevez ce courriel parce que vous avez accepté de recevoir nos nouvelles.",
    "en": "You are receiving this email because you agreed to hear from us.",
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
    purpose: Literal["marketing", "service", "transactional"] = "marketing"
    fields: dict[str, Any] = {}
    fr: Block | None = None
    en: Block | None = None

    def block(self, language: str) -> Block | None:
        """The text in one language, None where there is none."""
        return {"fr": self.fr, "en": self.en}.get(language)

    def declared(self) -> tuple[Field, ...]:
        """The fields of its own. Raises BadDocument."""
        return tuple(declare(name, kind) for name, kind in self.fields.items())


TEXT = "#text"
"""Marks, in a path of `Lines`, the line before the first one of a text."""

Lines = dict[tuple[str, ...], int]


class _Loader(yaml.SafeLoader):
    """YAML where only true and false are flags: a field may be called `on`, and a date stays as written."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if not tag.endswith((":bool", ":timestamp"))]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))


def _walk(
    node: yaml.Node, path: tuple[str, ...], line: int, source: str | None
) -> Iterator[tuple[tuple[str, ...], int]]:
    yield path, line
    if isinstance(node, yaml.ScalarNode):
        first = node.start_mark.line + 1
        yield (*path, TEXT), first if node.style in ("|", ">") else first - 1
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            line = key.start_mark.line + 1
            if str(key.value) in seen:
                raise BadDocument(f"“{key.value}” is written twice", source=source, line=line)
            seen.add(str(key.value))
            yield from _walk(value, (*path, str(key.value)), line, source)


def _parse(text: str, source: str | None) -> tuple[Any, Lines]:
    if len(text) > LONGEST_DOCUMENT:
        raise BadDocument(f"the document is longer than {LONGEST_DOCUMENT:,} characters", source=source)
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=_Loader)):
            raise BadDocument("aliases (*name) are not understood; write the text out", source=source)
        node = yaml.compose(text, Loader=_Loader)
        lines = dict(_walk(node, (), 1, source)) if node is not None else {}
        return yaml.load(text, Loader=_Loader), lines
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise BadDocument(f"this is not YAML ({error.problem})", source=source, line=line) from None
    except (yaml.YAMLError, RecursionError):
        raise BadDocument("this is not YAML", source=source) from None


def _first_wrong(error: ValidationError) -> tuple[str, tuple[str, ...]]:
    first = error.errors()[0]
    path = tuple(str(part) for part in first["loc"])
    name = " → ".join(path)
    if first["type"] == "extra_forbidden":
        return f"“{name}” is not understood here", path
    if first["type"] == "missing":
        return f"“{name}” is missing", path[:-1]
    return f"“{name}”: {first['msg'][0].lower()}{first['msg'][1:]}", path


def read_document(text: str, source: str | None = None) -> tuple[MessageDocument, Lines]:
    """The document and the line of each of its parts. Raises BadDocument with source and line."""
    data, lines = _parse(text, source)
    if not isinstance(data, Mapping):
        raise BadDocument("a message document has message, fields, fr and en", source=source)
    try:
        document = MessageDocument.model_validate(data)
    except ValidationError as error:
        sentence, path = _first_wrong(error)
        raise BadDocument(sentence, source=source, line=lines.get(path)) from None
    for name, kind in document.fields.items():
        try:
            declare(name, kind)
        except BadDocument as error:
            raise BadDocument(str(error), source=source, line=lines.get(("fields", name))) from None
    return document, lines


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
    return (files("relance.messages") / "library" / name).read_text("utf-8")


def _whole_block(block: Block, language: str) -> Block:
    if is_whole(block.mjml):
        return block
    why = block.why or _WHY[language]
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
    blocks = {name: _whole_block(block, name) for name in LANGUAGES if (block := document.block(name))}
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
