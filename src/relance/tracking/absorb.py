"""Raw hits become reactions of the star at a turn: judged with the others of their message, known from the turn on."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from datetime import datetime, timedelta

import ibis
import ibis.expr.types as ir

from relance.base.clock import naive_utc
from relance.customers.absorb import message_key
from relance.customers.absorptions import absorbed, mark_absorbed
from relance.customers.installation import Installation
from relance.customers.relations import relation, scratch
from relance.customers.schema import PAST
from relance.customers.star import STAR
from relance.customers.tables import BOOKKEEPING
from relance.engines.hits import KeptHit
from relance.engines.sqlite_hits import open_hits
from relance.engines.texts import compiled
from relance.engines.warehouse import Engine
from relance.tracking.verdict import JUDGED, RAW, RULES, judged, sign_of

_BATCH = 20_000
_TURN: Mapping[str, str] = {"turn": "instant"}
_EPOCH = datetime(1970, 1, 1)


def absorb_reactions(place: Installation, turn: datetime) -> int:
    """Takes the hits kept by the turn's instant and not taken yet; answers how many.

    A hit may change what is thought of earlier ones of its message: their reactions get a new version then.
    """
    if not place.home.hits.exists():
        return 0
    with closing(open_hits(place.home.hits)) as hits:
        source = f"hits:{hits.id}"
        done, rules = absorbed(place.engine, source)
        after = done if rules == RULES else 0
        until = hits.last_known(turn)
        for first in range(after, until, _BATCH):
            _absorb(place.engine, hits.id, hits.of_messages(first, min(first + _BATCH, until)), turn)
    if until > after:
        mark_absorbed(place.engine, source, until, RULES, turn)
    return max(0, until - after)


def forget_hits(place: Installation, turn: datetime) -> int:
    """Drops hits that are older than the settings keep them, once they have been taken; answers how many."""
    if not place.home.hits.exists():
        return 0
    with closing(open_hits(place.home.hits)) as hits:
        done, _ = absorbed(place.engine, f"hits:{hits.id}")
        return hits.forget(turn - timedelta(days=place.settings.tracking.keep_days), done)


def _absorb(engine: Engine, file: str, hits: list[KeptHit], turn: datetime) -> None:
    engine.load("raw_hits", RAW, [_row(file, kept) for kept in hits])
    engine.load("absorbing", _TURN, [{"turn": naive_utc(turn)}])
    engine.keep("judged", compiled(engine, ("judged-hits",), judged))
    engine.keep("new_reactions", compiled(engine, ("new-reactions",), _news))
    engine.insert("reactions" + PAST, compiled(engine, ("superseded-reactions",), _superseded))
    engine.delete("reactions", "SELECT reaction FROM new_reactions", ["reaction"])
    engine.insert("reactions", "SELECT * FROM new_reactions")


def _row(file: str, kept: KeptHit) -> dict[str, object]:
    hit, at = kept.hit, naive_utc(kept.at)
    return {
        "reaction": f"{file}-{kept.seq}",
        "contact": hit.contact,
        "scenario": hit.scenario,
        "step": hit.step,
        "occurrence": hit.occurrence,
        "channel": hit.channel,
        "message_key": message_key(hit.scenario, hit.step, hit.contact, hit.occurrence),
        "kind": hit.kind,
        "link": hit.link,
        "happened_at": at,
        "us": (at - _EPOCH) // timedelta(microseconds=1),
        "asker": f"{hit.agent}|{hit.net}",
        "sign": sign_of(hit),
    }


def _news() -> ir.Table:
    """Reactions that are new, or whose verdict has changed."""
    kinds = {**{name: RAW[name] for name in JUDGED if name in RAW}, "verdict": "text"}
    rows, kept = scratch("judged", kinds), relation("reactions", STAR["reactions"].open_columns)
    rows = rows.anti_join(kept, ["reaction", "verdict"])
    return rows.cross_join(scratch("absorbing", _TURN)).select(
        *JUDGED,
        known_at="turn",
        period=ibis.null("timestamp(6)"),
        source=ibis.literal(0).cast("int64"),
    )


def _superseded() -> ir.Table:
    stored = (*STAR["reactions"].open_columns, *BOOKKEEPING)
    rows = relation("reactions", stored).semi_join(relation("new_reactions", stored), "reaction")
    return rows.cross_join(scratch("absorbing", _TURN)).select(
        *(column.name for column in stored), superseded_at="turn"
    )
