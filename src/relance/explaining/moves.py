"""A move between segments goes in; the stays that the turns saw, and what moved the contact, come out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import ibis.expr.types as ir

from relance.base.clock import aware_utc, naive_utc
from relance.customers.relations import house_relation, scratch
from relance.explaining.case import Case
from relance.explaining.explanation import Evidence
from relance.explaining.person import EXPLAINED
from relance.explaining.reading import evidence_row
from relance.explaining.said import Said, same
from relance.scenarios.starts import SegmentTrigger

_MOVED_BY: Mapping[str, Said] = {
    "facts": Said("par ce qui s’est passé", "by what happened"),
    "cuts": Said("par les seules nouvelles classes RFM", "by new RFM classes alone"),
    "first": Said("au premier regard", "at the first look"),
}


def question(said: SegmentTrigger) -> Said:
    """The move that the scenario waits for."""
    if said.source and said.to:
        words = Said("Un passage de « {out} » à « {into} »", "A move from “{out}” to “{into}”")
        return words.put(out=same(said.source), into=same(said.to))
    if said.entered:
        return Said("Une entrée dans « {into} »", "An entry into “{into}”").put(into=same(said.entered))
    return Said("Une sortie de « {out} »", "A departure from “{out}”").put(out=same(str(said.left)))


def stay_rows(case: Case, known: datetime) -> list[Evidence]:
    """The contact's stays in the segments of the move, as the turns by then saw them."""
    said = case.version.scenario.trigger.segment
    assert said is not None
    names = [name for name in (said.out_of, said.into) if name]

    def build() -> ir.Table:
        stays = house_relation("segment_members")
        return stays.filter(stays["segment"].isin(names)).semi_join(scratch("explained", EXPLAINED), "contact")

    rows = [row for row in case.rows("stays", build) if row["entered_at"] <= naive_utc(known)]
    found = []
    for row in sorted(rows, key=lambda each: each["entered_at"]):
        left = row["left_at"] if row["left_at"] and row["left_at"] <= naive_utc(known) else None
        at = aware_utc(left or row["entered_at"])
        by = row["moved_by"] if left else row["came_by"]
        way = Said("sorti, {by}", "left, {by}") if left else Said("entré, {by}", "entered, {by}")
        shown = way.put(by=_MOVED_BY.get(by or "facts", same(by)))
        found.append(evidence_row(case, "segment_members", row["segment"], at, at, shown, by))
    return found
