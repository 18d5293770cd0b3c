"""A person asks to be forgotten: their own id goes in, and nothing of theirs is left that a file could bring back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime

from relance.base.clock import naive_utc
from relance.base.errors import NotFound
from relance.customers.identity import OWN
from relance.customers.schema import PAST, VAULT
from relance.customers.tables import Table
from relance.engines.warehouse import Engine

_SHORTEST = 3  # characters; a shorter value would be found in everybody's records


def own_hash(secret: bytes, own_id: str) -> str:
    """The keyed hash by which an own id is recognised, as the importer makes it."""
    return hashlib.sha256(f"{secret.hex()}\n{OWN}\n{own_id.strip()}".encode()).hexdigest()[:32]


def erase_contact(engine: Engine, tables: Mapping[str, Table], own_id: str, secret: bytes, at: datetime) -> int:
    """Forgets a person in the warehouse, in one transaction; answers their surrogate.

    Vault rows go, current and past, in every table, the retailer's own too; identities go; rejects lose what
    names the person; free texts of their facts that repeat it are emptied. Facts stay by surrogate. A keyed
    hash stays, so that the next file with this id is refused `erased`. NotFound where nobody has the id.
    """
    mark = own_hash(secret, own_id)
    engine.load("erasing_id", {"value_hash": "text"}, [{"value_hash": mark}])
    contact = engine.value("SELECT i.contact FROM identities AS i SEMI JOIN erasing_id USING (value_hash)")
    if contact is None:
        raise NotFound(f"nobody has the id “{own_id}”; nothing was erased")
    engine.load("erasing", {"contact": "integer"}, [{"contact": contact}])
    with engine.transaction():
        _keep_values(engine, tables, own_id)
        _empty_texts(engine, tables)
        for table in tables.values():
            _drop_vault(engine, table)
        _drop_identities(engine, naive_utc(at))
        _clean_rejects(engine)
    return int(contact)


def _of_contact(table: Table) -> str | None:
    """The column by which a table's rows belong to a contact."""
    return "contact" if table.column("contact") is not None else None


def _keys(table: Table) -> str:
    """The keys of every row, current or past, of the person."""
    keys = ", ".join(f'"{column}"' for column in table.key)
    parts = (table.name, table.name + PAST)
    return " UNION ".join(f'SELECT {keys} FROM "{part}" SEMI JOIN erasing USING (contact)' for part in parts)


def _vaults(table: Table) -> Iterator[str]:
    if table.vault_columns and _of_contact(table):
        yield table.name + VAULT
        yield table.name + VAULT + PAST


def _keep_values(engine: Engine, tables: Mapping[str, Table], own_id: str) -> None:
    """The person's texts, to be looked for elsewhere."""
    engine.load("erasing_values", {"value": "text"}, [{"value": own_id.strip()}])
    for table in tables.values():
        personal = [column.name for column in table.vault_columns if column.personal and column.type == "text"]
        if table.name == "contact_values":
            continue  # words of scenarios: they go with their vault, and elsewhere they name nobody
        for vault in _vaults(table):
            engine.keep("erasing_keys", _keys(table))
            using = ", ".join(f'"{column}"' for column in table.key)
            for column in personal:
                engine.insert(
                    "erasing_values",
                    f'SELECT DISTINCT trim("{column}") AS value FROM "{vault}" SEMI JOIN erasing_keys USING ({using}) '
                    f'WHERE length(trim("{column}")) >= {_SHORTEST}',
                )


def _empty_texts(engine: Engine, tables: Mapping[str, Table]) -> None:
    """Open texts of the person's own facts (a proof, a form's name) that repeat the id or the address."""
    for table in tables.values():
        texts = [column.name for column in table.open_columns if column.type == "text" and column.name not in table.key]
        if not texts or not _of_contact(table):
            continue
        for part in (table.name, table.name + PAST):
            put = ", ".join(f'CASE WHEN {_holds(f"t.{_quoted(name)}")} THEN NULL ELSE t.{_quoted(name)} END AS '
                            f"{_quoted(name)}" for name in texts)  # fmt: skip
            hit = " OR ".join(_holds(f"t.{_quoted(name)}") for name in texts)
            rows = f'FROM "{part}" AS t SEMI JOIN erasing USING (contact) WHERE {hit}'
            if engine.keep("emptied", f"SELECT t.* REPLACE ({put}) {rows}"):
                keys = [*table.key, "known_at"]
                engine.delete(part, "SELECT * FROM emptied", keys)
                engine.insert(part, "SELECT * FROM emptied")


def _holds(column: str) -> str:
    return f"EXISTS (SELECT 1 FROM erasing_values AS v WHERE contains(lower({column}), lower(v.value)))"


def _drop_vault(engine: Engine, table: Table) -> None:
    for vault in _vaults(table):
        engine.delete(vault, _keys(table), table.key)


def _drop_identities(engine: Engine, at: datetime) -> None:
    """The link from the own id to the surrogate is cut; what stays is a keyed hash that refuses it."""
    engine.load("erased_at", {"at": "instant"}, [{"at": at}])
    engine.insert(
        "erased",
        "SELECT DISTINCT i.value_hash, e.at FROM identities AS i SEMI JOIN erasing USING (contact), erased_at AS e",
    )
    for part in ("identities", "identities" + PAST):
        engine.delete(part, "SELECT contact FROM erasing", ["contact"])


def _clean_rejects(engine: Engine) -> None:
    named = f"{_holds('r.record')} OR {_holds('r.value')}"
    if engine.keep("cleaned", f"SELECT r.* REPLACE (NULL AS value, '' AS record) FROM rejects AS r WHERE {named}"):
        engine.delete("rejects", "SELECT import_id, file, line FROM cleaned", ["import_id", "file", "line"])
        engine.insert("rejects", "SELECT * FROM cleaned")


def _quoted(name: str) -> str:
    return f'"{name}"'
