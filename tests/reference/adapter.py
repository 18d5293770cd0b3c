"""Where the product is connected: a world goes in, what the product decided comes out in the model's words.

It lives the world in order of time: contacts and products first, long before; then each file, act, stock row
and statement of completeness is imported at its `known_at`, each scenario switched on at its `on_at`, each turn
run at its instant; at one instant in that order. The messages of a turn are handed over at once, before
anything is imported: one still queued could be cancelled by the next file, and would then not count for the cap.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from itertools import groupby
from pathlib import Path
from typing import Any
from unittest.mock import patch

from relance import flow
from relance.base.clock import FixedClock, naive_utc
from relance.base.documents import load_document
from relance.base.home import Home
from relance.base.settings import Settings, settings_from
from relance.channels.channel import Message, Receipt
from relance.channels.sender import send_due
from relance.channels.settings import MailSettings
from relance.channels.setup import mail_settings
from relance.customers.installation import Installation
from relance.customers.own_tables import load_tables
from relance.customers.schema import create_star
from relance.customers.tables import Table
from relance.engines.duckdb import DuckEngine
from relance.engines.ledger import Ledger
from relance.engines.sqlite import migrate_ledger, open_ledger
from relance.ingest import delivery
from relance.ingest.mapping import Feed, load_feeds
from relance.messages.documents import MESSAGE
from relance.messages.publishing import publish_scenario
from relance.messages.stopping import LedgerStops
from relance.policy.report import ScenarioReport
from relance.scenarios.calls import call_scenario
from relance.scenarios.editing import edit, undo
from relance.scenarios.running import KIND, stored_version
from relance.scenarios.switching import switch_off, switch_on
from relance.scenarios.under_way import choices
from relance.scenarios.versions import Version, body_of
from tests.reference.documents import document_of, of_library, write_messages, write_segments
from tests.reference.engine_files import Parcel, deliveries, write_mappings
from tests.reference.world import Call, Decision, Edit, HeldBack, Run, Scenario, Turn, TurnReport, World

IMPORT, SWITCH, TURN = 0, 1, 2


def engine_under_test(world: World) -> Run:
    """What the product does in this world: the same decisions, reports and `already_past` as `model.run`."""
    with _shop().open(world) as life:
        for _, _, live in sorted(_events(life, world), key=lambda event: event[:2]):
            live()
        return Run(tuple(sorted(life.decisions)), tuple(life.reports), tuple(life.past), tuple(life.held_back))


@dataclass
class Accepting:
    """A way out that takes every message, as the built-in mailbox does, but keeps only to whom it went."""

    name: str = "email"
    live: bool = False
    taken: list[str] = field(default_factory=list)

    @contextmanager
    def open(self) -> Iterator[Accepting]:
        yield self

    def deliver(self, message: Message) -> Receipt:
        self.taken.append(message.to)
        return Receipt("accepted")


@dataclass
class Life:
    """One world under way in the product."""

    place: Installation
    world: World
    mail: MailSettings
    files: Path
    decisions: list[Decision] = field(default_factory=list)
    reports: list[TurnReport] = field(default_factory=list)
    past: list[tuple[str, int]] = field(default_factory=list)
    held_back: list[HeldBack] = field(default_factory=list)

    def take(self, moment: datetime, parcels: list[Parcel]) -> None:
        """One delivery of real files, through the real importer."""
        for parcel in parcels:
            (self.files / parcel.name).write_text(parcel.text, encoding="utf-8")
        place, paths = self.place, [self.files / parcel.name for parcel in parcels]
        with patch.object(delivery, "load_feeds", _feeds_once):
            reports = delivery.import_delivery(
                place.engine, LedgerStops(place.ledger), place.home.definitions, paths, moment, secret=place.secret
            )
        assert not (wrong := [one for one in reports if one.rejected]), wrong

    def switch(self, scenario: Scenario, at: datetime) -> None:
        version = _publish(self.place, scenario, at)
        self.past.append((scenario.id, switch_on(self.place, version, at)))

    def switch_off(self, scenario: Scenario, at: datetime) -> None:
        switch_off(self.place, scenario.id, stored_version(self.place.ledger, scenario.id).number, at)

    def edit(self, scenario: Scenario, change: Edit) -> None:
        """A new version while people are under way; where nobody stands at the step, none can move at it."""
        version = _publish(self.place, change.of(scenario), change.at)
        ways = {each.live for each in choices(self.place, version, change.at).choices}
        edit(self.place, version, change.live if change.live in ways else "finish", change.at)

    def call(self, call: Call) -> None:
        """The same again is answered as the first was."""
        running = stored_version(self.place.ledger, call.scenario).scenario
        call_scenario(self.place, running, call.contact, call.key, {}, call.at)

    def undo(self, scenario: Scenario, at: datetime) -> None:
        undo(self.place, scenario.id, at)

    def turn(self, turn: Turn) -> None:
        """A turn of everything that is on, or of what enters since a date alone; then its messages leave."""
        only = [name for name, _ in turn.enter_since]
        since = turn.enter_since[0][1] if turn.enter_since else None
        report = flow.run(self.place, turn.at, only, since)
        send_due(self.place.ledger, Accepting(), self.mail, FixedClock(turn.at))
        self.reports += _reported(turn, report.scenarios)
        made = self.place.engine.rows(_MADE.format(naive_utc(turn.at)))
        self.decisions += [self._decided(turn, row) for row in made]
        self.held_back += list(self._held_back(turn, {row["contact"]: row["own_id"] for row in made}))

    def _held_back(self, turn: Turn, names: dict[int, str]) -> Iterator[HeldBack]:
        """Every message of the turn has been accepted, or the last look at it says why not."""
        for row in self.place.ledger.outbox():
            key = row.outgoing.key
            if row.outgoing.created_at == turn.at and row.state != "accepted":
                yield HeldBack(turn.at, key.scenario, names[key.contact], row.reason or row.state)

    def _decided(self, turn: Turn, row: dict[str, Any]) -> Decision:
        """In the model's words: a birthday is known by its year alone, and one message by no name."""
        scenario = next(one for one in self.world.scenarios if one.id == row["scenario"])
        step = "send" if of_library(scenario) else row["step"]
        key = row["occurrence"].rpartition("/")[2] if scenario.trigger == "birthday" else row["occurrence"]
        key = key.replace("/CAD/", "/") if scenario.trigger == "price_drop" else key
        told = (row["own_id"] or "", key, row["outcome"], row["reason"] or "")
        return Decision(turn.at, row["due_date"], row["scenario"], step, *told)


