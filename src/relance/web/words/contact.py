"""Words of the search for a contact and of one contact's page."""

from __future__ import annotations

from collections.abc import Mapping

CONTACT: Mapping[str, tuple[str | tuple[str, str], str | tuple[str, str]]] = {
    "contacts.title": ("Contacts", "Contacts"),
}
