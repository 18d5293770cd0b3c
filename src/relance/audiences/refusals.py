"""What pydantic found wrong in a document comes in, one sentence for its author goes out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from relance.base.errors import BadDocument

DEEPEST = 20
MOST = 20_000

# What pydantic calls it, and what we say.
_SAID = {
    "int_type": "should be a whole number",
    "greater_than_equal": "should be at least {ge}",
    "less_than_equal": "should be at most {le}",
    "string_type": "should be a text",
    "string_pattern_mismatch": "should be written like a name, small letters, digits and _ ({pattern})",
    "string_too_short": "should not be empty",
    "string_too_long": "should have at most {max_length} letters",
    "too_short": "should have at least one part",
    "too_long": "should have at most {max_length} parts",
    "bool_type": "should be true or false",
    "tuple_type": "should be a list",
    "dict_type": "should be fields with values",
    "model_type": "should be fields with values",
    "literal_error": "should be {expected}",
    "missing": "is missing",
}
Models = Mapping[str, type[BaseModel]]


def check_size(data: object, source: str | None) -> None:
    """Refuses a tree too deep or too large to be meant, also one that contains itself."""
    counted = 0
    waiting: list[tuple[object, int]] = [(data, 0)]
    while waiting:
        found, depth = waiting.pop()
        counted += 1
        if depth > 2 * DEEPEST:
            raise BadDocument(f"the criteria are nested deeper than {DEEPEST} levels", source=source)
        if counted > MOST:
            raise BadDocument(f"the criteria have more than {MOST} parts", source=source)
        if isinstance(found, Mapping):
            waiting.extend((part, depth + 1) for part in found.values())
        elif isinstance(found, (list, tuple)):
            waiting.extend((part, depth + 1) for part in found)


def refusal(error: ValidationError, trees: Mapping[str, Models], nested: Models, source: str | None) -> BadDocument:
    """The first thing that is wrong: where, what, and what is allowed.

    trees: the models by the key that tells them, for the whole document ("") and below a field named so;
    nested: models that stand below a field of that name. Tags of unions are written `<key>` in the schema.
    """
    first = error.errors()[0]
    location = first["loc"]
    names = [part for part in location if not _is_tag(part)]
    tags = [str(part).strip("<>") for part in location if _is_tag(part)]
    models = trees["where"] if "where" in names and "where" in trees else trees[""]
    kind = first["type"]
    if kind == "extra_forbidden":
        field = names.pop()
        owner = nested.get(str(names[-1])) if names else None
        allowed = _fields(owner or models[tags[-1]])
        says = f"there is no field “{field}” here; allowed are {allowed}"
    elif kind in ("union_tag_not_found", "union_tag_invalid"):
        says = _nothing_asked(first["input"], models)
    else:
        says = _wrong_value(first)
    place = _path(names)
    return BadDocument(f"{place}: {says}" if place else says, source=source)


def _is_tag(part: object) -> bool:
    return isinstance(part, str) and part.startswith("<")


def _fields(model: type[BaseModel]) -> str:
    return ", ".join(field.alias or name for name, field in model.model_fields.items())


def _nothing_asked(found: object, models: Models) -> str:
    begin = ", ".join(models)
    if isinstance(found, Mapping) and found:
        named = ", ".join(f"“{key}”" for key in list(found)[:5])
        return f"{named} does not tell what is asked; write one of {begin}"
    return f"nothing is asked here; write one of {begin}"


def _wrong_value(first: Any) -> str:
    if first["type"] == "value_error":
        return str(first["ctx"]["error"])
    said = _SAID.get(first["type"])
    if said is not None:
        return said.format(**first.get("ctx", {}))
    words = str(first["msg"])
    return words[:1].lower() + words[1:]


def _path(names: list[Any]) -> str:
    path = ""
    for name in names:
        path += f"[{name}]" if isinstance(name, int) else f".{name}"
    return path.lstrip(".")
