"""The shop's own id of a contact becomes the person that turns decide about, and a view of their rows alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import ibis.expr.types as ir

from relance.base.errors import NotFound, Refused
from relance.customers.installation import Installation
from relance.customers.relations import View, scratch


@dataclass(frozen=True)
class Person:
    """contact: the one that turns decide about; sides: every contact that is this person, merged ones too."""

    own_id: str
    contact: int
    sides: tuple[int, ...]
    merged_into: str | None = None  # the own id of the contact that this one turned out to be


# The contact that is explained; data, so that the text of a query serves every contact.
EXPLAINED: Mapping[str, str] = {"contact": "integer"}


class OneContact(View):
    """A view of one contact's rows, so that an explanation costs the same in a base of any size.

    Whose rows: scratch table `explained`. Rows without a contact of their own (products) are all there.
    """

    def facts(self, name: str) -> ir.Table:
        """As View, of this contact."""
        return self._own(name, super().facts(name))

    def vault(self, name: str) -> ir.Table:
        """As View, of this contact."""
        return self._own(name, super().vault(name))

    def _own(self, name: str, rows: ir.Table) -> ir.Table:
        if name == "cart_lines":  # a line belongs to its cart, whatever contact its own row names
            return rows.semi_join(super().facts("carts").semi_join(_explained(), "contact"), "cart")
        return rows.semi_join(_explained(), "contact") if "contact" in rows.columns else rows


def _explained() -> ir.Table:
    return scratch("explained", EXPLAINED)


def find_person(place: Installation, own_id: str) -> Person:
    """Follows a merge. NotFound where the shop has no such contact, Refused for the cart of an anonymous visitor."""
    view = View(place.tables, merged=True)
    vault = view.vault("contacts")
    found = place.engine.rows(vault.filter(vault["own_id"] == own_id.strip()).select("contact").distinct())
    if not found:
        raise _nobody(place, own_id)
    contact = min(row["contact"] for row in found)
    aliases = view.facts("aliases").select("contact", "into")
    led = place.engine.rows(aliases.filter(aliases["contact"] == contact))
    into = led[0]["into"] if led else contact
    others = place.engine.rows(aliases.filter(aliases["into"] == into))
    sides = sorted({into, contact, *(row["contact"] for row in others)})
    return Person(own_id.strip(), into, tuple(sides), own_id_of(place, into) if into != contact else None)


def own_id_of(place: Installation, contact: int) -> str | None:
    """The shop's own id of a contact."""
    vault = View(place.tables).vault("contacts")
    found = place.engine.rows(vault.filter(vault["contact"] == contact).select("own_id"))
    return found[0]["own_id"] if found else None


def _nobody(place: Installation, own_id: str) -> Refused:
    carts = View(place.tables).facts("carts")
    named = carts.filter(carts["cart"] == own_id, carts["contact"].isnull())
    if place.engine.rows(named.select("cart")):
        return Refused(f"“{own_id}” is the cart of an anonymous visitor; only contacts can be explained")
    return NotFound(f"there is no contact “{own_id}”; write the id that the shop’s own files give")
