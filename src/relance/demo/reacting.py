"""Members who were written to click, order in the shop's next export, or leave; the truth goes into a file."""

# Whoever is written to for the first time by a scenario orders once more with the scenario's own chance; whoever is
# held out does not. So the effect per head is known, and reports, which never open the file, can be checked by it.

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import ibis.expr.types as ir

from relance.base.clock import naive_utc
from relance.base.ids import draw
from relance.base.zones import local_day, to_instant, to_local
from relance.customers.installation import Installation
from relance.customers.relations import house_relation, relation, scratch
from relance.customers.schema import VAULT
from relance.customers.star import STAR
from relance.engines.hits import Hit
from relance.engines.sqlite_hits import open_hits
from relance.engines.texts import compiled
from relance.tracking.leaving import ONE_CLICK, leave
from relance.tracking.tokens import Leave

TRUTH = "truth.json"
EFFECTS: Mapping[str, float] = {"forgotten-cart": 0.12, "second-purchase": 0.08, "win-back": 0.05}
"""The chance that a first message of each scenario brings one more order."""

DEAREST = Decimal(250)  # a basket beyond is an institution's
_ENOUGH = 2_000  # baskets to copy from
_BY = time(8, 20)  # before the morning's export
_CLOCK = {"at": "instant"}
_PARTS = ("step", "occurrence", "channel", "purpose")
_READER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Firefox/147.0"
_PROXY = "GoogleImageProxy"
_OPENS, _BEHIND_A_PROXY = 0.38, 0.3
_CLICKS, _CLICKS_BEFORE_ORDERING, _ROBOTS, _LEAVES = 0.07, 0.8, 0.03, 0.006
Line = dict[str, str]
_Key = tuple[int, str, str, str]


@dataclass(frozen=True)
class Basket:
    """The lines of an order that somebody once placed, and what they come to."""

    lines: tuple[Line, ...]
    amount: Decimal


@dataclass
class Told:
    """What was planted in one scenario: people written to, those who could react in time, orders that came of it."""

    written_to: int = 0
    able: int = 0
    orders: int = 0


@dataclass
class Readers:
    """The members of one demo, as far as they react; `tally` grows from turn to turn."""

    seed: str
    exports: Path
    baskets: tuple[Basket, ...]
    effects: Mapping[str, float]
    tally: dict[str, Told] = field(default_factory=dict)
    _seen: int = 0  # events of the outbox, up to this one

    def react(self, place: Installation, at: datetime) -> None:
        """To the messages of the turn at this instant, before the next morning's export is fetched."""
        told = _first_messages(place, at)
        file = self._next_export(place, at)
        hits: dict[datetime, list[Hit]] = {}
        pixels = self._pixels(place)
        for row in told:
            counted = self.tally.setdefault(row["scenario"], Told())
            counted.written_to += 1
            orders = file is not None and self._draw(row, "orders") < self.effects.get(row["scenario"], 0.0)
            if file is not None:
                counted.able += 1
                clicked = self._click(row, at, orders, hits)
                if _key(row) in pixels:
                    self._open(row, at, clicked, hits)
                self._leave(row, place, at, hits)
            if orders and file is not None:
                counted.orders += 1
                self._order(file, row, place, at)
        if hits:
            with closing(open_hits(place.home.hits)) as kept, kept.transaction():
                for instant in sorted(hits):
                    kept.append(hits[instant], instant)

    def truth(self) -> dict[str, object]:
        """What is true of each scenario; money per head written to, in dollars."""
        mean = sum((each.amount for each in self.baskets), Decimal()) / max(1, len(self.baskets))
        return {
            name: {
                "written_to": told.written_to,
                "chance_of_one_more_order": self.effects.get(name, 0.0),
                "mean_basket": str(mean.quantize(Decimal("0.001"))),
                "orders_planted": told.orders,
                "per_head": float(mean) * self.effects.get(name, 0.0) * told.able / max(1, told.written_to),
            }
            for name, told in sorted(self.tally.items())
        }

    def _draw(self, row: Mapping[str, str], what: str) -> float:
        return draw(self.seed, row["scenario"], what, row["own_id"])

    def _next_export(self, place: Installation, at: datetime) -> Path | None:
        """The orders of tomorrow morning; None after the last turn."""
        tomorrow = local_day(at, place.zone) + timedelta(days=1)
        file = self.exports / f"commandes-{tomorrow:%Y-%m-%d}T0830.csv"
        return file if file.exists() else None

    def _order(self, file: Path, row: Mapping[str, str], place: Installation, at: datetime) -> None:
        basket = self.baskets[int(self._draw(row, "basket") * len(self.baskets))]
        placed = f"{self._moment(row, place, at, 'placed'):%Y-%m-%d %H:%M:%S}"
        number = f"R-{row['scenario']}-{row['own_id']}"
        own = {"no_commande": number, "no_membre": row["own_id"], "date": placed, "statut": "payée", "livree_le": ""}
        with file.open("a", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, delimiter=";", lineterminator="\n")
            writer.writerows({**line, **own}.values() for line in basket.lines)

    def _moment(self, row: Mapping[str, str], place: Installation, at: datetime, what: str) -> datetime:
        """A local time between an hour after the turn and the next morning."""
        since = at + timedelta(hours=1)
        until = to_instant(local_day(at, place.zone) + timedelta(days=1), _BY, place.zone)
        return to_local(since + self._draw(row, what) * (until - since), place.zone)

    def _pixels(self, place: Installation) -> set[_Key]:
        """The messages put into the outbox since the last turn whose reader may be seen to open them."""
        found = set()
        while events := place.ledger.events_since(self._seen):
            self._seen = events[-1].seq
            found |= {(e.key.contact, e.key.scenario, e.key.step, e.key.occurrence) for e in events if e.pixel}
        return found

    def _open(self, row: Mapping[str, str], at: datetime, clicked: bool, hits: dict[datetime, list[Hit]]) -> None:
        """Whoever clicks has opened; of the others a part, some of them behind the proxy of their mailbox."""
        if clicked or self._draw(row, "opens") < _OPENS:
            agent = _PROXY if self._draw(row, "mailbox") < _BEHIND_A_PROXY else _READER
            later = at + timedelta(minutes=5 + int(240 * self._draw(row, "waits")) * (not clicked))
            hits.setdefault(later, []).append(Hit("open", *_key(row), row["channel"], None, agent, "192.0.2"))

    def _click(self, row: Mapping[str, str], at: datetime, orders: bool, hits: dict[datetime, list[Hit]]) -> bool:
        """A person's click before an order, or out of interest; and the robots that follow every link."""
        message = (*_key(row), row["channel"])
        chance = _CLICKS_BEFORE_ORDERING if orders else _CLICKS
        clicks = self._draw(row, "clicks") < chance
        if clicks:
            later = at + timedelta(minutes=10 + int(45 * self._draw(row, "minutes")))
            hits.setdefault(later, []).append(Hit("click", *message, "button", _READER, "192.0.2"))
        if self._draw(row, "robot") < _ROBOTS:
            hits.setdefault(at, []).append(Hit("click", *message, "button", "safelinks", "198.51.100"))
        return clicks

    def _leave(
        self, row: Mapping[str, str], place: Installation, at: datetime, hits: dict[datetime, list[Hit]]
    ) -> None:
        """A few want no more, by the button of their mail program."""
        if self._draw(row, "leaves") >= _LEAVES:
            return
        later = at + timedelta(minutes=90)
        message = (row["scenario"], row["step"], row["occurrence"])
        wish = Leave(int(row["contact"]), row["channel"], row["purpose"], None, "fr", message)
        if leave(place.ledger, wish, "kind", ONE_CLICK, "List-Unsubscribe", later) and wish.hit is not None:
            hits.setdefault(later, []).append(wish.hit)


