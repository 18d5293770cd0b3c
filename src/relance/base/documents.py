"""YAML or JSON text comes in; plain data goes out, with the line on which each part of it was said."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from relance.base.errors import BadDocument
from relance.base.sentences import first_error, sentence

Place = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)

MOST_CHARACTERS = 1_000_000
MOST_DEPTH = 60
_PLAIN = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")


@dataclass(frozen=True)
class Document:
    """Plain data (dicts, lists, texts, numbers, booleans, None) and where it was written."""

    data: Any
    source: str | None
    lines: Mapping[Place, int]

    def line(self, place: Sequence[str | int] = ()) -> int | None:
        """The 1-based line of a part, `("steps", 0, "send")`; of the nearest part around it if unknown."""
        path = tuple(place)
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)

    def error(self, message: str, place: Sequence[str | int] = ()) -> BadDocument:
        """A BadDocument that names file and line."""
        return BadDocument(message, source=self.source, line=self.line(place))


_InC: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, where PyYAML was built with libyaml


class _Loader(_InC):  # type: ignore[misc]
    """YAML 1.2's plain reading: 09:00, 2026-03-08, yes and on are texts."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012


def _plain(tag: str, pattern: str, first: str) -> None:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), list(first))


_plain("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF")
_plain("null", r"^(?:~|null|Null|NULL|)$", "~nN")
_Loader.yaml_implicit_resolvers.setdefault("", []).extend(_Loader.yaml_implicit_resolvers["~"][:1])
_plain("int", r"^[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789")
_plain("float", r"^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$", "-+.0123456789")


def load_document(origin: Path | str, source: str | None = None) -> Document:
    """Reads a file (Path) or a text (str). BadDocument, with the line, for what is not a document."""
    if isinstance(origin, Path):
        return _parsed(_text_of(origin), source or origin.name)
    return _parsed(origin, source)


def validated(model: type[Model], document: Document) -> Model:
    """The document as a model of pydantic; BadDocument names the first thing that is wrong, and its line."""
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        first = first_error(error.errors())
        place = tuple(part for part in first["loc"])
        raise document.error(sentence(first), place) from None


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise BadDocument("is not UTF-8 text", source=path.name) from None
    except OSError as error:
        raise BadDocument(f"cannot be read: {error.strerror}", source=path.name) from None


def _parsed(text: str, source: str | None) -> Document:
    """A document of its own: whoever changes what it read changes nobody else's."""
    read = _read_once(text, source)
    return Document(deepcopy(read.data), read.source, read.lines)


@lru_cache(maxsize=256)  # every delivery and every turn reads the same few documents again
def _read_once(text: str, source: str | None) -> Document:
    if len(text) > MOST_CHARACTERS:
        raise BadDocument(f"is longer than {MOST_CHARACTERS:,} characters", source=source)
    try:
        _refuse_strange(text, source)
        root = _Loader(text).get_single_node()
    except UnicodeEncodeError:
        raise BadDocument("is not UTF-8 text", source=source) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "is not YAML"
        raise BadDocument(problem, source=source, line=_line_of(mark, text)) from None
    lines: dict[Place, int] = {}
    return Document(_data(root, (), lines, source), source, lines)


def _line_of(mark: Any, text: str) -> int | None:
    """What ends too soon is missing on the last line that there is."""
    return min(mark.line, text.rstrip("\n").count("\n")) + 1 if mark else None


def _refuse_strange(text: str, source: str | None) -> None:
    """What is looked for before anything is built of it: references, and depth without end."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        mark: Any = event.start_mark
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.MarkedYAMLError(problem="anchors are not allowed", problem_mark=mark)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MOST_DEPTH:
            raise BadDocument("is nested too deeply", source=source, line=mark.line + 1)


def _data(node: Any, place: Place, lines: dict[Place, int], source: str | None) -> Any:
    if node is None:
        return None
    lines.setdefault(place, node.start_mark.line + 1)
    if not isinstance(node, yaml.ScalarNode) and node.tag not in _PLAIN:
        raise _marked(node, lines[place], source)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, place, lines, source)
    if isinstance(node, yaml.SequenceNode):
        return [_data(child, (*place, index), lines, source) for index, child in enumerate(node.value)]
    return _scalar(node, lines[place], source)


def _mapping(node: Any, place: Place, lines: dict[Place, int], source: str | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise BadDocument("a name must be plain text", source=source, line=line)
        key = str(key_node.value)
        if key in found:
            raise BadDocument(f"“{key}” is said twice", source=source, line=line)
        lines[(*place, key)] = line
        found[key] = _data(value_node, (*place, key), lines, source)
    return found


def _scalar(node: Any, line: int, source: str | None) -> Any:
    kind = node.tag.removeprefix("tag:yaml.org,2002:")
    if kind == "str":
        return str(node.value)
    if kind == "bool":
        return node.value.lower() == "true"
    if kind == "null":
        return None
    if kind == "int":
        return int(node.value)
    if kind == "float":
        return float(node.value)
    raise _marked(node, line, source)


def _marked(node: Any, line: int, source: str | None) -> BadDocument:
    return BadDocument(f"the mark “{node.tag}” is not allowed", source=source, line=line)


class _Dumper(yaml.SafeDumper):
    """YAML as a person writes it: a text of several lines stands as it is."""


def _text_node(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _text_node)


def document_text(data: Mapping[str, Any]) -> str:
    """YAML that reads back as the same data; JSON, which is YAML too, where its plain style would not."""
    text = yaml.dump(dict(data), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100)
    return text if load_document(text).data == data else json.dumps(data, ensure_ascii=False, indent=2)
