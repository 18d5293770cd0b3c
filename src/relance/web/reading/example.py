"""A scenario becomes an example of its message: with the values of the last contact it was decided for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from relance.base.errors import RelanceError
from relance.base.zones import local_day
from relance.customers.installation import Installation
from relance.messages.preview import Preview, preview
from relance.scenarios.versions import Version
from relance.web.reading.kept import decided, delivered, kept
from relance.web.reading.people import name_of

_LAST = """
    SELECT d.contact, v.first_name, v.last_name, v.own_id
    FROM decisions AS d SEMI JOIN asked USING (scenario) LEFT JOIN contacts_vault AS v ON v.contact = d.contact
    WHERE d.outcome = 'send' AND v.contact IS NOT NULL ORDER BY d."at" DESC, d.contact LIMIT 1
"""


@dataclass(frozen=True)
class Example:
    """`to` is empty where nobody was ever written to and the values are made up."""

    step: str
    to: str
    preview: Preview


def examples_of(place: Installation, version: Version, at: datetime, language: str | None) -> list[Example]:
    """One for each message of the scenario, in order. A message that cannot be rendered is left out.

    Kept until the message, or what is known of people, is another: the page and its frames ask for the same.
    """
    mark = (version.number, decided(place), delivered(place), local_day(at, place.zone), _texts(place), _people(place))
    return kept(place, f"examples {version.name} {language}", mark, lambda: _examples(place, version, at, language))


def _texts(place: Installation) -> int:
    """The time of the newest message of the retailer's own."""
    files = (place.home.definitions / "messages").glob("*.yaml")
    return max((file.stat().st_mtime_ns for file in files), default=0)


def _people(place: Installation) -> int:
    """Whoever is erased has no name left to show."""
    return int(place.engine.value("SELECT count(*) FROM contacts_vault"))


def _examples(place: Installation, version: Version, at: datetime, language: str | None) -> list[Example]:
    place.engine.load("asked", {"scenario": "text"}, [{"scenario": version.name}])
    last = place.engine.rows(_LAST)
    contact, to = (last[0]["contact"], name_of(last[0])) if last else (None, "")
    found = []
    for node in version.nodes:
        if node.send is None:
            continue
        try:
            shown = preview(place, node.send.message, at, contact, language)
        except RelanceError:
            continue  # the message was taken away since; the picture still has its name
        found.append(Example(node.name, to if shown.of != "sample" else "", shown))
    return found
