"""Where the parts of a published document stood in their file, so that a later refusal can name the line."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from relance.base.documents import Document
from relance.base.errors import NotFound
from relance.engines.ledger import Ledger
from relance.scenarios.versions import Version

KIND = "scenario-lines"
Place = tuple[str | int, ...]


def keep_lines(ledger: Ledger, document: Document, name: str, number: int, at: datetime) -> None:
    """Keeps the lines beside the version that the document made; the document itself is kept without its layout."""
    lines = {"/".join(map(str, place)): line for place, line in document.lines.items()}
    ledger.publish(KIND, name, json.dumps({"version": number, "lines": lines}, sort_keys=True), at)


def line_of(ledger: Ledger, version: Version, place: Place) -> int | None:
    """The line of a part, of the nearest part around it where it has none; None where the file is not known."""
    for kept in reversed(_kept(ledger, version.name)):
        if kept["version"] == version.number:
            while place and "/".join(map(str, place)) not in kept["lines"]:
                place = place[:-1]
            found: int | None = kept["lines"].get("/".join(map(str, place)))
            return found
    return None


def _kept(ledger: Ledger, name: str) -> list[dict[str, Any]]:
    try:
        return [json.loads(each.body) for each in ledger.history(KIND, name)]
    except NotFound:
        return []
