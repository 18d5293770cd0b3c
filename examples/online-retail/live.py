"""Lives through the year of Online Retail, day by day: import at 06:00, a turn at 09:00.

python examples/online-retail/live.py FILES HOME [--until 2011-12-10]
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from relance.base.documents import load_document
from relance.base.home import Home
from relance.base.zones import to_instant
from relance.customers.installation import Installation, open_installation
from relance.flow import run
from relance.ingest.delivery import import_delivery
from relance.messages.publishing import publish_scenario
from relance.messages.stopping import LedgerStops
from relance.scenarios.switching import switch_on

HERE = Path(__file__).parent
ZONE = "Europe/London"
FIRST, LAST = date(2010, 12, 2), date(2011, 12, 10)
CONSENTS = datetime(2010, 11, 30, 13, tzinfo=UTC)


def furnish(folder: Path) -> Installation:
    """A home with the settings, the mapping and nothing else."""
    folder.mkdir(parents=True)
    shutil.copy(HERE / "relance.toml", folder / "relance.toml")
    shutil.copytree(HERE / "definitions", folder / "definitions")
    return open_installation(Home(folder))


def receive(place: Installation, files: list[Path], at: datetime) -> None:
    """Imports a delivery, known from an instant on."""
    stops = LedgerStops(place.ledger)
    import_delivery(place.engine, stops, place.home.definitions, files, at, secret=place.secret)


def switch_all_on(place: Installation, at: datetime) -> None:
    """Publishes the scenarios of the example and switches them on."""
    for path in sorted((place.home.definitions / "scenarios").glob("*.yaml")):
        switch_on(place, publish_scenario(place, load_document(path), at), at)


def mornings(until: date) -> Iterator[date]:
    """The days of the year on which a turn is run."""
    day = FIRST
    while day <= min(until, LAST):
        yield day
        day += timedelta(days=1)


def live(files: Path, place: Installation, until: date = LAST) -> None:
    """Every morning the file of the day before, if there is one, and a turn."""
    receive(place, [files / "consents-2010-11-30.csv"], CONSENTS)
    for day in mornings(until):
        file = files / f"online-retail-{day - timedelta(days=1)}.csv"
        if file.exists():
            receive(place, [file], to_instant(day, time(6), ZONE))
        if day == FIRST:
            switch_all_on(place, to_instant(day, time(8), ZONE))
        run(place, to_instant(day, time(9), ZONE))


def sent(place: Installation, scenario: str) -> list[str]:
    """`YYYY-MM-DD,CustomerID` of every message of a scenario, sorted."""
    rows = place.engine.rows(
        "SELECT due_date, own_id FROM decisions JOIN contacts_vault USING (contact) "
        f"WHERE scenario = '{scenario}' AND outcome = 'send'"
    )
    return sorted(f"{row['due_date']},{row['own_id']}" for row in rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path)
    parser.add_argument("home", type=Path)
    parser.add_argument("--until", type=date.fromisoformat, default=LAST)
    asked = parser.parse_args()
    place = furnish(asked.home)
    live(asked.files, place, asked.until)
    for scenario in ("second-purchase", "win-back"):
        lines = sent(place, scenario)
        digest = hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()
        print(f"{scenario}: {len(lines)} sends, SHA-256 {digest}")


if __name__ == "__main__":
    main()