_FEEDS: dict[Path, dict[str, Feed]] = {}


def _feeds_once(definitions: Path, tables: dict[str, Table]) -> dict[str, Feed]:
    """The mapping documents never change here, and reading them takes as long as a small import."""
    if definitions not in _FEEDS:
        _FEEDS[definitions] = load_feeds(definitions, tables)
    return _FEEDS[definitions]


_MADE = """
SELECT d.due_date, d.scenario, d.step, d.contact, v.own_id, d.occurrence, d.outcome, d.reason
FROM decisions AS d LEFT JOIN contacts_vault AS v USING (contact) WHERE d.at = TIMESTAMP '{}'
"""


def _events(life: Life, world: World) -> Iterator[tuple[datetime, int, Callable[[], object]]]:
    for moment, parcels in deliveries(world):
        yield moment, IMPORT, partial(life.take, moment, parcels)
    for scenario in world.scenarios:
        if scenario.trigger == "handed_over":  # who hands over to it wants it published
            yield (
                min(one.on_at for one in world.scenarios),
                IMPORT,
                partial(_publish, life.place, scenario, scenario.on_at),
            )
        yield scenario.on_at, SWITCH, partial(life.switch, scenario, scenario.on_at)
        if scenario.off is not None:
            yield scenario.off[0], SWITCH, partial(life.switch_off, scenario, scenario.off[0])
            yield scenario.off[1], SWITCH, partial(life.switch, scenario, scenario.off[1])
        for change in scenario.edits:
            yield change.at, SWITCH, partial(life.edit, scenario, change)
            if change.undone_at is not None:
                yield change.undone_at, SWITCH, partial(life.undo, scenario, change.undone_at)
    for call in world.calls:
        if call.scenario in {one.id for one in world.scenarios}:
            yield call.at, SWITCH, partial(life.call, call)
    for turn in world.turns:
        yield turn.at, TURN, partial(life.turn, turn)


