"""`scenario apply`, `undo`, `diff`, `export`: documents become versions, and versions files; what differs is said."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from relance.base.errors import NotFound, Refused
from relance.cli.opened import clock_at, opened, opened_ledger
from relance.cli.options import AsOfOption, HomeOption, JsonOption
from relance.cli.output import say, say_json, say_table

if TYPE_CHECKING:
    from datetime import datetime

    from relance.base.documents import Document
    from relance.customers.installation import Installation
    from relance.messages.offering import Difference, Offer

Name = Annotated[str, typer.Argument(metavar="NAME", help="The name of a scenario.")]
Folder = Annotated[Path, typer.Option("--out", metavar="DIR", help="Below this folder; ./definitions otherwise.")]
_HEADS = {
    "fr": ("{name} : rien ne diffère entre {before} et {after}", "{name}, de la {before} à {after} :"),
    "en": ("{name}: nothing differs between {before} and {after}", "{name}, from {before} to {after}:"),
}
_ANOTHER = "Another than the version in force."


def apply(
    documents: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Documents, or names of scenarios of the library.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what publishing would do; write nothing.")] = False,
    live: Annotated[
        str | None,
        typer.Option(
            "--live", metavar="WAY", help="Put it in force at once: finish, move:STEP or stop what is under way."
        ),
    ] = None,
    as_of: AsOfOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Publish scenarios with the messages they name; the same document makes no new version."""
    with opened(home) as place:
        from relance.messages.offering import offer

        at = clock_at(as_of, place.zone, place.clock).now()
        given = [_document(name) for name in documents]
        if dry_run:
            offers = [offer(place, document, at, beside) for document, beside in given]
            if live:
                _check_way(offers, live)
            said = [_offered(one) for one in offers]
        else:
            for document, beside in given if len(given) > 1 else ():
                offer(place, document, at, beside)  # one that is wrong leaves the others where they are, too
            said = [_publish(place, document, beside, live, at) for document, beside in given]
    if json:
        say_json({"scenarios": said})
        return
    for one in said:
        _tell(one, dry_run)


def _offered(one: Offer) -> dict[str, Any]:
    """The published shape of `apply --dry-run`."""
    from relance.explaining.edits import edit_told

    named = {"id": one.version.name, "version": one.version.number, "new": one.new, "running": one.running}
    changes = [edit_told(each).en for each in one.changes]
    return {**named, "changes": changes, "live": one.choices.as_dict() if one.choices else None}


def _publish(
    place: Installation, document: Document, beside: Path | None, live: str | None, at: datetime
) -> dict[str, Any]:
    """Publishes and, where a way is said, puts it in force; both or neither."""
    from relance.messages.offering import in_force, newest
    from relance.messages.publishing import name_said, publish_scenario
    from relance.scenarios.editing import edit
    from relance.scenarios.under_way import choices

    before = newest(place.ledger, name_said(document))
    with place.ledger.transaction():
        version = publish_scenario(place, document, at, beside)
        done = edit(place, version, live, at) if live else None
    running = in_force(place.ledger, version.name)
    open_ = choices(place, version, at) if running not in (None, version.number) else None
    named = {"id": version.name, "version": version.number, "new": version.number != before, "running": running}
    return {**named, "live": open_.as_dict() if open_ else None, "edited": vars(done) if done else None}


def _check_way(offers: list[Offer], live: str) -> None:
    for one in offers:
        if one.choices is None:
            raise Refused(f"{one.version.name} is not on in another version: nothing is under way")
        one.choices.choice(live)


def _tell(one: dict[str, Any], dry_run: bool) -> None:
    name = one["id"]
    if dry_run:
        would = (
            f"would be version {one['version']}" if one["new"] else f"is version {one['version']}, nothing has changed"
        )
        say(f"{name}: the document is right, and {would}", *(f"  {line}" for line in one["changes"]))
    elif one["edited"]:
        say(f"{name}: version {one['version']} is in force; {_done(one['edited'])}")
        say(f"To take it back before its first message has left: relance scenario undo {name}")
    elif one["new"] and one["running"] is None:
        say(f"{name}: published as version {one['version']}; to start it: relance scenario on {name}")
    elif one["new"]:
        say(f"{name}: published as version {one['version']}; version {one['running']} stays in force until you choose")
    else:
        say(f"{name}: nothing has changed, it is version {one['version']}")
    if one["live"]:
        _tell_choices(one["live"])


def _done(edited: dict[str, Any]) -> str:
    if edited["live"] == "stop":
        return f"{edited['stopped']:,} journeys stopped, {edited['cancelled']:,} queued messages cancelled"
    return f"{edited['moved']:,} journeys moved, {edited['finish']:,} finish in the version they began in"


