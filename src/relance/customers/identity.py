"""The retailer's own ids go in; surrogates come out, new contacts being made for ids never seen."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from relance.base.errors import Refused
from relance.base.ids import digest
from relance.customers.relations import relation, scratch
from relance.customers.schema import VAULT
from relance.customers.star import STAR
from relance.engines.texts import compiled
from relance.engines.warehouse import Engine

OWN = "own"  # the kind of identity that the retailer's own id is
CLOCK = {"known_at": "instant", "period": "instant", "source": "integer", "secret": "text"}
IDS = {"own": "text", "value_hash": "text", "contact": "integer", "erased": "boolean"}


def identity_hash(secret: Any, kind: Any, value: Any) -> Any:
    """A keyed hash by which a value of an identity is recognised: SHA-256 of secret, kind and value."""
    return secret.concat("\n").concat(kind).concat("\n").concat(value).hexdigest("sha256").left(32)


def check_secret(engine: Engine, secret: bytes) -> None:
    """Refused where the identities of this warehouse were made with another secret."""
    mark = digest("relance\n" + secret.hex())
    known = engine.rows("SELECT value_hash FROM \"identities\" WHERE kind = 'secret'")
    if known and known[0]["value_hash"] != mark:
        raise Refused("this home's secret is not the one its identities were made with; restore it")
    if not known:
        engine.load("secret_mark", {"kind": "text", "value_hash": "text"}, [{"kind": "secret", "value_hash": mark}])
        engine.insert("identities", 'SELECT * FROM "secret_mark"')


def resolve(engine: Engine, owns: str) -> int:
    """Keeps `ids` (own, contact, erased) for the own ids of a scratch table; answers how many contacts are new.

    Needs the scratch row `import_clock`. Surrogates follow the order of the own ids. An erased person has no
    contact and is marked.
    """
    engine.keep("ids", compiled(engine, ("ids", owns), lambda: _ids(owns)))
    new = engine.keep("new_ids", compiled(engine, ("new_ids",), _new))
    if new:
        engine.insert("identities", compiled(engine, ("identities",), lambda: _identities(False)))
        engine.insert("identities" + VAULT, compiled(engine, ("identities_vault",), lambda: _identities(True)))
        engine.delete("ids", 'SELECT own FROM "new_ids"', ["own"])
        engine.insert("ids", 'SELECT own, value_hash, contact, false AS erased FROM "new_ids"')
    return new


def make_stubs(engine: Engine) -> int:
    """A contact row for every id of `ids` that has none: an individual of whom only the own id is known."""
    made = engine.insert("contacts", compiled(engine, ("stubs",), _stubs))
    engine.insert("contacts" + VAULT, compiled(engine, ("stubs_vault",), _stubs_vault))
    return made


def _clock() -> ir.Table:
    return scratch("import_clock", CLOCK)


def _known() -> ir.Table:
    known = relation("identities", STAR["identities"].open_columns)
    return known.filter(known["kind"] == OWN)


def _erased() -> ir.Table:
    return scratch("erased", {"value_hash": "text", "at": "instant"})


def _hashed(owns: str) -> ir.Table:
    given = scratch(owns, {"own": "text"})
    rows = given.distinct().cross_join(_clock().select("secret"))
    rows = rows.select("own", value_hash=identity_hash(rows["secret"], ibis.literal(OWN), rows["own"]))
    return rows.filter(rows["own"].notnull())


def _new() -> ir.Table:
    everyone = relation("identities", STAR["identities"].open_columns)
    people = relation("contacts", STAR["contacts"].open_columns)
    first = ibis.greatest(
        everyone["contact"].max().as_scalar().fill_null(0), people["contact"].max().as_scalar().fill_null(0)
    )
    ids = scratch("ids", IDS)
    rows = ids.filter(ids["contact"].isnull(), ~ids["erased"])
    number = ibis.row_number().over(order_by=rows["own"])
    return rows.select("own", "value_hash", contact=number + 1 + first)


def _identities(vault: bool) -> ir.Table:
    fresh = scratch("new_ids", {"own": "text", "value_hash": "text", "contact": "integer"})
    made = fresh.cross_join(_clock().select("known_at", "period", "source"))
    own = {"value": made["own"]} if vault else {"contact": made["contact"]}
    return made.select("value_hash", "known_at", "period", "source", kind=ibis.literal(OWN), **own)


def _ids(owns: str) -> ir.Table:
    hashed = _hashed(owns)
    own = _known().select("contact", own_hash="value_hash")
    gone = _erased().select(gone_hash="value_hash")
    joined = hashed.left_join(own, hashed["value_hash"] == own["own_hash"])
    joined = joined.left_join(gone, joined["value_hash"] == gone["gone_hash"])
    return joined.select("own", "value_hash", "contact", erased=joined["gone_hash"].notnull())


def _found() -> ir.Table:
    ids = scratch("ids", IDS)
    return ids.filter(ids["contact"].notnull())


def _stubs() -> ir.Table:
    people = relation("contacts", STAR["contacts"].open_columns)
    rows = _found().anti_join(people, "contact").cross_join(_clock().select("known_at", "source"))
    return rows.select("contact", "known_at", "source", period=_EARLY, kind=ibis.literal("individual"))


def _stubs_vault() -> ir.Table:
    vault = relation("contacts" + VAULT, STAR["contacts"].vault_columns)
    rows = _found().anti_join(vault, "contact").cross_join(_clock().select("known_at", "source"))
    return rows.select("contact", "known_at", "source", period=_EARLY, own_id=rows["own"])


_EARLY = ibis.timestamp("1900-01-01 00:00:00").cast("timestamp(6)")  # any file that describes the contact is newer