def _reported(turn: Turn, reports: Sequence[ScenarioReport]) -> Iterator[TurnReport]:
    """One a scenario, for the model does not count its versions apart."""
    for name, of_one in groupby(reports, key=lambda each: each.id):
        each = list(of_one)
        refused = Counter[str]()
        for version in each:
            refused.update(version.refused)

        def total(part: str, each: list[ScenarioReport] = each) -> int:
            return sum(getattr(version, part) for version in each)

        candidates, send, held_out, deferred, waiting, ended = map(total, _PARTS)
        counts, old = tuple(sorted(refused.items())), max(version.too_old_to_see for version in each)
        yield TurnReport(turn.at, name, candidates, send, held_out, deferred, counts, old, waiting, ended)


_PARTS = ("candidates", "send", "held_out", "deferred", "waiting", "ended")
_CHECKED: dict[tuple[object, ...], dict[str, str]] = {}


def _publish(place: Installation, scenario: Scenario, at: datetime) -> Version:
    """Published by the product; its checks, which take long, are asked once for documents of one shape."""
    data, ledger = document_of(scenario), place.ledger
    shape = (scenario.trigger, scenario.steps, scenario.stops, scenario.wants, bool(scenario.needs))
    if shape not in _CHECKED:
        version = publish_scenario(place, load_document(json.dumps(data), source=scenario.id), at)
        _CHECKED[shape] = {name: ledger.document(MESSAGE, name).body for name in version.messages}
    pinned = {name: ledger.publish(MESSAGE, name, body, at) for name, body in _CHECKED[shape].items()}
    number = ledger.publish(KIND, scenario.id, body_of(data, pinned), at)
    return stored_version(ledger, scenario.id, number)


@cache
def _shop() -> Shop:
    return Shop(Path(tempfile.mkdtemp(prefix="worlds-")))


class Shop:
    """One warehouse in memory for all worlds, emptied between them; a fresh ledger for each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.engine = DuckEngine(None, memory_limit="1GB", threads=1)
        self.tables = load_tables(folder / "none")
        create_star(self.engine, self.tables.values())
        self.blank = folder / "blank.sqlite"
        migrate_ledger(self.blank)

    @contextmanager
    def open(self, world: World) -> Iterator[Life]:
        home, settings = self._home(world), _settings(world)
        self._empty()
        ledger = self._ledger(home)
        secret = home.secret()
        place = Installation(home, settings, self.engine, ledger, self.tables, secret)
        try:
            yield Life(place, world, mail_settings(settings, secret), home.inbox)
        finally:
            ledger.close()

    def _home(self, world: World) -> Home:
        """One for all worlds of a zone; where nobody asks of segments, there are none."""
        moving = any(one.trigger in ("entered", "left") for one in world.scenarios)
        home = Home(self.folder / (world.zone.replace("/", "-") + ("-segments" if moving else "")))
        if not home.definitions.exists():
            write_mappings(home.definitions, world.zone)
            write_messages(home.definitions)
            if moving:
                write_segments(home.definitions)
            home.inbox.mkdir()
        return home

    def _ledger(self, home: Home) -> Ledger:
        for old in home.path.glob("ledger.sqlite*"):
            old.unlink()
        shutil.copy(self.blank, home.ledger)
        return open_ledger(home.ledger)

    def _empty(self) -> None:
        full = "SELECT table_name FROM duckdb_tables() WHERE NOT temporary AND estimated_size > 0"
        for row in self.engine.rows(full):
            self.engine.execute(f'DELETE FROM "{row["table_name"]}"')


def _settings(world: World) -> Settings:
    pressure = {"messages": world.cap.messages, "days": world.cap.days} if world.cap else {}
    brand = {
        "name": "The bookshop",
        "zone": world.zone,
        "currency": "CAD",
        "url": "https://shop.example",
        "cart_url": "https://shop.example/cart",
    }
    told = {"seed": world.seed, "brand": brand, "pressure": pressure, "global_holdout": world.global_holdout}
    if world.quiet is not None:
        told["quiet_hours"] = {"email": {"start": world.quiet.start, "end": world.quiet.end}}
    return settings_from(told)