def _tell_choices(live: dict[str, Any]) -> None:
    say(
        f"Under way: {live['waiting']:,} in a wait, {live['held_out']:,} of them held out, "
        f"{live['past_change']:,} past the change; "
        f"{live['queued']:,} messages queued; {live['today']:,} messages at most today"
    )
    keys = ("live", "moved", "finish", "stopped", "cancelled", "today")
    columns = ("--live", "moved", "finish in the old", "stopped", "messages cancelled", "at most today")
    say_table(columns, [[each[key] for key in keys] for each in live["choices"]])
    left = [f"{each['step']} ({each['journeys']:,})" for each in live["standing"] if not each["named_in_new"]]
    if left:
        say(f"No step of that name in the new version, so these finish in the old: {', '.join(left)}")


def undo(name: Name, as_of: AsOfOption = None, home: HomeOption = None, json: JsonOption = False) -> None:
    """Take back the last version put in force with --live: pins, waits and queued messages are as before."""
    with opened(home) as place:
        from relance.scenarios import editing

        done = editing.undo(place, name, clock_at(as_of, place.zone, place.clock).now())
    if json:
        say_json({"id": name, **{key: value for key, value in vars(done).items() if key != "scenario"}})
        return
    say(
        f"{name}: version {done.version} is in force again; {done.journeys:,} journeys and {done.queued:,} queued "
        f"messages are as before, {done.stay:,} that began in version {done.undone} finish there."
    )


def diff(
    what: Annotated[str, typer.Argument(metavar="FILE|NAME", help="A document, or the name of a scenario.")],
    old: Annotated[int | None, typer.Option("--from", metavar="N", help=_ANOTHER)] = None,
    new: Annotated[int | None, typer.Option("--to", metavar="N", help="Another than the newest version.")] = None,
    language: Annotated[
        Literal["fr", "en"] | None, typer.Option("--language", help="French or English; else the first of the brand’s.")
    ] = None,
    as_of: AsOfOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Say what differs between a document and the version in force, or between two versions."""
    path = Path(what)
    if path.exists() or path.suffix:
        if old or new:
            raise Refused("a document is compared with the version in force; --from and --to are for two versions")
        found, usual = _against_file(path, as_of, home)
    else:
        found, usual = _between(what, old, new, home), _usual(home)
    from relance.explaining.edits import edit_told

    spoken = language or usual
    changes = [edit_told(each).in_(spoken) for each in found.changes]
    if json:
        named = {"id": found.scenario, "from": found.before, "to": found.after}
        say_json({**named, "changes": changes, "text": found.text})
        return
    same, head = _HEADS[spoken]
    where = {"name": found.scenario, "before": found.before, "after": found.after}
    said = [head.format(**where), *(f"  {line}" for line in changes), "", found.text]
    say(*(said if changes else [same.format(**where)]))


def _usual(home: Path | None) -> str:
    """`fr` or `en`: the brand's first language."""
    from relance.base.home import existing_home
    from relance.base.settings import load_settings

    return load_settings(existing_home(home).settings_file).brand.languages[0][:2]


def _against_file(path: Path, as_of: str | None, home: Path | None) -> tuple[Difference, str]:
    """What differs, and the language in which the brand would say it."""
    with opened(home) as place:
        from relance.messages.offering import against_file

        document, beside = _document(str(path))
        found = against_file(place, document, clock_at(as_of, place.zone, place.clock).now(), beside)
        return found, place.settings.brand.languages[0][:2]


def _between(name: str, old: int | None, new: int | None, home: Path | None) -> Difference:
    from relance.messages.offering import between, in_force, newest

    with opened_ledger(home) as ledger:
        last = newest(ledger, name)
        if last is None:
            raise NotFound(
                f"there is no scenario “{name}” here; publish its document with: relance scenario apply FILE"
            )
        to = new or last
        return between(ledger, name, old or in_force(ledger, name) or max(to - 1, 1), to)


def export(
    name: Name,
    version: Annotated[int | None, typer.Option("--version", metavar="N", help="Another than the newest.")] = None,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Below this folder; definitions.")] = Path(
        "definitions"
    ),
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Write a version and its messages as files; applied again, they change nothing."""
    from relance.messages.offering import export as written

    with opened_ledger(home) as ledger:
        number, paths = written(ledger, name, version, out)
    if json:
        say_json({"id": name, "version": number, "files": [str(path) for path in paths]})
    else:
        say(f"{name}, version {number}:", *(f"  {path}" for path in paths))


def _document(name: str) -> tuple[Document, Path | None]:
    """A file with the folder of messages beside it, or a scenario of the library where there is no such file."""
    from relance.base.documents import load_document
    from relance.messages.publishing import library_document

    path = Path(name)
    if not path.exists() and not path.suffix:
        return library_document(name), None
    folders = (path.parent / "messages", path.parent.parent / "messages")
    return load_document(path), next((each for each in folders if each.is_dir()), None)
