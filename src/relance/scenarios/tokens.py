"""A name becomes a token that may call scenarios; a token that comes back is known by its digest."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime

from relance.base.errors import BadDocument, Refused
from relance.engines.calling import Token
from relance.engines.ledger import Ledger

_BEGINS = "relance_"


def make_token(ledger: Ledger, name: str, at: datetime) -> str:
    """A new token, known to nobody but who reads this. Refused where the name has been used."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,62}", name):
        raise BadDocument(f"“{name:.80}” is not a name for a token; use small letters, digits, dots and dashes")
    token = _BEGINS + secrets.token_urlsafe(32)
    if not ledger.add_token(name, _digest(token), at):
        raise Refused(f"there is, or was, a token “{name}”; give this one another name")
    return token


def token_of(ledger: Ledger, given: str) -> Token | None:
    """The good token that was given, or None. Long enough to need no salt: nobody can try them all."""
    return ledger.token(_digest(given)) if given.startswith(_BEGINS) and len(given) < 200 else None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
