"""Who asked for a link, made small: a shortened program name and a network, as much as a verdict needs, no more."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Any

Asker = tuple[str, str, bool]
"""Program, network, and whether it says itself that nobody is looking yet."""

LONGEST_AGENT = 160  # characters
_EARLY = {b"purpose", b"sec-purpose", b"x-purpose", b"x-moz"}
_HOSTILE = re.compile(r"[^\x20-\x7e]|[<>&\"'`]")


def asker_of(scope: Mapping[str, Any]) -> Asker:
    """What the request says of its program and network."""
    agent, early = b"", False
    for name, value in scope["headers"]:
        if name == b"user-agent":
            agent = value
        elif name in _EARLY:
            early = early or b"prefetch" in value.lower() or b"preview" in value.lower()
    client = scope.get("client")
    return agent_of(agent), net_of(client[0]) if client else "", early


@lru_cache(maxsize=4_096)
def agent_of(said: bytes) -> str:
    """The program's name for itself, cut short, printable, and without any sign that a page could take for its own."""
    return _HOSTILE.sub("?", said[:LONGEST_AGENT].decode("latin-1")).strip()


@lru_cache(maxsize=4_096)
def net_of(address: str) -> str:
    """The first three numbers of an IPv4 address, the first 48 bits of an IPv6 one; nothing for anything else."""
    try:
        found = ip_address(address)
    except ValueError:
        return ""
    if isinstance(found, IPv6Address):
        return str(IPv6Address(int(found) >> 80 << 80)) + "/48"
    return address.rpartition(".")[0] + ".0/24"
