"""A criteria tree and probes come in; each probe's verdict, with what every question saw, goes out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import ibis
import ibis.expr.types as ir

from relance.audiences.answers import Answer, Leaf, answer
from relance.audiences.criteria import AllOf, AnyOf, Criteria, children, days_needed, leaves
from relance.audiences.evidence import describe, evidence
from relance.audiences.scope import MOMENT_COLUMNS, MOMENTS, PROBES, Scope, scope
from relance.audiences.words import describe_node
from relance.base.clock import aware_utc, naive_utc
from relance.base.errors import BadDocument
from relance.base.zones import local_day, plus_days
from relance.customers.relations import View, scratch
from relance.engines.warehouse import Engine

__all__ = [
    "MOMENTS",
    "PROBES",
    "Leaf",
    "Observed",
    "check",
    "days_needed",
    "describe",
    "evidence",
    "load_moments",
    "observe",
]


@dataclass(frozen=True)
class Observed:
    """rows: probe, verdict (never null), v0…vn what each leaf saw, t0…tn whether it held."""

    rows: ir.Table
    leaves: tuple[Leaf, ...]


def load_moments(engine: Engine, instants: Iterable[datetime], days: Iterable[int], zone: str) -> None:
    """Fills the scratch table `moments`: each instant minus each number of local days, in the zone."""
    wanted = sorted(set(days))
    rows = [
        {"as_of": naive_utc(at), "days": count, "since": naive_utc(back), "day": local_day(back, zone)}
        for at in sorted({aware_utc(instant) for instant in instants})
        for count in wanted
        for back in [plus_days(at, -count, zone) if count else at]
    ]
    engine.load(MOMENTS, MOMENT_COLUMNS, rows)


def observe(
    criteria: Criteria,
    probes: ir.Table,
    view: View,
    *,
    zone: str | None = None,
    maintained: bool = False,
    broad: bool = False,
) -> Observed:
    """What every probe sees and whether the criteria hold for it: facts of its contact that happened at or
    before `as_of` and were known at `known`. A probe without a contact has verdict false.

    probes: a table with the columns of PROBES. zone: the brand's, needed where a date is compared with an
    instant. maintained, broad: see `Scope`, for questions to everyone. Before running it, `load_moments` for
    `days_needed`, and `rfm.load_cuts` where RFM is asked.
    Raises BadDocument, naming the place in the tree, for tables, columns and values that do not suit.
    """
    asked = scope(probes, view, days_needed(criteria), zone, maintained, broad)
    listed = list(leaves(criteria))
    answers = [_placed(path, node, asked) for path, node in listed]
    seen = _seen(asked, answers, [path for path, _ in listed])
    tests = iter([seen[f"t{number}"] for number in range(len(listed))])
    verdict = seen["contact_"].notnull() & _combined(criteria, tests)
    kept = [f"{kind}{number}" for kind in "vt" for number in range(len(listed))]
    rows = seen.select(probe=seen["probe_"], verdict=verdict, **{name: seen[name] for name in kept})
    return Observed(
        rows,
        tuple(
            Leaf(path, node, f"v{n}", f"t{n}", answers[n].personal, describe_node(node, "en"))
            for n, (path, node) in enumerate(listed)
        ),
    )


def check(criteria: Criteria, view: View, zone: str | None = None, source: str | None = None) -> None:
    """Refuses (BadDocument) criteria that ask for tables, columns or comparisons the star does not have."""
    try:
        observe(criteria, scratch("probes", PROBES), view, zone=zone)
    except BadDocument as error:
        raise BadDocument(str(error), source=source) from None


def _placed(path: str, node: Criteria, asked: Scope) -> Answer:
    try:
        return answer(node, asked)
    except BadDocument as error:
        raise BadDocument(f"{path}: {error}") from None


def _seen(asked: Scope, answers: list[Answer], paths: list[str]) -> ir.Table:
    """The probes beside v0…vn and t0…tn."""
    joined = asked.probes
    for number, each in enumerate(answers):
        found = each.found.rename({f"of_{number}_": "probe_", f"a_{number}_": "a", f"b_{number}_": "b"})
        joined = joined.left_join(found, joined["probe_"] == found[f"of_{number}_"])
    table = joined.select(*asked.probes.columns, *(f"{c}_{n}_" for n in range(len(answers)) for c in "ab"))
    columns: dict[str, ir.Value] = {}
    for number, each in enumerate(answers):
        try:
            value, test = each.judge(table, table[f"a_{number}_"], table[f"b_{number}_"])
        except BadDocument as error:
            raise BadDocument(f"{paths[number]}: {error}") from None
        columns |= {f"v{number}": value, f"t{number}": test}
    return table.mutate(**columns)


def _combined(node: Criteria, tests: Iterable[ir.BooleanValue]) -> ir.BooleanValue:
    """The tree over the leaves' tests, which come in the order in which they are written."""
    combined = children(node)
    if combined is None:
        return next(iter(tests))
    parts = [_combined(part, tests) for part in combined[1]]
    if isinstance(node, AllOf):
        return ibis.and_(*parts)
    return ibis.or_(*parts) if isinstance(node, AnyOf) else ~ibis.or_(*parts)
