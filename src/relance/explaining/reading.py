"""A case is asked again, by the very queries of a turn, as of its turn and with what was known at an instant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import ibis.expr.types as ir

from relance.audiences.answers import attribute_rows
from relance.audiences.column_words import column_inside, value_words
from relance.audiences.criteria import Attribute, parse_criteria
from relance.audiences.evidence import evidence, table_of
from relance.audiences.probes import PROBES, Leaf, days_needed
from relance.audiences.rfm import load_cuts
from relance.audiences.scope import scope
from relance.audiences.words import NOUNS
from relance.base.clock import aware_utc, naive_utc
from relance.customers.relations import View, scratch
from relance.explaining.case import Case
from relance.explaining.explanation import Evidence, Seen
from relance.explaining.said import NOTHING, Said, same
from relance.policy.decide import SCREENED, lay_out_gate
from relance.policy.gate import addressed, screened
from relance.scenarios.arrivals import WORK
from relance.scenarios.assess import ASSESSED, assessed, observed, probe_rows
from relance.scenarios.candidates import candidates_at, load_condition_moments
from relance.scenarios.items import lay_out_lines, left_in_carts
from relance.scenarios.moment import Running, lay_out
from relance.scenarios.product_stops import lay_out_product_stops

_ASKED_ONCE = 0  # the one probe of a reading
_LEAVES: dict[tuple[str, ...], tuple[Leaf, ...]] = {}  # of each tree, beside the kept text of its query


@dataclass(frozen=True)
class LeafSeen:
    """One question of a criteria tree, what it saw, and whether it holds."""

    leaf: Leaf
    holds: bool
    seen: Seen


@dataclass(frozen=True)
class TreeSeen:
    """A whole tree: its verdict and each of its questions."""

    holds: bool
    leaves: tuple[LeafSeen, ...]


@dataclass(frozen=True)
class Reading:
    """flags: columns of ASSESSED, and of SCREENED where a message stands at the step; empty where the trigger
    saw nothing. trees: `target`, `stop_0`…, `arm_<node>_0`…."""

    case: Case
    known: datetime
    flags: Mapping[str, Any]
    trees: Mapping[str, TreeSeen] = field(default_factory=dict)

    @property
    def address(self) -> str | None:
        """The address that was known."""
        return self.flags.get("address") or None


def read(case: Case, known: datetime) -> Reading:
    """Asks everything once. Leaves the scratch tables of the turn behind, for the evidence."""
    engine, view, name = case.place.engine, case.view, case.version.name
    moment = case.moment(known)
    lay_out(engine, moment, [Running(case.version, case.turn)])
    load_condition_moments(engine, view, moment, [case.version])
    everyone = View(view.tables, history=True, merged=view.merged)
    for tree in _trees(case).values():
        load_cuts(engine, everyone, parse_criteria(tree), [(case.turn, known)], exact=False)
    engine.load("work", WORK, [_work(case)])
    engine.keep("probes", case.text("probes", lambda: probe_rows(name)))
    items = case.version.scenario.items
    if items:
        lay_out_lines(engine, view, name, items)
        engine.keep("items", case.text("items", lambda: left_in_carts(items, view, name)))
    lay_out_product_stops(engine, view, case.version, name)
    engine.keep("assessed", case.text("assessed", lambda: assessed(case.version.scenario, view, name, case.place.zone)))
    trees = {label: _asked(case, label, tree) for label, tree in _trees(case).items()}
    return Reading(case, known, _flags(case, moment), trees)


def _work(case: Case) -> dict[str, Any]:
    """The row that a turn would have at work; where there is no occurrence the instants are the turn's."""
    arrival = case.arrival
    turn = naive_utc(case.turn)
    row: dict[str, Any] = {"probe": _ASKED_ONCE, "contact": case.person.contact}
    row |= {"node": case.node.number if case.node else 0}
    row |= {"entering": not _resumed(case), "gone": None, "visitor": "", "occurrence": "", "subject": ""}
    if arrival is None:
        return row | {"fact_at": turn, "fact_day": turn, "due_at": turn, "logged_in": None}
    instants = {name: naive_utc(getattr(arrival, name)) for name in ("fact_at", "fact_day", "due_at")}
    named = {"occurrence": arrival.occurrence, "subject": arrival.subject, "logged_in": arrival.logged_in}
    return row | instants | named


def _resumed(case: Case) -> bool:
    """Whether the occurrence had begun before the turn."""
    own = case.arrival.occurrence if case.arrival else None
    return any(row["occurrence"] == own and row["at"] < case.turn for row in case.journeys)


def _flags(case: Case, moment: Any) -> dict[str, Any]:
    engine, view, node, settings = case.place.engine, case.view, case.node, case.place.settings
    if node is None or node.kind != "send":
        return case.rows("flags", lambda: scratch("assessed", ASSESSED))[0]
    number = str(case.version.number)
    engine.keep("candidates", case.text("candidates", lambda: candidates_at(case.version, node), number, node.name))
    lay_out_gate(engine, view, settings, moment)
    engine.keep("addressed", case.text("addressed", lambda: addressed(view)))
    gate = settings.model_dump_json(include={"seed", "pressure", "global_holdout", "senders"})
    engine.keep("screened", case.text("screened", lambda: screened(view, settings).select(*SCREENED), gate))
    return case.rows("screened-flags", lambda: scratch("screened", SCREENED))[0]


