"""MJML with template tags becomes an HTML template, without network or file access."""

from __future__ import annotations

import re

import mrml

from relance.messages.templates import TAG, TemplateTrouble

TAGS = {
    "mjml", "mj-head", "mj-body", "mj-title", "mj-preview", "mj-attributes", "mj-all", "mj-class", "mj-style",
    "mj-font", "mj-breakpoint", "mj-html-attributes", "mj-selector", "mj-html-attribute", "mj-section",
    "mj-wrapper", "mj-column", "mj-group", "mj-text", "mj-button", "mj-image", "mj-divider", "mj-spacer",
    "mj-table", "mj-raw", "mj-hero", "mj-navbar", "mj-navbar-link", "mj-social", "mj-social-element",
    "mj-accordion", "mj-accordion-element", "mj-accordion-title", "mj-accordion-text", "mj-carousel",
    "mj-carousel-image",
}  # fmt: skip
"""What may be written; `mj-include` is not among them, and unknown ones would vanish in silence."""

_LONG_LINE = 400
_KEPT = re.compile(rf"<style\b.*?</style|{TAG.pattern}", re.DOTALL)


def _line_at(source: str, offset: int) -> int:
    return source.count("\n", 0, offset) + 1


def _check_tags(source: str) -> None:
    for found in re.finditer(r"<(mj[\w-]*)", source):
        if found[1] not in TAGS:
            raise TemplateTrouble(f"<{found[1]}> is not a tag of MJML that we use", _line_at(source, found.start()))


def _hide(source: str) -> tuple[str, list[str]]:
    """Template tags give way to words, so that their quotes and signs do not trouble the XML reader."""
    hidden: list[str] = []

    def word(found: re.Match[str]) -> str:
        hidden.append(found[0])
        return f"zqt{len(hidden) - 1}zq" + "\n" * found[0].count("\n")

    return TAG.sub(word, source), hidden


def _short_lines(html: str) -> str:
    """Long lines are broken between attributes or after a tag's name, where a line break means a space."""

    def broken(tag: re.Match[str]) -> str:
        return tag[0].replace(" ", "\n", 1) if tag.start() - html.rfind("\n", 0, tag.start()) > _LONG_LINE else tag[0]

    return re.sub(r"<(?:td|table|div|a|img) [^<>]*>", broken, html)


def check_sections(source: str) -> None:
    """Refuse sections that do not read. Raises TemplateTrouble with the line of the author's own text."""
    to_html_template(f"<mjml><mj-body>{source}</mj-body></mjml>")


def to_html_template(source: str) -> str:
    """The HTML template of an MJML source. Raises TemplateTrouble with the line where it is known."""
    _check_tags(source)
    hidden_source, hidden = _hide(source)
    parsing = mrml.ParserOptions(include_loader=mrml.noop_loader())
    try:
        output = mrml.to_html(hidden_source, parsing, mrml.RenderOptions(disable_comments=True, fonts={}))
    except OSError as error:
        place = re.search(r"at position (\d+)", str(error))
        line = _line_at(hidden_source, int(place[1])) if place else None
        raise TemplateTrouble(f"the MJML does not read ({str(error).partition(' in root')[0]})", line) from None
    html = _short_lines(output.content)
    return re.sub(r"zqt(\d+)zq\n*", lambda found: hidden[int(found[1])], html)


def to_mail_template(html: str) -> str:
    """The same template with its literals all ASCII, as a mail carries them: done once here, not for every message."""
    parts, at = [], 0
    for kept in _KEPT.finditer(html):
        parts += [_entities(html[at : kept.start()]), _escapes(kept[0]) if kept[0].startswith("<") else kept[0]]
        at = kept.end()
    return "".join((*parts, _entities(html[at:])))


def _entities(text: str) -> str:
    return text.encode("ascii", "xmlcharrefreplace").decode("ascii")


def _escapes(style: str) -> str:
    """Styles know no entities, but escapes of their own; no line begins with a dot, which SMTP would double."""
    ascii_only = re.sub(r"[^\x00-\x7f]", lambda found: f"\\{ord(found[0]):06x}", style)
    return ascii_only.replace("\n.", "\n .")
