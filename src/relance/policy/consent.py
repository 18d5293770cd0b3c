"""Consent as known at the turn, by channel, purpose and sender: granted, refused, or no basis at all."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from relance.customers.relations import View

EVERY = "*"


def consent_of(candidates: ir.Table, clock: ir.Table, view: View, one_sender: bool) -> ir.Table:
    """rule, probe, consent_refused, no_basis for each candidate with a contact.

    The latest act wins, on a tie the stricter; a global opt-out is lifted only by the person's own confirmed
    act; an implied basis stops at its expiry. Transactional messages ask nothing, service messages only
    that nobody has objected. With one sender, acts under any name of a sender speak of it.
    """
    acts = acts_on(candidates, clock, view, one_sender)
    summed = acts.group_by("rule", "probe").agg(
        denied=_latest(acts, acts["act"].isin(["denied", "opt_out"])),
        granted=_latest(acts, acts["act"] == "granted"),
        standing=_latest(acts, (acts["act"] == "granted") & ~acts["expired"]),
        opted_out=_latest(acts, acts["act"] == "opt_out"),
        confirmed=_latest(acts, (acts["act"] == "granted") & acts["confirmed"].fill_null(False)),
    )
    rows = candidates.select("rule", "probe", "purpose").left_join(summed, ["rule", "probe"], rname="s_{name}")
    out = rows["opted_out"].notnull() & _not_after(rows["confirmed"], rows["opted_out"])
    refused = out | (rows["denied"].notnull() & _not_after(rows["granted"], rows["denied"]))
    standing = rows["standing"].notnull() & ~_not_after(rows["standing"], rows["denied"], empty=False)
    asks = rows["purpose"] != "transactional"
    return rows.select(
        rule=rows["rule"],
        probe=rows["probe"],
        consent_refused=refused & asks,
        no_basis=~standing & (rows["purpose"] == "marketing"),
    )


def acts_on(candidates: ir.Table, clock: ir.Table, view: View, one_sender: bool) -> ir.Table:
    """Acts of consent that speak of each candidate's channel, purpose and sender, as known at the turn."""
    acts, clock = view.facts("consent_acts"), clock.select("turn", "known")
    known = acts.join(
        clock, [*view.known(acts, clock["known"]), acts["happened_at"] <= clock["turn"]], rname="c_{name}"
    )
    known = known.mutate(expired=known["expires_at"].notnull() & (known["expires_at"] <= known["turn"]))
    asked = candidates.select(
        "rule", "probe", "contact", channel_asked="channel", purpose_asked="purpose", sender_asked="sender"
    )
    joined = asked.inner_join(known, "contact", rname="act_{name}")
    return joined.filter(
        joined["channel"].isin([EVERY]) | (joined["channel"] == joined["channel_asked"]),
        joined["purpose"].isin([EVERY]) | (joined["purpose"] == joined["purpose_asked"]),
        ibis.literal(one_sender) | joined["sender"].isin([EVERY]) | (joined["sender"] == joined["sender_asked"]),
    )


def _latest(acts: ir.Table, which: ir.BooleanValue) -> ir.Value:
    return acts["happened_at"].max(where=which)


def _not_after(grant: ir.Value, refusal: ir.Value, empty: bool = True) -> ir.BooleanValue:
    """The grant does not come after the refusal; a tie is not after."""
    return ibis.coalesce(grant <= refusal, ibis.literal(empty))
