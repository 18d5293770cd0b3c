"""Raw hits become verdicts, human, proxy or machine: rules over what was kept, so they can be applied again."""

# A hit is judged with the others of its message. Windows, not self-joins: a flood of hits on one link costs a sort.

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

import ibis
import ibis.expr.types as ir

from relance.customers.relations import house_relation, scratch
from relance.engines.hits import Hit
from relance.messages.following import TRAP

RULES = 1
"""Raised when a rule changes: the next turn then judges every hit that is still kept once more."""

SOON = 5_000_000  # µs after the server took the mail: scanners look before anybody can
TOGETHER = 2_000_000  # µs between two links of one mail: nobody reads a page so quickly
AROUND_TRAP = 60_000_000  # µs around a hidden link that was followed
SAME_WALK = 3_600_000_000  # µs for which one program and network, once seen walking, is not believed

RAW: Mapping[str, str] = {
    "reaction": "text",
    "contact": "integer",
    "scenario": "text",
    "step": "text",
    "occurrence": "text",
    "channel": "text",
    "message_key": "text",
    "kind": "text",
    "link": "text",
    "happened_at": "instant",
    "us": "integer",  # the same instant as a number
    "asker": "text",
    "sign": "text",
}
JUDGED = (*(name for name in RAW if name not in ("us", "asker", "sign")), "verdict")

# Pictures that a mail service fetches for its readers: somebody may be looking, or nobody.
_PROXIES = re.compile(r"googleimageproxy|ggpht\.com|yahoomailproxy|yahoo ?cachesystem|duckduckgo.*proxy", re.I)
_APPLE = "Mozilla/5.0"  # all that Apple's privacy protection says of itself
_MACHINES = re.compile(
    r"bot\b|bot[/;_-]|crawl|spider|slurp|scan|monitor|preview|prefetch|headless|phantomjs|selenium|playwright|"
    r"curl|wget|python|aiohttp|httpx|go-http|okhttp|java/|libwww|perl|ruby|axios|node-fetch|undici|"
    r"barracuda|mimecast|proofpoint|safelinks|symantec|trend ?micro|fireeye|cloudmark|sophos|forcepoint|ironport|"
    r"googlesafety|facebookexternalhit|whatsapp|slack|telegram|skypeuri|linkcheck|validator|uptime",
    re.I,
)


def sign_of(hit: Hit) -> str:
    """What a hit says of itself alone: `machine`, `proxy`, or nothing."""
    if hit.kind == "unsubscribe":
        return ""
    return "machine" if hit.early else _sign(hit.kind, hit.agent)


@lru_cache(maxsize=4_096)
def _sign(kind: str, agent: str) -> str:
    if kind == "open" and (agent == _APPLE or _PROXIES.search(agent)):
        return "proxy"
    return "machine" if agent in ("", _APPLE) or _MACHINES.search(agent) else ""


def judged() -> ir.Table:
    """The hits of scratch table `raw_hits`, columns JUDGED, hidden links left out: they are nobody's doing."""
    hits = scratch("raw_hits", RAW)
    hits = hits.mutate(walks=_together(hits))
    hits = hits.mutate(walks=hits["walks"] | _close(hits, hits["link"] == TRAP, "message_key", AROUND_TRAP))
    rows = hits.mutate(walks=hits["walks"] | _walker(hits))
    rows = _with_departure(rows)
    machine = (rows["sign"] == "machine") | rows["walks"] | rows["soon"]
    asked = rows["kind"] == "unsubscribe"  # by a button that only a POST presses
    verdict = ibis.cases((asked, "human"), (rows["sign"] == "proxy", "proxy"), (machine, "machine"), else_="human")
    kept = rows.mutate(verdict=verdict).filter((rows["link"] != TRAP).fill_null(True))
    return kept.select(*JUDGED)


def _with_departure(rows: ir.Table) -> ir.Table:
    states = house_relation("message_states")
    left = states.semi_join(scratch("raw_hits", RAW), "message_key")
    left = left.filter(left["state"].isin(["accepted", "unknown"]))
    left = left.group_by("message_key").agg(left_us=left["happened_at"].min().epoch_seconds() * 1_000_000)
    rows = rows.left_join(left, "message_key", rname="s_{name}")
    return rows.mutate(soon=(rows["us"] < rows["left_us"] + SOON).fill_null(False))


def _together(hits: ir.Table) -> ir.BooleanValue:
    """A click with another link's click of the same mail right before or after it."""
    order = ibis.window(group_by=[hits["message_key"], hits["kind"]], order_by=[hits["us"], hits["reaction"]])
    link, us = hits["link"], hits["us"]
    before = (link.lag().over(order) != link) & (us - us.lag().over(order) <= TOGETHER)
    after = (link.lead().over(order) != link) & (us.lead().over(order) - us <= TOGETHER)
    return before.fill_null(False) | after.fill_null(False)


def _walker(hits: ir.Table) -> ir.BooleanValue:
    """The same program and network walked through this mail within the hour."""
    return _close(hits, hits["walks"], "asker", SAME_WALK)


def _close(hits: ir.Table, mark: ir.BooleanValue, among: str, within: int) -> ir.BooleanValue:
    """A marked hit of the same message (and asker) lies at most `within` µs before or after."""
    group = [hits["message_key"], hits[among]]
    marked = ibis.ifelse(mark.fill_null(False), hits["us"], ibis.null("int64"))
    order = [hits["us"], hits["reaction"]]
    last = marked.max().over(ibis.window(group_by=group, order_by=order, preceding=None, following=0))
    following = marked.min().over(ibis.window(group_by=group, order_by=order, preceding=0, following=None))
    before, after = hits["us"] - last <= within, following - hits["us"] <= within
    return before.fill_null(False) | after.fill_null(False)