def _trees(case: Case) -> dict[str, Any]:
    """Every criteria tree of the version, by the name under which decisions note what it saw."""
    scenario = case.version.scenario
    trees = {} if scenario.target is None else {"target": scenario.target}
    trees |= {f"stop_{place}": tree for place, tree in enumerate(scenario.stop.values())}
    for node in case.version.nodes:
        for place, (condition, _) in enumerate(node.arms):
            if condition is not None:
                trees[f"arm_{node.name}_{place}"] = condition
    return trees


def _asked(case: Case, label: str, tree: Any) -> TreeSeen:
    row = case.rows("observed", lambda: observed(tree, case.view, case.place.zone).rows, label)[0]
    key = (*case.mark, label)
    if key not in _LEAVES:
        _LEAVES[key] = observed(tree, case.view, case.place.zone).leaves
    return TreeSeen(bool(row["verdict"]), tuple(_leaf(case, label, leaf, row) for leaf in _LEAVES[key]))


def _leaf(case: Case, label: str, leaf: Leaf, row: Mapping[str, Any]) -> LeafSeen:
    value = row[leaf.column]
    bare = _personal(case, label, leaf) if leaf.personal else value
    rows = tuple(_rows(case, label, leaf)) if not isinstance(leaf.node, Attribute) or value is not None else ()
    return LeafSeen(leaf, bool(row[leaf.test]), Seen(_value_seen(case, leaf, _aware(bare)), _aware(bare), rows))


def _value_seen(case: Case, leaf: Leaf, value: Any) -> Said:
    if not isinstance(leaf.node, Attribute):
        return case.pen.value(value)
    fr, en = (case.pen.value(value_words(leaf.node.attribute, value, language)) for language in ("fr", "en"))
    return Said(fr.fr, en.en)


def _personal(case: Case, label: str, leaf: Leaf) -> Any:
    """The value itself, which a decision may not keep but this page may show."""
    node = leaf.node
    assert isinstance(node, Attribute)
    asked = scope(scratch("probes", PROBES), case.view, days_needed(node), case.place.zone)
    rows, column = attribute_rows(node, asked)
    found = case.rows("personal", lambda: rows.select(rows[column.name]), label, leaf.path)
    return found[0][column.name] if found else None


def _rows(case: Case, label: str, leaf: Leaf) -> Iterator[Evidence]:
    table = table_of(leaf.node)

    def build() -> ir.Table:
        return evidence(leaf, case.view, scratch("probes", PROBES), zone=case.place.zone).order_by("place")

    for row in case.rows("evidence", build, label, leaf.path):
        value = row["value"] if row["value"] is not None else None
        shown = NOTHING if value is None or isinstance(leaf.node, Attribute) else same(value)
        happens = case.view.table(table).happened if table in case.view.tables else "entered_at"
        named = _column(leaf.node.attribute) if isinstance(leaf.node, Attribute) else NOTHING
        happened = row["happened_at"] if happens else None
        yield evidence_row(case, table, row["key"], happened, row["known_at"], shown, named=named)


def _column(column: str) -> Said:
    return Said(column_inside(column, "fr"), column_inside(column, "en"))


_HAPPENED = Said("{table} {key}{of}, du {happened}, su le {known}", "{table} {key}{of}, of {happened}, known {known}")
_HOLDS = Said("{table} {key}{of}, su le {known}", "{table} {key}{of}, known {known}")
_UNKNOWN = Said("{table} {key}{of}, du {happened}", "{table} {key}{of}, of {happened}")


_THINGS: Mapping[str, Said] = {
    "contacts": Said("fiche", "profile"),
    "consent_acts": Said("acte", "act"),
    "suppressions": Said("mise de côté", "set aside"),
    "decisions": Said("décision", "decision"),
    "journeys": Said("parcours", "journey"),
    "feed_completeness": Said("données", "data"),
    "segment_members": Said("segment", "segment"),
}


def _thing(table: str) -> Said:
    """What a row of a table is called; one that has no name goes by its table's."""
    if table in NOUNS:
        return Said(NOUNS[table].fr, NOUNS[table].en)
    return _THINGS.get(table, same(table))


def evidence_row(
    case: Case,
    table: str,
    key: str,
    happened: datetime | None,
    known: datetime | None,
    value: Said = NOTHING,
    bare: Any = None,
    named: Said = NOTHING,
) -> Evidence:
    """A row with its words: what it is (its key, or as it is `named`), when it happened, when it became known."""
    of = Said(f" ({value.fr})", f" ({value.en})") if value != NOTHING else NOTHING
    said = _HOLDS if happened is None else _HAPPENED if known is not None else _UNKNOWN
    words = said.put(
        table=_thing(table),
        key=same(key) if named == NOTHING else named,
        of=of,
        happened=case.pen.at(happened) if happened else NOTHING,
        known=case.pen.at(known) if known else NOTHING,
    )
    return Evidence(table, key, _aware(happened), _aware(known), value.en or None if bare is None else bare, words)


def _aware(value: Any) -> Any:
    return aware_utc(value) if isinstance(value, datetime) else value
