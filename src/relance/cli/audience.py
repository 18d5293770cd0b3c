"""`audience …`: criteria and an instant come in; how many, who, and who came and went goes out."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relance.base.errors import NotFound
from relance.cli.opened import clock_at, instant_of, opened
from relance.cli.options import AsOfOption, CsvOption, HomeOption, JsonOption, OutOption
from relance.cli.output import progress, say, say_json, say_table

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from relance.audiences.criteria import Criteria
    from relance.audiences.segments import Segment
    from relance.customers.installation import Installation
    from relance.customers.relations import View

group = typer.Typer(help="Audiences: how many, who, since when.", no_args_is_help=True, rich_markup_mode=None)

CriteriaFile = Annotated[
    Path | None, typer.Argument(metavar="[CRITERIA.yaml]", help="A document with a criteria tree.")
]
SegmentOption = Annotated[
    str | None, typer.Option("--segment", metavar="NAME", help="A segment of definitions/segments instead.")
]


@group.command("count")
def count(
    criteria: CriteriaFile = None,
    segment: SegmentOption = None,
    as_of: AsOfOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """How many contacts the criteria hold for."""
    with opened(home) as place, progress("asking everyone"):
        from relance.audiences.everyone import count as count_of

        at = clock_at(as_of, place.zone, place.clock).now()
        number = count_of(place.engine, _members(place, criteria, segment, at))
    say_json({"as_of": at.isoformat(), "contacts": number}) if json else say(f"{number:,}")


@group.command("export")
def export(
    criteria: CriteriaFile = None,
    segment: SegmentOption = None,
    out: OutOption = None,
    csv: CsvOption = False,
    as_of: AsOfOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Who they are, by the retailer's own ids: CSV that a spreadsheet may open, unless JSON is asked for."""
    with opened(home) as place:
        from relance.audiences.everyone import export as exported
        from relance.cli.tables import harmless, write_csv

        at = clock_at(as_of, place.zone, place.clock).now()
        members = _members(place, criteria, segment, at)
        found = place.engine.arrow(exported(members, _view(place, at)))
        if json and not csv:
            say_json({"as_of": at.isoformat(), "contacts": found.column("contact").to_pylist()})
        else:
            write_csv(harmless(found), out)


def _members(place: Installation, criteria: Path | None, segment: str | None, at: datetime) -> ir.Table:
    from relance.audiences.everyone import audience
    from relance.audiences.segments import members_at

    if (criteria is None) == (segment is None):
        raise typer.BadParameter("name a criteria document, or a segment with --segment NAME")
    view = _view(place, at)
    if segment is not None:
        return members_at(place.engine, segment, _segments(place, segment), view, place.zone, at, at)
    return audience(place.engine, _tree(criteria or Path(), place, view), view, place.zone, at, at)


def _view(place: Installation, at: datetime) -> View:
    return place.view(at)


def _tree(path: Path, place: Installation, view: View) -> Criteria:
    """The tree of a document: bare, or under `criteria` as in a segment; segments in it by what they mean."""
    from relance.audiences.criteria import parse_criteria
    from relance.audiences.probes import check
    from relance.audiences.segments import inline, load_segments
    from relance.base.documents import load_document

    data = load_document(path).data
    tree = data["criteria"] if isinstance(data, dict) and "criteria" in data else data
    meant = inline(parse_criteria(tree, path.name), load_segments(place.home.definitions / "segments"))
    check(meant, view, place.zone, path.name)
    return meant


def _segments(place: Installation, *names: str) -> dict[str, Segment]:
    from relance.audiences.segments import load_segments

    segments = load_segments(place.home.definitions / "segments")
    for name in names:
        if name not in segments:
            raise NotFound(f"there is no segment “{name}”; there are {', '.join(sorted(segments)) or 'none'}")
    return segments


@group.command("history")
def history(
    segment: Annotated[str, typer.Argument(metavar="SEGMENT", help="A segment of definitions/segments.")],
    to: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="SEGMENT", help="Count moves to and from this segment too; may be repeated."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="INSTANT", help="Moves since then; since the first look otherwise."),
    ] = None,
    as_of: AsOfOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Members over time as turns saw them, and who moved where between two instants as known now."""
    names = [segment, *(to or [])]
    with opened(home) as place:
        from relance.audiences.segments import transition_matrix

        segments = _segments(place, *names)
        at = clock_at(as_of, place.zone, place.clock).now()
        looks = _looks(place, segment, at)
        first = instant_of(since, place.zone) if since else _first(looks)
        moves = (
            transition_matrix(place.engine, names, segments, _view(place, at), place.zone, (first, at), at)
            if first
            else []
        )
    matrix = [{"from": one.before, "to": one.after, "contacts": one.contacts} for one in moves]
    if json:
        say_json({"segment": segment, "members": looks, "since": first and first.isoformat(), "moves": matrix})
    else:
        _show(segment, looks, matrix)


def _looks(place: Installation, segment: str, at: datetime) -> list[dict[str, Any]]:
    from relance.audiences.history import looks

    return [{"at": f"{row['at'].isoformat()}Z", **{k: row[k] for k in ("members", "entered", "left")}}
            for row in looks(place.engine, segment, at)]  # fmt: skip


def _first(looks: list[dict[str, Any]]) -> datetime | None:
    return datetime.fromisoformat(looks[0]["at"]) if looks else None


def _show(segment: str, looks: list[dict[str, Any]], matrix: list[dict[str, Any]]) -> None:
    if looks:
        say_table(
            ("at", "members", "entered", "left"), [list(one.values()) for one in looks], f"{segment}, turn by turn"
        )
    else:
        say(f"No turn has looked at {segment} yet; turns keep the history of segments.")
    if matrix:
        rows = [(one["from"] or "in none", one["to"] or "in none", one["contacts"]) for one in matrix]
        say_table(("from", "to", "contacts"), rows, "moves, as known now")
