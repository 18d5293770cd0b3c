"""`doctor`: a home comes in; what is well, what to look at, and what is broken goes out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from relance.base.errors import RelanceError
from relance.cli.opened import LENT, clock_at, opened
from relance.cli.options import AsOfOption, HomeOption, JsonOption
from relance.cli.output import say, say_json
from relance.serving.findings import Finding, disk, finding, tried

if TYPE_CHECKING:
    from relance.base.home import Home
    from relance.base.settings import Settings
    from relance.customers.installation import Installation


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
    yield disk(home)
    settings: list[Settings] = []
    yield tried("settings", lambda: _settings(home, settings))
    yield tried("secret", lambda: _secret(home))
    if not settings:
        return
    yield _senders(settings[0])
    yield from _inside(home, as_of)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return finding("python", "green" if sys.version_info >= (3, 11) else "red", version)


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
        return finding("sending", "green", "no server is set, mail stays in the mail folder of the home")
    from relance.channels.settings import refuse_unready
    from relance.channels.setup import mail_settings

    def ready() -> str:
        refuse_unready(mail_settings(settings, b"not used for looking"))
        return f"by {settings.smtp.host}:{settings.smtp.port}" if settings.smtp else ""

    return tried("sending", ready)


def _inside(home: Home, as_of: str | None) -> Iterator[Finding]:
    """What can only be seen in an open home."""
    from relance.serving.health import looked_at

    try:
        with opened(home.path) as place:
            said = f"open, {len(place.tables)} tables, the schema is this version's"
            yield finding("warehouse and ledger", "green", said)
            yield tried("definitions", lambda: _definitions(place))
            yield from _cancelled_and_valid(place)
            now, lent = clock_at(as_of, place.zone, place.clock).now(), LENT.get()
            yield from looked_at(place, now, served=lent is not None)
            yield from lent.beside() if lent else ()
    except RelanceError as error:
        yield finding("warehouse and ledger", "red", str(error))


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


def _cancelled_and_valid(place: Installation) -> Iterator[Finding]:
    """Orders that count although their mapping calls them cancelled."""
    orders = place.engine.value("SELECT count(*) FROM orders WHERE status = 'cancelled' AND valid")
    if orders:
        said = f"cancelled and still valid: {orders:,}; the mapping's `valid` must be false where `status` is cancelled"
        yield finding("orders", "amber", said, cancelled_and_valid=orders)
