"""A rendered message with its links and a pixel that tell what became of it: signed, and good for one thing each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape, unescape

from relance.messages.links import CLICK, OPEN, Claim, SigningKey, sign
from relance.messages.rendering import Rendered

PAGES = "t"
"""Every public page of ours lies under this one: `t/c` clicks, `t/o` opens, `t/u` unsubscribe, `t/p` preferences."""

FOLLOWING = "tracking"
"""The purpose of the consent acts that allow or refuse that opens and clicks are noticed."""

FOLLOWED = "followed"
"""Where a released context says `{links, pixel}`."""

TRAP = "trap"
"""The name of a link that no person can see: who asks for it asks for every link."""

DESTINATION = re.compile(r"https?://[^\s\x00-\x20\"'<>\\\x7f]+")
"""What a redirect may lead to."""

# What a field printed is escaped, its slashes too, so only the first letters can be told before it is read.
# It begins with plain letters, for which the text is searched a hundred times faster than for anything else.
_LINK = re.compile(r"""href=(["'])(https?:[^"'<>]+)\1""")


@dataclass(frozen=True, slots=True)
class Trail:
    """Which message of whom is followed, how far, and the key and address (without a last slash) of our pages."""

    key: SigningKey
    public_url: str
    contact: int
    scenario: str
    step: str
    occurrence: str
    channel: str
    links: bool
    pixel: bool

    @property
    def message(self) -> tuple[str, str, str, str]:
        return self.scenario, self.step, self.occurrence, self.channel


def follow(rendered: Rendered, trail: Trail) -> Rendered:
    """The message with its HTML links signed and, where allowed, a pixel. The text part keeps the author's links.

    Links to our own pages stay as they are, and so does whatever is not http(s).
    """
    if not (trail.links or trail.pixel) or any("\n" in part for part in trail.message):
        return rendered
    html = rendered.short_html  # no mark stands for a link, nor for the end of the page
    if trail.links:
        html = _with_trap(*_followed(html, trail), trail)
    if trail.pixel:
        html = _before_end(html, _pixel(trail))
    return Rendered(rendered.subject, rendered.preheader, html, rendered.text, rendered.shorthand)


def _followed(html: str, trail: Trail) -> tuple[str, str | None]:
    """The HTML with signed links, and where its first one leads."""
    ours = f"{trail.public_url}/{PAGES}/"
    known: dict[str, str] = {}

    def signed(found: re.Match[str]) -> str:
        destination = found[2].replace("&#x2f;", "/")  # as our renderer escapes it; the rest is rare
        if "&" in destination:
            destination = unescape(destination)
        if destination.startswith(ours) or not DESTINATION.fullmatch(destination):
            return found[0]
        if destination not in known:
            known[destination] = _redirect(trail, str(len(known) + 1), destination)
        return f'href="{known[destination]}"'

    return _LINK.sub(signed, html), next(iter(known), None)


def _redirect(trail: Trail, name: str, destination: str) -> str:
    claim = Claim(CLICK, trail.contact, (*trail.message, name, destination))
    return f"{trail.public_url}/{PAGES}/c/{sign(trail.key, claim)}"


def _with_trap(html: str, destination: str | None, trail: Trail) -> str:
    """An empty link: nothing to see, to hear or to reach by keyboard."""
    if destination is None:
        return html
    return _before_end(html, f'<a href="{_redirect(trail, TRAP, destination)}" aria-hidden="true" tabindex="-1"></a>')


def _pixel(trail: Trail) -> str:
    address = f"{trail.public_url}/{PAGES}/o/{sign(trail.key, Claim(OPEN, trail.contact, trail.message))}"
    return f'<img src="{escape(address)}" width="1" height="1" alt="" style="display:block;width:1px;height:1px">'


def _before_end(html: str, part: str) -> str:
    end = html.rfind("</body>")
    return html + part if end < 0 else html[:end] + part + "\n" + html[end:]
