"""Words of the mailbox."""

from __future__ import annotations

from collections.abc import Mapping

MAILBOX: Mapping[str, tuple[str | tuple[str, str], str | tuple[str, str]]] = {
    "mailbox.title": ("Courrier", "Mail"),
}
