"""Words of the page of imports."""

from __future__ import annotations

from collections.abc import Mapping

IMPORTS: Mapping[str, tuple[str | tuple[str, str], str | tuple[str, str]]] = {
    "imports.title": ("Données", "Data"),
}
