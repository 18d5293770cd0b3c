"""The retailer's own files of orders, carts and refunds: what each export would have said at its moment."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from relance.demo import words
from relance.demo.baskets import Baskets
from relance.demo.calendar import DAY, Flags, Whole, local
from relance.demo.people import People
from relance.demo.purchases import Purchases
from relance.demo.shelves import Shelves, clock_times, dollars, instants

_ETAPES, _ETATS = ["panier", "livraison", "paiement refusé"], ["ouvert", "commandé", "vidé"]


@dataclass(frozen=True)
class Editions:
    """What each export says: `row` as it stood at `at`; `last` tells the final state from an earlier one.

    Export number `slot` holds what changed since the one before; number 0 is the history.
    """

    row: Whole
    at: Whole
    last: Flags
    slot: Whole

    def of(self, slot: int) -> Editions:
        """Those of one export, in the order in which they happened."""
        here = np.flatnonzero(self.slot == slot)
        return Editions(self.row[here], self.at[here], self.last[here], self.slot[here])


def editions(made: Whole, changed: Whole, stamps: Whole) -> Editions:
    """Rows are exported when made and again when `changed` (0 = never); one export says a row once."""
    again = np.flatnonzero(changed)
    row = np.concatenate([np.arange(len(made)), again])
    at = np.concatenate([made, changed[again]])
    last = np.concatenate([changed == 0, np.ones(len(again), dtype=bool)])
    slot = np.searchsorted(stamps, at, side="right")
    hidden = np.zeros(len(row), dtype=bool)
    hidden[again] = slot[again] == slot[len(made) :]
    seen = np.flatnonzero(~hidden & (slot < len(stamps)))
    seen = seen[np.lexsort((row[seen], at[seen]))]
    return Editions(row[seen], at[seen], last[seen], slot[seen])


def order_editions(bought: Purchases, stamps: Whole) -> Editions:
    return editions(bought.at, bought.undone_at, stamps)


def cart_editions(baskets: Baskets, stamps: Whole) -> Editions:
    """A cart touched on two days is exported twice, each time as it stood."""
    twice = baskets.before > 0
    return editions(np.where(twice, baskets.before, baskets.touched), np.where(twice, baskets.touched, 0), stamps)


def orders_table(people: People, shelves: Shelves, codes: pa.Array, bought: Purchases, said: Editions) -> pa.Table:
    """Orders with their lines in one flat file, a line a row, local times."""
    line, which = _lines(bought.first[said.row], bought.count[said.row])
    order = said.row[which]
    undone = said.last[which] & (bought.undone_at[order] > 0)
    arrived = np.where(bought.online, bought.at + (2 + np.arange(len(bought)) % 4) * DAY, bought.at)[order]
    stamp = said.at.max(initial=0)
    sent = ~undone & (arrived <= stamp)
    return pa.table(
        {
            "no_commande": words.joined("W", words.written(400_000 + order, 7)),
            "no_membre": _member(people, bought.who[order]),
            "date": clock_times(local(bought.at[order])),
            "canal": words.pick(["magasin", "web"], bought.online[order].astype(np.int64)),
            "librairie": codes.take(pa.array(bought.shop[order])),
            "statut": words.chosen(undone, "annulée", words.pick(["payée", "livrée"], sent.astype(np.int64))),
            "code_promo": words.chosen(order % 23 == 0, "PORT-OFFERT", None),
            "livree_le": words.chosen(sent, clock_times(local(arrived)), None),
            "ean": shelves.codes.take(pa.array(bought.book[line])),
            "quantite": bought.quantity[line],
            "prix": dollars(bought.cents[line]),
        }
    )


def carts_table(people: People, shelves: Shelves, codes: pa.Array, baskets: Baskets, said: Editions) -> pa.Table:
    """Carts with their lines in one flat file, a line a row, times in UTC."""
    line, which = _lines(baskets.first[said.row], baskets.count[said.row])
    there = baskets.added[line] <= said.at[which]
    line, which = line[there], which[there]
    cart, at = said.row[which], said.at[which]
    who = baskets.who[cart]
    status = np.where(said.last[which], baskets.status[cart], 0)
    gone = (baskets.removed[line] > 0) & (baskets.removed[line] <= at)
    return pa.table(
        {
            "panier": words.joined("P", words.written(700_000 + cart, 7)),
            "no_membre": _member(people, who),
            "connecte": words.pick(["non", "oui"], baskets.logged_in[cart].astype(np.int64)),
            "etape": words.pick(_ETAPES, np.where(said.last[which], baskets.stage[cart], 0)),
            "etat": words.pick(_ETATS, status),
            "debut": instants(baskets.started[cart]),
            "dernier_geste": instants(at),
            "librairie": words.chosen(who >= 0, codes.take(pa.array(people.shop[who])), None),
            "ean": shelves.codes.take(pa.array(baskets.book[line])),
            "quantite": baskets.copies[line],
            "ajoute_le": instants(baskets.added[line]),
            "retire_le": words.chosen(gone, instants(baskets.removed[line]), None),
        }
    )


def refunds_table(people: People, bought: Purchases, said: Editions) -> pa.Table:
    """Money given back: all of an order, or its first line."""
    order = said.row
    line = bought.first[order]
    part = bought.quantity[line] * bought.cents[line]
    whole = bought.whole_refund[order] | (bought.count[order] == 1)
    return pa.table(
        {
            "remboursement": words.joined("R", words.written(400_000 + order, 7)),
            "no_commande": words.joined("W", words.written(400_000 + order, 7)),
            "no_membre": _member(people, bought.who[order]),
            "date": clock_times(local(bought.refunded_at[order])),
            "montant": dollars(np.where(whole, bought.total[order], part)),
            "complet": words.pick(["non", "oui"], whole.astype(np.int64)),
        }
    )


def refund_editions(bought: Purchases, stamps: Whole) -> Editions:
    """Each refund is exported once."""
    order = np.flatnonzero(bought.refunded_at)
    said = editions(bought.refunded_at[order], np.zeros(len(order), dtype=np.int64), stamps)
    return replace(said, row=order[said.row])


def spoiled(table: pa.Table) -> pa.Table:
    """The same orders as a broken till sent them: the last two are missing, some quantities are wrong."""
    names = table["no_commande"]
    missing = pc.unique(names)[-2:]
    kept = table.filter(pc.invert(pc.is_in(names, value_set=missing)))
    wrong = np.arange(len(kept)) % 7 == 3
    quantity = pc.if_else(pa.array(wrong), pc.add(kept["quantite"], 1), kept["quantite"])
    return kept.set_column(kept.schema.get_field_index("quantite"), "quantite", quantity)


def _member(people: People, who: Whole) -> pa.Array:
    return words.chosen(who >= 0, people.codes.take(pa.array(np.maximum(who, 0))), None)


def _lines(first: Whole, count: Whole) -> tuple[Whole, Whole]:
    """Numbers of the lines of some owners, owner by owner, and which owner each belongs to."""
    which = np.repeat(np.arange(len(count)), count)
    start = np.cumsum(count) - count
    return first[which] + np.arange(len(which)) - start[which], which
