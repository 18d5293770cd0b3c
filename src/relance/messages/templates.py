"""Template sources and plain values become text, in a closed language that cannot call or reach out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from minijinja import Environment, TemplateError, pass_state

from relance.base.errors import BadDocument, RelanceError
from relance.base.locale import locale_named, write_date, write_number
from relance.base.money import write_money
from relance.messages.absent import is_absent, or_else

FUEL = 50_000
"""Steps one template may take; a mail of four items takes about a thousand."""

LONGEST_SOURCE = 100_000
STATEMENTS = {"if", "elif", "else", "endif", "for", "endfor"}
OWN_FILTERS = {"money", "date", "number", "tel"}
FILTERS = OWN_FILTERS | {
    "upper", "lower", "title", "capitalize", "trim", "length", "default", "first", "last", "join", "reverse",
}  # fmt: skip
"""All a template may say; `safe`, calls, includes, macros and variables of its own are not part of it."""

_QUOTED = r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\""
# A tag ends where the engine sees its end: never inside a quoted text.
TAG = re.compile(rf"\{{\{{(?:{_QUOTED}|(?!\}}\}}).)*\}}\}}|\{{%(?:{_QUOTED}|(?!%\}}).)*%\}}|\{{#.*?#\}}", re.DOTALL)
_STRING = re.compile(_QUOTED, re.DOTALL)
_CALL = re.compile(r"(\|\s*|\bis\s+|\bis\s+not\s+)?([\w\])]+)\s*\(")
_KEYWORDS = {"if", "elif", "in", "and", "or", "not", "else", "is"}


class _State(Protocol):
    def lookup(self, name: str) -> Any: ...


class TemplateTrouble(RelanceError):
    """A template that cannot be rendered; says at which line of its own text."""

    def __init__(self, sentence: str, line: int | None = None) -> None:
        super().__init__(sentence)
        self.line = line


@pass_state
def _money(state: _State, value: Any, currency: str | None = None) -> str:
    amount = value["amount"] if isinstance(value, Mapping) else value
    code = currency or (value["currency"] if isinstance(value, Mapping) else None)
    if not code:
        raise ValueError("money needs a currency: write {{ price | money(currency) }}")
    return write_money(_exact(amount, "money"), code, locale_named(state.lookup("locale")))


@pass_state
def _number(state: _State, value: Any, decimals: int | None = None) -> str:
    return write_number(_exact(value, "number"), locale_named(state.lookup("locale")), decimals)


@pass_state
def _date(state: _State, value: Any, style: str = "long") -> str:
    try:
        day = date.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f"the date filter was given {value!r:.40}; it takes a date field") from None
    return write_date(day, locale_named(state.lookup("locale")), style)


def _tel(value: Any) -> str:
    return "".join(sign for sign in str(value) if sign in "+0123456789")


def _exact(value: Any, name: str) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f"the {name} filter was given {value!r:.40}; it takes a number") from None


def _stray_call(code: str) -> str | None:
    for call in _CALL.finditer(code):
        if not call[1] and call[2] not in _KEYWORDS:
            return call[2]
    return None


def _check_tag(tag: str, line: int) -> None:
    code = _STRING.sub("''", tag[2:-2].strip("-+ \t\n"))
    word = (re.match(r"\w+", code) or [""])[0]
    if tag.startswith("{%") and word not in STATEMENTS:
        raise TemplateTrouble(f"“{word}” is not part of the template language; it has if and for", line)
    for name in re.findall(r"\|\s*(\w+)", code):
        if name not in FILTERS:
            raise TemplateTrouble(f"there is no filter “{name}”; use one of {', '.join(sorted(FILTERS))}", line)
    if call := _stray_call(code):
        raise TemplateTrouble(f"“{call}(…)” cannot be called; a template only reads fields and filters them", line)
    if "*" in code or re.search(r"\brecursive\b", code):
        raise TemplateTrouble("a template does not multiply or recurse; compute the value before", line)


def check_language(source: str) -> None:
    """Refuse whatever is outside the closed language. Raises TemplateTrouble with the line."""
    if len(source) > LONGEST_SOURCE:
        raise TemplateTrouble(f"the text is longer than {LONGEST_SOURCE:,} characters; shorten it")
    for tag in TAG.finditer(source):
        if not tag[0].startswith("{#"):
            _check_tag(tag[0], source.count("\n", 0, tag.start()) + 1)


def make_environment(sources: Mapping[str, str]) -> Environment:
    """An environment over checked sources; names ending in `html` are escaped, the others are not.

    Raises TemplateTrouble for a source outside the language or that does not parse.
    """
    environment = Environment(
        filters={"money": _money, "number": _number, "date": _date, "tel": _tel, "default": or_else},
        tests={"none": is_absent},
        undefined_behavior="strict",
        fuel=FUEL,
        pycompat=False,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_escape_callback=lambda name: name.endswith("html"),
    )
    environment.remove_filter("safe")
    for name in ("range", "dict", "namespace", "debug"):
        environment.remove_global(name)
    for name, source in sources.items():
        check_language(source)
        try:
            environment.add_template(name, source)
        except TemplateError as error:
            raise TemplateTrouble(f"the template does not read ({error.detail or error.kind})", error.line) from None
    return environment


def _sentence(error: TemplateError) -> str:
    if error.kind == "OutOfFuel":
        return f"the template takes more than {FUEL:,} steps; it seems to be endless"
    if error.kind == "UndefinedError":
        return f"“{_culprit(error)}” is not a declared field"
    return f"the template stopped ({error.detail or error.kind})"


def _culprit(error: TemplateError) -> str:
    if error.range is None or error.template_source is None:
        return "something"
    start, end = error.range
    return error.template_source.encode()[start:end].decode(errors="replace").strip("{}- ")


def fill(environment: Environment, name: str, values: Mapping[str, Any]) -> str:
    """Render one template. Raises TemplateTrouble with the line."""
    try:
        return environment.render_template(name, **values)
    except TemplateError as error:
        raise TemplateTrouble(_sentence(error), error.line) from None
    except ValueError as error:
        raise TemplateTrouble(str(error)) from None


def read_names(environment: Environment, source: str) -> Iterator[str]:
    """The fields a source reads, by their first name."""
    return (name.partition(".")[0] for name in environment.undeclared_variables_in_str(source, nested=True))


def refuse(trouble: TemplateTrouble, place: str, source: str | None = None, first_line: int = 0) -> BadDocument:
    """The same trouble said of a document: which part of it, and at which line of the file."""
    line = first_line + trouble.line if trouble.line else first_line or None
    return BadDocument(f"{place}: {trouble}", source=source, line=line)
