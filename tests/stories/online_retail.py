"""The retailer of Online Retail, day by day: its file at 06:00, a turn at 09:00, as `checks.md` tells it."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from relance.base.documents import load_document
from relance.base.home import Home
from relance.base.zones import to_instant
from relance.customers.installation import Installation, open_installation
from relance.flow import plan, run
from relance.ingest.delivery import import_delivery
from relance.messages.publishing import library_document, publish_scenario
from relance.messages.stopping import LedgerStops
from relance.policy.report import TurnReport
from relance.scenarios.switching import switch_on
from relance.scenarios.versions import Version

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "online-retail"
ZONE = "Europe/London"
FIRST_FILE, FIRST, LAST = date(2010, 12, 1), date(2010, 12, 2), date(2011, 12, 10)
BOTH = ("second-purchase", "win-back")
SETTINGS = f"""
seed = "check"
[brand]
name = "Online Retail"
zone = "{ZONE}"
currency = "GBP"
languages = ["en-CA", "fr-CA"]
url = "https://shop.example"
"""


def days(first: date, last: date) -> list[date]:
    """Every date from the first to the last, both included."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """A clock time in London as an instant."""
    return to_instant(day, time(hour, minute), ZONE)


@cache
def cut_module() -> Any:
    """The example's own script."""
    spec = importlib.util.spec_from_file_location("cut", EXAMPLE / "cut.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def cut_files(shared_data: Path, target: Path) -> Path:
    """The 305 daily files and the consent acts, cut by the example's own script."""
    cut_module().cut(shared_data / "online-retail" / "online_retail.parquet", target)
    return target


@dataclass
class Retailer:
    """One home of the retailer, its files, and what it does day by day."""

    home: Home
    files: Path
    place: Installation = field(init=False)

    def __post_init__(self) -> None:
        self.place = open_installation(self.home)

    def close(self) -> None:
        self.place.engine.close()
        self.place.ledger.close()

    def copy(self, target: Path) -> None:
        """The files of this home as they stand, in another folder."""
        self.close()
        shutil.copytree(self.home.path, target)
        self.place = open_installation(self.home)

    def take(self, paths: Iterable[Path], instant: datetime, history: bool = False) -> None:
        place = self.place
        hook = LedgerStops(place.ledger)
        import_delivery(place.engine, hook, self.home.definitions, list(paths), instant, history, secret=place.secret)

    def file_of(self, day: date) -> list[Path]:
        path = self.files / f"online-retail-{day}.csv"
        return [path] if path.exists() else []

    def consents(self) -> None:
        self.take([self.files / "consents-2010-11-30.csv"], at(date(2010, 11, 30), 13))

    def morning(self, day: date) -> None:
        """At 06:00 the file of the day before, where there is one."""
        self.take(self.file_of(day - timedelta(days=1)), at(day, 6))

    def turn(self, day: date) -> TurnReport:
        return run(self.place, at(day, 9))

    def plan(self, day: date) -> TurnReport:
        return plan(self.place, at(day, 9))

    def live(self, first: date, last: date) -> None:
        """Days as they come: the file at 06:00, the turn at 09:00."""
        for day in days(first, last):
            self.morning(day)
            self.turn(day)

    def publish(self, name: str, instant: datetime, **changed: Any) -> Version:
        """A scenario of the library with some words changed; without a control group unless said."""
        document = {**library_document(name).data, "holdout": "0%", **changed}
        return publish_scenario(self.place, load_document(json.dumps(document), source=name), instant)

    def start(self, instant: datetime, **changed: Any) -> dict[str, int]:
        """Both scenarios switched on; how many contacts were past already."""
        return {name: switch_on(self.place, self.publish(name, instant, **changed), instant) for name in BOTH}

    def decided(self, scenario: str, outcome: str = "send", step: str | None = None) -> list[tuple[date, str]]:
        """(due date, customer) of every decision with this outcome, of both scenarios at their first message."""
        step = step or (scenario if scenario in BOTH else None)
        only = f" AND step = '{step}'" if step else ""
        rows = self.place.engine.rows(
            "SELECT due_date, own_id FROM decisions JOIN contacts_vault USING (contact)"
            f" WHERE scenario = '{scenario}' AND outcome = '{outcome}'{only}"
        )
        return sorted((row["due_date"], row["own_id"]) for row in rows)

    def decisions_of(self, day: date) -> set[tuple[Any, ...]]:
        """What the turn of a day decided: (scenario, contact, visitor, occurrence, step, outcome, reason)."""
        rows = self.place.engine.rows(
            "SELECT scenario, contact, visitor, occurrence, step, outcome, reason FROM decisions"
            f" WHERE \"at\" = TIMESTAMP '{at(day, 9):%Y-%m-%d %H:%M:%S}'"
        )
        return {tuple(row.values()) for row in rows}

    def reported(self, day: date) -> dict[str, Any]:
        """The report that the turn of a day left behind."""
        text = self.place.engine.value(
            f"SELECT report FROM turns WHERE kind = 'run' AND \"at\" = TIMESTAMP '{at(day, 9):%Y-%m-%d %H:%M:%S}'"
        )
        found: dict[str, Any] = json.loads(text)
        return found

    def hashes(self) -> tuple[dict[str, str], str]:
        """An ordered hash of every table of the home."""
        return self.place.engine.contents_hash(), self.place.ledger.contents_hash()


def retailer(folder: Path, files: Path) -> Retailer:
    """A new home with the example's own definitions and its consent acts."""
    folder.mkdir()
    (folder / "relance.toml").write_text(SETTINGS)
    shutil.copytree(EXAMPLE / "definitions", folder / "definitions")
    opened = Retailer(Home(folder), files)
    opened.consents()
    return opened


def copied(source: Path, target: Path, files: Path) -> Retailer:
    """A variant that starts from a copy of another home's files."""
    shutil.copytree(source, target)
    return Retailer(Home(target), files)


def list_hash(sends: Iterable[tuple[date, str]]) -> str:
    """SHA-256 of the sorted lines `YYYY-MM-DD,CustomerID`."""
    lines = sorted(f"{day},{customer}\n" for day, customer in sends)
    return sha256("".join(lines).encode()).hexdigest()


def by_month(sends: Iterable[tuple[date, str]]) -> list[int]:
    """How many in each month, in order."""
    counted = Counter((day.year, day.month) for day, _ in sends)
    return [number for _, number in sorted(counted.items())]
