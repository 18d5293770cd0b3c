"""`scenario …`: documents become versions, versions are switched on and off, and are shown."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relance.base.clock import naive_utc
from relance.base.errors import NotFound, Refused
from relance.cli import versions
from relance.cli.opened import clock_at, opened, opened_ledger
from relance.cli.options import AsOfOption, HomeOption, JsonOption
from relance.cli.output import say, say_json, say_table

if TYPE_CHECKING:
    from relance.customers.installation import Installation
    from relance.engines.ledger import Ledger, Switch
    from relance.scenarios.versions import Version

group = typer.Typer(help="Scenarios: publish, switch, look.", no_args_is_help=True, rich_markup_mode=None)

group.command("apply")(versions.apply)
group.command("undo")(versions.undo)
group.command("diff")(versions.diff)
group.command("export")(versions.export)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The name of a scenario.")]


def _latest(ledger: Ledger, name: str) -> int | None:
    try:
        return ledger.document("scenario", name).version
    except NotFound:
        return None


@group.command("on")
def on(name: Name, as_of: AsOfOption = None, home: HomeOption = None, json: JsonOption = False) -> None:
    """Start a scenario (of the library too), in its newest version. Who is due already is counted, not written to."""
    with opened(home) as place:
        from relance.ingest.delivery import refuse_early
        from relance.scenarios.sources import check_sources
        from relance.scenarios.switching import switch_on

        at = clock_at(as_of, place.zone, place.clock).now()
        refuse_early(place.engine, naive_utc(at), "it would be on")
        version = _version_to_start(place, name, at)
        check_sources(place, version)
        past = switch_on(place, version, at)
    if json:
        say_json({"id": name, "version": version.number, "on": True, "at": at.isoformat(), "already_past": past})
    else:
        say(
            f"{name} (version {version.number}) is on since {at:%Y-%m-%d %H:%M} UTC; {past:,} were already past then.",
            f"To see what it would do: relance plan {name}",
        )


def _version_to_start(place: Installation, name: str, at: datetime) -> Version:
    from relance.messages.publishing import library, library_document, publish_scenario
    from relance.scenarios.running import stored_version

    if _latest(place.ledger, name) is None and name in library():
        return publish_scenario(place, library_document(name), at)
    _refuse_unpublished(place.ledger, name)
    version = stored_version(place.ledger, name)
    last = _last_switch(place.ledger, name)
    if last and last.on and last.version == version.number:
        raise Refused(f"{name} is on already, in version {version.number}, since {last.at:%Y-%m-%d %H:%M} UTC")
    return version


@group.command("off")
def off(name: Name, as_of: AsOfOption = None, home: HomeOption = None, json: JsonOption = False) -> None:
    """Stop a scenario: nothing more is decided, journeys keep their place."""
    with opened(home) as place:
        from relance.ingest.delivery import refuse_early
        from relance.scenarios.switching import switch_off

        at = clock_at(as_of, place.zone, place.clock).now()
        refuse_early(place.engine, naive_utc(at), "it would be off")
        _refuse_unpublished(place.ledger, name)
        last = _last_switch(place.ledger, name)
        if last is None or not last.on:
            raise Refused(f"{name} is not on")
        switch_off(place, name, last.version, at)
    if json:
        say_json({"id": name, "version": last.version, "on": False, "at": at.isoformat()})
    else:
        say(f"{name} is off since {at:%Y-%m-%d %H:%M} UTC.")


@group.command("list")
def list_(home: HomeOption = None, json: JsonOption = False) -> None:
    """Every published scenario, its newest version, and whether it is on."""
    with opened_ledger(home) as ledger:
        found = [_listed(ledger, document.name, document.version) for document in ledger.documents("scenario")]
    if json:
        say_json({"scenarios": found})
    elif found:
        columns = ("scenario", "version", "on", "running version", "since (UTC)", "already past")
        keys = ("id", "version", "on", "running", "since", "already_past")
        say_table(columns, [[_word(one[key]) for key in keys] for one in found])
    else:
        say("No scenario is published. The library has some: relance scenario library")


def _listed(ledger: Ledger, name: str, version: int) -> dict[str, Any]:
    last = _last_switch(ledger, name)
    on = last is not None and last.on
    return {
        "id": name,
        "version": version,
        "on": on,
        "running": last.version if last and on else None,
        "since": last.at.isoformat() if last and on else None,
        "already_past": last.already_past if last and on else None,
    }


def _word(value: Any) -> Any:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else value


@group.command("show")
def show(
    name: Name,
    version: Annotated[int | None, typer.Option("--version", metavar="N", help="Another than the newest.")] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """A published version as its author wrote it, and the messages pinned to it."""
    from json import loads

    import yaml

    from relance.scenarios.changes import as_read_aloud

    with opened_ledger(home) as ledger:
        _refuse_unpublished(ledger, name)
        document = ledger.document("scenario", name, version)
        listed = _listed(ledger, name, document.version)
    body = loads(document.body)
    body["scenario"] = as_read_aloud(body["scenario"])
    if json:
        published = {"published_at": document.published_at.isoformat(), "messages": body["messages"]}
        say_json({**listed, **published, "scenario": body["scenario"]})
        return
    running = f"on since {listed['since']} in version {listed['running']}" if listed["on"] else "off"
    messages = ", ".join(f"{each} (version {number})" for each, number in body["messages"].items())
    say(f"# {name}, version {document.version}, {running}; messages: {messages}")
    say(yaml.safe_dump(body["scenario"], allow_unicode=True, sort_keys=False, width=100).rstrip())


@group.command("library")
def library(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Print this one's document.")] = None,
    json: JsonOption = False,
) -> None:
    """The scenarios that come with Relance; with a name its document, to be copied and changed."""
    from relance.messages.publishing import library, library_document, library_text

    if name:
        say_json(library_document(name).data) if json else say(library_text(name).rstrip())
        return
    data = [library_document(each).data for each in library()]
    if json:
        say_json({"scenarios": [{"id": one["scenario"], "title": one["title"], "about": one["about"]} for one in data]})
    else:
        say_table(("scenario", "what it does"), [(one["scenario"], one["about"]["en"]) for one in data])


def _refuse_unpublished(ledger: Ledger, name: str) -> None:
    if _latest(ledger, name) is None:
        raise NotFound(f"there is no scenario “{name}” here; publish its document with: relance scenario apply FILE")


def _last_switch(ledger: Ledger, name: str) -> Switch | None:
    return next((each for each in reversed(ledger.switches()) if each.scenario == name), None)
