"""`doctor`: a home comes in; what is well, what to look at, and what is broken goes out."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

import typer

from relance.base.clock import naive_utc
from relance.base.errors import RelanceError
from relance.cli.opened import clock_at
from relance.cli.options import AsOfOption, HomeOption, JsonOption
from relance.cli.output import say, say_json

if TYPE_CHECKING:
    from relance.base.home import Home
    from relance.base.settings import Settings
    from relance.customers.installation import Installation

LEAST_FREE = 1_000_000_000  # bytes
LATE = timedelta(hours=26)  # a daily turn that has not come
Colour = Literal["green", "amber", "red"]


@dataclass(frozen=True)
class Finding:
    """One thing looked at. Red needs a person before the next turn, amber a look."""

    what: str
    colour: Colour
    said: str


def doctor(as_of: AsOfOption = None, home: HomeOption = None, json: JsonOption = False) -> None:
    """Look at everything a turn needs; the exit code is 1 when something is red."""
    from relance.base.home import existing_home

    findings = list(_findings(existing_home(home), as_of))
    red = any(one.colour == "red" for one in findings)
    if json:
        say_json({"healthy": not red, "findings": [asdict(one) for one in findings]})
    else:
        marks = {"green": "ok  ", "amber": "look", "red": "BAD "}
        say(*(f"{marks[one.colour]}  {one.what}: {one.said}" for one in findings))
    if red:
        raise typer.Exit(RelanceError.exit_code)


def _findings(home: Home, as_of: str | None) -> Iterator[Finding]:
    yield _python()
    yield _disk(home)
    settings: list[Settings] = []
    yield _try("settings", lambda: _settings(home, settings))
    yield _try("secret", lambda: _secret(home))
    if not settings:
        return
    yield _senders(settings[0])
    yield from _inside(home, as_of)


def _try(what: str, look: Callable[[], str]) -> Finding:
    """Green with what was said, red with the sentence of the error."""
    try:
        return Finding(what, "green", look())
    except RelanceError as error:
        return Finding(what, "red", str(error))


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("python", "green" if sys.version_info >= (3, 11) else "red", version)


def _disk(home: Home) -> Finding:
    free = shutil.disk_usage(home.path).free
    said = f"{free / 1e9:.1f} GB free in {home.path}"
    return Finding("disk", "green" if free > LEAST_FREE else "red", said)


def _settings(home: Home, found: list[Settings]) -> str:
    found.append(home.settings())
    return f"{home.settings_file} is right; the brand's zone is {found[0].brand.zone}"


def _secret(home: Home) -> str:
    """The secret is there and is read by its owner only."""
    if not home.secret_file.exists():
        raise RelanceError(f"{home.secret_file} is missing; restore it from a backup, its identities depend on it")
    home.secret()
    if home.secret_file.stat().st_mode & 0o077:
        raise RelanceError(f"{home.secret_file} can be read by others; make it private: chmod 600 {home.secret_file}")
    return "there, and private"


def _senders(settings: Settings) -> Finding:
    if settings.smtp is None:
        return Finding("sending", "green", "no server is set, mail stays in the mail folder of the home")
    from relance.channels.settings import refuse_unready
    from relance.channels.setup import mail_settings

    def ready() -> str:
        refuse_unready(mail_settings(settings, b"not used for looking"))
        return f"by {settings.smtp.host}:{settings.smtp.port}" if settings.smtp else ""

    return _try("sending", ready)


def _inside(home: Home, as_of: str | None) -> Iterator[Finding]:
    """What can only be seen in an open home."""
    from relance.customers.installation import open_installation

    try:
        place = open_installation(home)
    except RelanceError as error:
        yield Finding("warehouse and ledger", "red", str(error))
        return
    try:
        yield Finding(
            "warehouse and ledger", "green", f"open, {len(place.tables)} tables, the schema is this version's"
        )
        yield _try("definitions", lambda: _definitions(place))
        now = clock_at(as_of, place.zone).now()
        yield _heartbeat(place, now)
        yield from _feeds(place)
        yield _uncopied(place)
        yield _outbox(place)
    finally:
        place.close()


def _definitions(place: Installation) -> str:
    from relance.audiences.segments import load_segments
    from relance.base.documents import load_document
    from relance.ingest.mapping import load_feeds
    from relance.messages.publishing import check_scenario

    folder = place.home.definitions
    feeds = load_feeds(folder, dict(place.tables))
    segments = load_segments(folder / "segments")
    scenarios = sorted((folder / "scenarios").glob("*.yaml"))
    for path in scenarios:
        check_scenario(place, load_document(path))
    return f"{len(feeds)} feeds, {len(segments)} segments and {len(scenarios)} scenarios can be read"


def _heartbeat(place: Installation, now: datetime) -> Finding:
    from relance.scenarios.running import last_turn, running_scenarios

    on = len(running_scenarios(place.ledger, now))
    last = last_turn(place.engine, before=None)
    if last is None:
        return Finding("turns", "amber" if on else "green", f"none yet, {on} scenarios are on")
    age = now - last
    said = f"the last was at {last:%Y-%m-%d %H:%M} UTC, {on} scenarios are on"
    return Finding("turns", "red" if on and age > LATE else "green", said)


def _feeds(place: Installation) -> Iterator[Finding]:
    """Feeds that running scenarios need, and until when each is complete."""
    from relance.scenarios.running import last_turn, running_scenarios

    last = last_turn(place.engine, before=None)
    if last is None:
        return
    rows = place.engine.rows("SELECT feed, max(until) AS until FROM feed_completeness GROUP BY feed")
    until = {row["feed"]: row["until"] for row in rows}
    needed = {need.feed for each in running_scenarios(place.ledger, last) for need in each.version.scenario.needs}
    for feed in sorted(needed):
        complete = until.get(feed)
        fresh = complete is not None and naive_utc(last) - complete < LATE
        said = f"complete until {complete:%Y-%m-%d %H:%M} UTC" if complete else "never said to be complete"
        yield Finding(f"feed {feed}", "green" if fresh else "amber", said)


def _uncopied(place: Installation) -> Finding:
    from relance.messages.release import uncopied

    turns = uncopied(place)
    if turns:
        said = f"{len(turns)} turns were decided and not queued; the next “relance run” mends it"
        return Finding("hand to the outbox", "amber", said)
    return Finding("hand to the outbox", "green", "every turn's messages are queued")


def _outbox(place: Installation) -> Finding:
    counts = place.ledger.outbox_counts()
    unknown = sum(one.messages for one in counts if one.state in ("unknown", "handing"))
    waiting = sum(one.messages for one in counts if one.state in ("queued", "leased", "deferred"))
    said = f"{waiting:,} wait, {unknown:,} left with an unknown outcome"
    return Finding("outbox", "amber" if unknown else "green", said)
