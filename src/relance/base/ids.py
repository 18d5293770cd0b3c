"""Identifiers that anyone can compute again: random draws, keyed hashes of addresses, short digests."""

from __future__ import annotations

import hashlib
import hmac


def draw(seed: str, scenario: str, step: str, own_id: str) -> float:
    """A number in [0, 1) that depends on nothing else: SHA-256 of the four, joined by line feeds."""
    text = "\n".join((seed, scenario, step, own_id)).encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "big") / 2**64


def normal_address(address: str) -> str:
    """The form in which two addresses are compared: no outer space, lower case."""
    return address.strip().lower()


def address_hash(secret: bytes, address: str) -> str:
    """A keyed hash by which an address is recognised without being kept."""
    return hmac.new(secret, normal_address(address).encode(), hashlib.sha256).hexdigest()[:32]


def digest(text: str) -> str:
    """A short name for a text, the same everywhere."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
