"""The retailer's own tables and columns join the star by document."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from relance.customers.star import STAR
from relance.customers.tables import Table


def load_tables(folder: Path) -> Mapping[str, Table]:
    """The star with what the documents of a folder add."""
    return STAR