def _key(row: Mapping[str, str]) -> _Key:
    return int(row["contact"]), row["scenario"], row["step"], row["occurrence"]


def readers_of(seed: int, exports: Path, history: Path, effects: Mapping[str, float]) -> Readers:
    """Those of a demo; `history` is its first export of orders, from which baskets are copied."""
    return Readers(str(seed), exports, _baskets(history), effects)


def write_truth(readers: Readers, home: Path) -> None:
    """Beside the home's other files, for whoever wants to check a report."""
    (home / TRUTH).write_text(json.dumps(readers.truth(), indent=2) + "\n", encoding="utf-8")


def _baskets(history: Path) -> tuple[Basket, ...]:
    """Baskets of the site that a reader could have filled."""
    found: dict[str, list[Line]] = {}
    with history.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file, delimiter=";"):
            if len(found) > _ENOUGH:
                break
            if line["canal"] == "web" and line["statut"] != "annulée":
                found.setdefault(line["no_commande"], []).append(line)
    baskets = [Basket(tuple(lines), _amount(lines)) for lines in list(found.values())[:_ENOUGH]]
    return tuple(each for each in baskets if each.amount <= DEAREST)


def _amount(lines: list[Line]) -> Decimal:
    return sum((Decimal(line["quantite"]) * Decimal(line["prix"]) for line in lines), Decimal())


def _first_messages(place: Installation, at: datetime) -> list[dict[str, str]]:
    """Whom a scenario wrote to for the first time at this turn: own_id, contact, scenario and the message's key."""
    place.engine.load("reacting_clock", _CLOCK, [{"at": naive_utc(at)}])
    return place.engine.rows(compiled(place.engine, ("demo-first-messages",), _first))


def _first() -> ir.Table:
    made = house_relation("decisions")
    made = made.filter(made["outcome"] == "send")
    own = ["scenario", "contact"]
    made = made.select(*own, *_PARTS, "at")
    clock = scratch("reacting_clock", _CLOCK).select(now="at")
    earlier = made.join(clock, made["at"] < clock["now"]).select(*own)
    today = made.join(clock, made["at"] == clock["now"]).select(*made.columns)
    new = today.anti_join(earlier, own)
    parts = {name: new[name].min() for name in _PARTS}
    first = new.group_by(*own).agg(**parts)
    vault = relation("contacts" + VAULT, STAR["contacts"].vault_columns).select("contact", "own_id")
    return first.inner_join(vault, "contact").order_by("scenario", "own_id")
