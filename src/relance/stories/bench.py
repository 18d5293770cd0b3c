"""A story comes in; the documents, scenarios and settings that its home begins with go out."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from relance.base.documents import Document, Place, load_document
from relance.base.settings import Settings, settings_from
from relance.messages.publishing import library, library_document
from relance.stories.documents import Tale

_KINDS = ("tables", "segments", "messages")
_BRAND = {"name": "Relance", "address": "1, rue des Essais, Montréal", "url": "https://shop.example"}
_MJML = "<mj-section><mj-column><mj-text>{}</mj-text></mj-column></mj-section>"


@dataclass(frozen=True)
class Bench:
    """What a story is told with: the retailer's definitions, where there are any, and its own."""

    tale: Tale
    definitions: Path | None

    @cached_property
    def documents(self) -> dict[str, dict[str, str]]:
        """The text of every document, by kind and name."""
        story = self.tale.story
        own = {
            "tables": {name: {"table": name, **said} for name, said in story.tables.items()},
            "segments": {name: {"segment": name, "criteria": said} for name, said in story.segments.items()},
            "messages": {name: _message(name, said) for name, said in story.messages.items()},
        }
        return {
            kind: self._written(kind) | {name: json.dumps(said, ensure_ascii=False) for name, said in own[kind].items()}
            for kind in _KINDS
        }

    @cached_property
    def scenarios(self) -> list[Document]:
        """The documents of the story's scenarios."""
        listed = isinstance(self.tale.document.data["scenario"], list)
        return [
            self.scenario(said, ("scenario", *([number] if listed else [])))
            for number, said in enumerate(self.tale.story.scenario)
        ]

    @property
    def told(self) -> list[Any]:
        return [[document.data, sorted(document.lines.values())] for document in self.scenarios]

    @cached_property
    def data(self) -> dict[str, Any]:
        """The settings beside the definitions, if there are any, with what the story says; mail goes nowhere."""
        own = self.definitions.parent / "relance.toml" if self.definitions else None
        data: dict[str, Any] = tomllib.loads(own.read_text(encoding="utf-8")) if own and own.exists() else {}
        data.pop("smtp", None)
        story = self.tale.story
        brand = {name: said for name, said in (("zone", story.zone), ("currency", story.currency)) if said}
        data = _merged(data | {"global_holdout": 0.0}, story.settings)
        return _merged({"brand": _BRAND}, _merged(data, {"brand": brand}))

    @cached_property
    def settings(self) -> Settings:
        return settings_from(self.data, source=f"{self.tale.path}, settings")

    def write(self, folder: Path) -> None:
        """Writes the documents below a folder of definitions."""
        for kind, documents in self.documents.items():
            (folder / kind).mkdir(parents=True, exist_ok=True)
            for name, text in documents.items():
                (folder / kind / f"{name}.yaml").write_text(text, encoding="utf-8")

    def scenario(self, said: str | Mapping[str, Any], place: Place) -> Document:
        """A document written in the story, a file beside it or among the definitions, or one of the library."""
        if not isinstance(said, str):
            return self._like(said, place) if "like" in said else self._inside(said, place)
        beside = self.tale.path.parent / said
        own = [beside, *([self.definitions / "scenarios" / f"{said}.yaml"] if self.definitions else [])]
        for path in own:
            if path.is_file():
                return self._lotless(load_document(path, source=str(path)))
        if said in library():
            return self._lotless(library_document(said))
        looked = ", ".join(str(path) for path in own)
        sentence = f"there is no scenario “{said}”: neither as a file ({looked}), nor in the library"
        raise self.tale.document.error(sentence, ("scenario",))

    def _like(self, said: Mapping[str, Any], place: Place) -> Document:
        """`{like: birthday, zone: contact}`: another scenario, with some of its parts said otherwise."""
        other = self.scenario(str(said["like"]), place)
        own = {name: value for name, value in said.items() if name != "like"}
        return Document(other.data | own, other.source, other.lines)

    def _inside(self, said: Mapping[str, Any], place: Place) -> Document:
        """A part of the story as a document of its own, with the lines on which the story says it."""
        story = self.tale.document
        lines = {part[len(place) :]: line for part, line in story.lines.items() if part[: len(place)] == place}
        return Document(dict(said), story.source, lines)

    def _lotless(self, document: Document) -> Document:
        """The holdout is the story's: whoever it tells of should not fall out by lot."""
        held = {"holdout": self.tale.story.holdout} if "holdout" in document.data else {}
        return Document(document.data | held, document.source, document.lines)

    def _written(self, kind: str) -> dict[str, str]:
        if self.definitions is None:
            return {}
        paths = sorted((self.definitions / kind).glob("*.yaml"))
        return {path.stem: path.read_text(encoding="utf-8") for path in paths}


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    both = dict(under)
    for name, said in over.items():
        there = both.get(name)
        both[name] = _merged(there, said) if isinstance(there, dict) and isinstance(said, dict) else said
    return both


def _message(name: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """`{subject, text}` is the same in both languages; a whole message document is taken as it is."""
    if "text" not in said:
        return {"message": name, **said}
    block = {"subject": said.get("subject", name), "mjml": _MJML.format(said["text"]), "text": said["text"]}
    return {"message": name, "fields": said.get("fields", {}), "fr": block, "en": block}
