"""A scenario of the library becomes what it needs and the shop does not give it yet: table by table, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from relance.audiences.column_words import column_inside
from relance.audiences.words import NOUNS
from relance.backtests.reach import tables_read
from relance.base.errors import RelanceError
from relance.customers.installation import Installation
from relance.customers.relations import View
from relance.explaining.said import Said, same
from relance.ingest.mapping import load_feeds
from relance.scenarios.sources import Missing, missing_sources
from relance.web.reading.kept import delivered, kept
from relance.web.reading.standing import Standing

# Written by the house itself: nobody has to bring them.
_OURS = {"touches", "reactions", "suppressions", "consent_acts", "aliases", "contact_values", "calls", "segments"}


@dataclass(frozen=True)
class Need:
    """A table that is read, or a column of it: `missing` where no file of the shop fills it, else empty so far."""

    table: str
    thing: Said
    missing: bool
    column: str = ""


def needs_of(place: Installation, found: Sequence[Standing]) -> dict[str, tuple[Need, ...]]:
    """By name, of the scenarios that are not on; nothing for those that have all they read."""
    wanted = [one for one in found if not one.on]
    folder = place.home.definitions / "feeds"
    files = tuple(sorted((path.name, path.stat().st_mtime_ns) for path in folder.glob("*.yaml")))
    mark = delivered(place), files, tuple((one.name, one.version.number) for one in wanted)
    return kept(place, "needs", mark, lambda: _needs(place, wanted))


def _needs(place: Installation, wanted: Sequence[Standing]) -> dict[str, tuple[Need, ...]]:
    fed = {table for feed in load_feeds(place.home.definitions, dict(place.tables)).values() for table in feed.tables}
    view = View(place.tables)
    filled: dict[str, bool] = {}
    found: dict[str, tuple[Need, ...]] = {}
    for one in wanted:
        try:
            read = tables_read(one.version, view, place.zone) - _OURS - set(one.scenario.may_lack)
            gaps = missing_sources(place, one.version)
        except RelanceError:
            continue  # a segment that is not defined here; publishing says so
        for table in read - filled.keys():
            filled[table] = bool(place.engine.value(f'SELECT count(*) FROM "{table}"'))
        lacking = [Need(table, _thing(table), table not in fed) for table in sorted(read) if not filled[table]]
        lacking += [Need(gap.table, _column(gap), True, gap.column) for gap in gaps if gap.column]
        found[one.name] = tuple(sorted(lacking, key=lambda need: (not need.missing, need.table, need.column)))
    return found


def _column(gap: Missing) -> Said:
    name = f"{gap.table}.{gap.column}"
    fr, en = (column_inside(name, language) for language in ("fr", "en"))
    return same(str(gap.column).replace("_", " ")) if fr == name else Said(fr, en)


def _thing(table: str) -> Said:
    noun = NOUNS.get(table)
    return Said(noun.frs, noun.ens) if noun else same(table.replace("_", " "))
