"""A demo's plan is lived through: files arrive, turns decide, mail is kept; what happened goes out."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import perf_counter

from relance import flow
from relance.base.clock import FixedClock, SystemClock
from relance.base.documents import load_document
from relance.base.errors import Refused
from relance.base.home import Home
from relance.channels.channel import Channel
from relance.channels.sender import SendReport, send_due
from relance.channels.settings import MailSettings
from relance.channels.setup import email_channel, mail_settings
from relance.customers.installation import Installation
from relance.demo import timetable
from relance.demo.files import write_files
from relance.demo.home import furnish_home
from relance.demo.plan import Delivery, DemoPlan, SwitchOn
from relance.demo.reacting import EFFECTS, Readers, readers_of, write_truth
from relance.demo.shelves import PRODUCTS
from relance.ingest.delivery import deliver
from relance.ingest.feeds import feed_complete
from relance.ingest.mapping import load_feeds
from relance.ingest.reports import ImportReport
from relance.messages.publishing import library_text, publish_scenario
from relance.messages.stopping import LedgerStops
from relance.policy.report import TurnReport
from relance.scenarios.switching import switch_on
from relance.scenarios.versions import Version

Told = Callable[[str, int, int], None]  # what is being done, how many moments are behind, how many there are

MARK = "this-is-a-demo.txt"
SCENARIOS = timetable.FIRST
HOLIDAYS = timedelta(days=60)
# The library speaks of feeds and segments by their usual names, the cooperative by its own.
_OWN = {
    "feed: orders,": "feed: commandes,",
    "feed: carts,": "feed: paniers,",
    "entered: loyal": "entered: fideles",
    "segment: loyal": "segment: fideles",
    "“loyal”": "“fideles”",
    "« loyal »": "« fideles »",
}


@dataclass
class Month:
    """What happened: imports, turns, sends, who was already past, and where the seconds went."""

    plan: DemoPlan
    imports: list[ImportReport] = field(default_factory=list)
    turns: list[TurnReport] = field(default_factory=list)
    sends: list[SendReport] = field(default_factory=list)
    already_past: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def spent(self, what: str, since: float) -> None:
        """Adds the time since an instant of the machine's counter."""
        self.seconds[what] = self.seconds.get(what, 0.0) + perf_counter() - since


def make_home(home: Home, again: bool) -> None:
    """Writes a demo's home. Refused where the folder holds anything, unless it is a demo to be made again."""
    if home.path.exists() and any(home.path.iterdir()):
        if not (home.path / MARK).exists():
            raise Refused(f"{home.path} is not empty and not a demo; nothing was touched; give another --home")
        if not again:
            raise Refused(f"{home.path} holds a demo already; look around in it, or replace it with --again")
        shutil.rmtree(home.path)
    furnish_home(home)
    (home.path / MARK).write_text("Made by “relance demo”, which may replace this folder.\n", encoding="utf-8")
    folder = home.definitions / "scenarios"
    folder.mkdir(parents=True, exist_ok=True)
    for name in (*timetable.FIRST, *timetable.LATER):
        (folder / f"{name}.yaml").write_text(in_own_names(library_text(name)), encoding="utf-8")


def make_files(home: Home, contacts: int, seed: int, books: int = PRODUCTS) -> DemoPlan:
    """The cooperative's exports, and when each of them arrives."""
    return write_files(home.path / "exports", contacts, seed, books=books)


def live(
    place: Installation,
    plan: DemoPlan,
    told: Told,
    effects: Mapping[str, float] = EFFECTS,
) -> Month:
    """Everything in order of time; the mail of a turn is kept, and reacted to, before the next file comes.

    effects: the chance, by scenario, that a first message brings one more order.
    """
    month, moments = Month(plan), plan.moments
    settings = mail_settings(place.settings, place.secret)
    channel = email_channel(settings, place.home.mail)
    readers = _readers(plan, effects)
    with _written(place, plan) as versions:
        for done, moment in enumerate(moments):
            since = perf_counter()
            if isinstance(moment, Delivery):
                told(f"files of {moment.known_at:%d %B}", done, len(moments))
                month.imports += receive(place, moment)
                month.spent("history" if moment.history else "imports", since)
            elif isinstance(moment, SwitchOn):
                told(f"switching on {', '.join(moment.names)}", done, len(moments))
                month.already_past |= _start(place, moment, versions.result())
                month.spent("switching on", since)
            else:
                told(f"turn of {moment.at:%d %B}", done, len(moments))
                month.turns.append(flow.run(place, moment.at))
                month.spent("turns", since)
                since = perf_counter()
                month.sends.append(_send(place, channel, settings, moment.at))
                month.spent("sending", since)
                readers.react(place, moment.at)
    write_truth(readers, place.home.path)
    told("done", len(moments), len(moments))
    return month


def go_on(home: Home, since: datetime) -> None:
    """From now on the clock of this home runs as the machine's does, and says now that it is this instant."""
    behind = SystemClock().now() - since
    home.clock_file.write_text(f"{behind.total_seconds()}\n", encoding="utf-8")


def close_for_holidays(place: Installation, since: datetime) -> None:
    """After the month nothing more happens in the shops, and their feeds say so: what is on goes on without files."""
    with place.engine.transaction():
        for feed in load_feeds(place.home.definitions, dict(place.tables)).values():
            if feed.completes:
                feed_complete(place.engine, feed.feed, since + HOLIDAYS, since + timedelta(minutes=1))


def receive(place: Installation, moment: Delivery) -> list[ImportReport]:
    """Imports a delivery at its moment; the first refusal is raised."""
    reports, refusals = deliver(
        place.engine,
        LedgerStops(place.ledger),
        place.home.definitions,
        moment.files,
        moment.known_at,
        moment.history,
        None,
        place.secret,
    )
    if refusals:
        raise refusals[0].error
    return reports


def _readers(plan: DemoPlan, effects: Mapping[str, float]) -> Readers:
    history = next(file for file in plan.history.files if file.name.startswith("commandes-"))
    return readers_of(plan.seed, history.parent, history, effects)


@contextmanager
def _written(place: Installation, plan: DemoPlan) -> Iterator[Future[Mapping[str, Version]]]:
    """The scenarios are checked and published beside the history, which needs the other core less than they do."""
    with ThreadPoolExecutor(1, "scenarios") as beside:
        yield beside.submit(_publish, place, plan)


def _publish(place: Installation, plan: DemoPlan) -> Mapping[str, Version]:
    folder = place.home.definitions / "scenarios"
    with place.another() as own:
        return {
            name: publish_scenario(own, load_document(folder / f"{name}.yaml"), plan.history.known_at)
            for name in (*timetable.FIRST, *timetable.LATER)
        }


def _start(place: Installation, moment: SwitchOn, versions: Mapping[str, Version]) -> dict[str, int]:
    return {name: switch_on(place, versions[name], moment.at) for name in moment.names}


def _send(place: Installation, channel: Channel, settings: MailSettings, at: datetime) -> SendReport:
    return send_due(place.ledger, channel, settings, FixedClock(at))


def in_own_names(text: str) -> str:
    """A document of the library that speaks of the cooperative’s own feeds and segments."""
    for usual, own in _OWN.items():
        text = text.replace(usual, own)
    return text
