"""Messages about to be released learn how far they may be followed: links, and a pixel where the person allowed it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from relance.customers.relations import View, scratch, view_mark
from relance.engines.texts import compiled
from relance.messages.batch import RULE, Batch
from relance.messages.documents import MessageDocument
from relance.messages.following import FOLLOWING
from relance.policy.consent import acts_on
from relance.scenarios.triggers import clock_of

_ASKED: Mapping[str, str] = {
    "rule": "text",
    "probe": "integer",
    "contact": "integer",
    "channel": "text",
    "purpose": "text",
    "sender": "text",
}


def followed(batch: Batch, document: MessageDocument, said: Mapping[int, Mapping[str, bool]]) -> dict[int, Any]:
    """By probe `{links, pixel}`: whether its links are signed and a pixel is put in. Nothing without `public_url`.

    A pixel wants consent of its own; a later refusal of it, or of everything, stops both. said: of `following`.
    """
    if not batch.place.settings.public_url:
        return {}
    nothing = {"granted": False, "refused": False}
    return {row["probe"]: _allowed(batch, document, said.get(row["probe"], nothing)) for row in batch.rows}


def following(batch: Batch) -> dict[int, dict[str, bool]]:
    """By probe `{granted, refused}`: what the person has said of being followed; nothing where nobody is."""
    settings = batch.place.settings
    if not settings.public_url:
        return {}
    engine, one_sender = batch.engine, len(settings.senders) <= 1
    engine.load("following_asked", _ASKED, [{**row, "rule": RULE, "purpose": FOLLOWING} for row in batch.rows])
    marks = ("following", view_mark(batch.view), str(one_sender))
    return {row["probe"]: row for row in engine.rows(compiled(engine, marks, lambda: _said(batch.view, one_sender)))}


def _allowed(batch: Batch, document: MessageDocument, said: Mapping[str, bool]) -> dict[str, bool]:
    tracking = batch.place.settings.tracking
    clicks = {"unless_refused": not said["refused"], "consent": said["granted"], "never": False}[tracking.clicks]
    return {
        "links": clicks and document.follow_links is not False,
        "pixel": tracking.opens == "consent" and said["granted"],
    }


def _said(view: View, one_sender: bool) -> ir.Table:
    """probe, granted, refused: the latest act wins, on a tie the stricter."""
    acts = acts_on(scratch("following_asked", _ASKED), clock_of(RULE), view, one_sender)
    # A grant of everything is no consent to be noticed: that one is asked for by its own name.
    grants = (acts["act"] == "granted") & (acts["purpose"] == FOLLOWING) & ~acts["expired"]
    summed = acts.group_by("probe").agg(
        yes=acts["happened_at"].max(where=grants),
        no=acts["happened_at"].max(where=acts["act"].isin(["denied", "opt_out"])),
    )
    later = ibis.coalesce(summed["yes"] > summed["no"], summed["no"].isnull())
    granted = summed["yes"].notnull() & later
    return summed.select("probe", granted=granted, refused=summed["no"].notnull() & ~granted)
