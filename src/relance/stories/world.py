"""A story comes in; a home of its own goes out, with what is given in it and its scenarios switched on.

Making a home and publishing in it is what costs; it is done once for all stories that say the same, and copied.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from relance.base.errors import BadDocument
from relance.base.home import Home
from relance.base.ids import digest
from relance.base.settings import Settings
from relance.customers.installation import Installation, open_installation
from relance.customers.own_tables import load_tables
from relance.engines.coupons import CouponCode
from relance.engines.duckdb import open_warehouse
from relance.engines.sqlite import open_ledger
from relance.engines.texts import keep_texts, remember_texts
from relance.ingest.delivery import make_ready, stands_ready
from relance.messages.publishing import publish_scenario
from relance.scenarios.running import stored_version
from relance.scenarios.switching import switch_on
from relance.stories.bench import Bench
from relance.stories.deliveries import deliver
from relance.stories.documents import NEVER, Tale, instant_in
from relance.stories.finding import definitions_of
from relance.stories.rows import Pen, Said, consented, earliest

_SECRET = hashlib.sha256(b"a story").hexdigest()
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)


@dataclass
class Workshop:
    """A folder in which homes are made, for as long as stories are told.

    texts: where compiled queries are kept from one time to the next; nothing is lost without.
    """

    folder: Path
    texts: Path | None = None
    made: dict[str, Path] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.texts:
            remember_texts(self.texts)

    def close(self) -> None:
        """Keeps what makes the next time quicker."""
        if self.texts:
            self.texts.parent.mkdir(parents=True, exist_ok=True)
            keep_texts(self.texts)

    @contextmanager
    def world(self, tale: Tale) -> Iterator[World]:
        """A home for a story; it is gone afterwards."""
        home = Home(self.folder / "home")
        shutil.rmtree(home.path, ignore_errors=True)
        bench = Bench(tale, definitions_of(tale.path))
        shutil.copytree(self._published(bench), home.path)
        place = _opened(home, bench.settings)
        try:
            yield World(place, tale, bench)
        finally:
            place.ledger.close()
            place.engine.close()
            shutil.rmtree(home.path, ignore_errors=True)

    def _published(self, bench: Bench) -> Path:
        """A home in which the scenarios of a story are published, and nothing else has happened."""
        mark = "published-" + digest(json.dumps([bench.documents, bench.told, bench.data], sort_keys=True, default=str))
        if mark not in self.made:
            home = Home(self.folder / mark)
            shutil.copytree(self._empty(bench), home.path)
            bench.write(home.definitions)
            place = _opened(home, bench.settings)
            try:
                for document in bench.scenarios:
                    publish_scenario(place, document, _LONG_AGO, feeds_later=True)
            finally:
                place.ledger.close()
                place.engine.close()
            self.made[mark] = home.path
        return self.made[mark]

    def _empty(self, bench: Bench) -> Path:
        """A home that has nothing but its tables."""
        mark = "empty-" + digest(json.dumps(bench.documents["tables"], sort_keys=True))
        if mark not in self.made:
            home = Home(self.folder / mark)
            bench.write(home.definitions)
            home.secret_file.write_text(_SECRET, encoding="utf-8")
            place = open_installation(home)
            make_ready(place.engine, place.tables, place.secret)
            place.ledger.close()
            place.close()
            shutil.rmtree(home.definitions)
            self.made[mark] = home.path
        return self.made[mark]


@dataclass
class World:
    """An open home in which one story is lived."""

    place: Installation
    tale: Tale
    bench: Bench
    pen: Pen = field(init=False)
    later: list[dict[str, list[Said]]] = field(default_factory=list)  # what each moment adds
    names: list[str] = field(default_factory=list)  # of the scenarios that are on
    feeds: set[str] = field(default_factory=set)  # that they need to be complete

    def __post_init__(self) -> None:
        self.pen = Pen(self.place.tables, self.tale.document, self.zone, self.place.settings.brand.currency)

    @property
    def zone(self) -> str:
        return self.place.zone

    def instant(self, text: str, *place: str | int) -> datetime:
        """A time of the story; BadDocument with its line."""
        try:
            return instant_in(text, self.zone)
        except BadDocument as error:
            raise self.tale.document.error(str(error), place) from None

    def day(self, text: str | None, *place: str | int) -> date | None:
        """A local date of the story."""
        if text is None:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise self.tale.document.error(f"“{text}” is not a date like 2026-03-10", place) from None

    def begin(self) -> None:
        """What is given is brought in, known when it happened; then the scenarios are switched on."""
        story = self.tale.story
        first = self.instant(story.then[0].time, "then", 0, story.then[0].kind)
        rows = self.pen.rows(story.given, ("given",), consented(first))
        self.later = [self.pen.rows(moment.add, ("then", at, "add"), first) for at, moment in enumerate(story.then)]
        self._bring(rows, first)
        for pool, codes in story.pools.items():
            self.place.ledger.add_codes(pool, map(CouponCode, codes), consented(first))
        self._switch_on(earliest(self.place.tables, rows, self.zone), first)

    def add(self, number: int, at: datetime) -> None:
        """What a moment adds becomes known at its time."""
        rows = self.later[number]
        for table, said in self.pen.unnamed(rows, consented(at)).items():
            rows.setdefault(table, []).extend(said)
        deliver(self.place, self.tale.document, rows, at)

    def _bring(self, rows: dict[str, list[Said]], first: datetime) -> None:
        known: dict[datetime, dict[str, list[Said]]] = {}
        usual: dict[str, list[Said]] = self.pen.unnamed(rows, consented(first))
        for table, listed in rows.items():
            for row in listed:
                target = known.setdefault(row.known, {}) if row.known else usual
                target.setdefault(table, []).append(row)
        for at in sorted(known):
            deliver(self.place, self.tale.document, known[at], at)
        deliver(self.place, self.tale.document, usual, first, history=True)

    def _switch_on(self, begun: datetime | None, first: datetime) -> None:
        story = self.tale.story
        usual = min(begun, first) if begun else first - _DAY
        for document in self.bench.scenarios:
            version = stored_version(self.place.ledger, str(document.data.get("scenario")))
            since = story.on.get(version.name) if isinstance(story.on, dict) else story.on
            if since != NEVER:
                switch_on(self.place, version, self.instant(since, "on") if since else usual)
            self.names.append(version.name)
            self.feeds |= {need.feed for need in version.scenario.needs}


def _opened(home: Home, settings: Settings) -> Installation:
    """As `open_installation`, where all is known to be there."""
    tables = load_tables(home.definitions / "tables")
    engine = open_warehouse(home.warehouse, memory_limit="1GB", threads=1)
    place = Installation(home, settings, engine, open_ledger(home.ledger), tables, home.secret())
    stands_ready(engine, tables, place.secret)
    return place
