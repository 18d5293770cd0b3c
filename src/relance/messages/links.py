"""A contact and a purpose become a signed token for a public link, and back, without any stored row."""

from __future__ import annotations

import hmac
from binascii import a2b_base64, b2a_base64
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from relance.base.errors import Refused

_BROKEN = "this link is not complete or was changed; copy it whole from the message"
_MAC_BYTES = 16
_URL, _PLAIN = bytes.maketrans(b"+/", b"-_"), bytes.maketrans(b"-_", b"+/")
UNSUBSCRIBE, PREFERENCES, VIEW, CLICK, OPEN = "unsubscribe", "preferences", "view", "click", "open"
"""What a token may be for. Each is good for one thing and opens nothing else."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a link is good for: `purpose` about `contact`, within `scope` (channel, purpose, sender)."""

    purpose: str
    contact: int
    scope: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A secret (at least 16 bytes) and the short name that tokens carry, so that keys can be replaced."""

    id: str
    secret: bytes


def _encode(raw: bytes) -> str:
    return str(b2a_base64(raw, newline=False).translate(_URL, b"="), "ascii")


def _decode(text: str) -> str:
    """Of text whose signature is good, and that therefore is our own."""
    return a2b_base64(text.encode("ascii").translate(_PLAIN) + b"==").decode()


@lru_cache(maxsize=16)  # a key signs many links; what is copied of it has already read the secret
def _keyed(secret: bytes) -> hmac.HMAC:
    return hmac.new(secret, digestmod="sha256")


def _mac(key: SigningKey, payload: str) -> str:
    mac = _keyed(key.secret).copy()
    mac.update(f"{key.id}.{payload}".encode())
    return _encode(mac.digest()[:_MAC_BYTES])


def sign(key: SigningKey, claim: Claim) -> str:
    """A token of letters, digits, `-`, `_` and `.`. Raises ValueError for a short secret or a broken part."""
    text = "\n".join((claim.purpose, str(claim.contact), *claim.scope))
    if len(key.secret) < 16 or text.count("\n") != len(claim.scope) + 1 or not key.id.isalnum():
        raise ValueError("a token needs a secret of 16 bytes or more, a plain key id and parts of one line")
    payload = _encode(text.encode())
    return f"{key.id}.{payload}.{_mac(key, payload)}"


def verify(keys: Mapping[str, SigningKey], token: str, purpose: str) -> Claim:
    """What the token says, if one of the keys signed it for this purpose. Raises Refused."""
    pieces = token.split(".")
    if len(pieces) != 3 or pieces[0] not in keys or not token.isascii():
        raise Refused(_BROKEN)
    # Text with text: of the spellings that decode to the same bytes only ours is good.
    if not hmac.compare_digest(pieces[2], _mac(keys[pieces[0]], pieces[1])):
        raise Refused(_BROKEN)
    said, contact, *scope = _decode(pieces[1]).split("\n")
    if said != purpose:
        raise Refused(f"this link is not one to {purpose}")
    return Claim(said, int(contact), tuple(scope))
