"""Who asked for a link, made small: a shortened program name and a network, as much as a verdict needs, no more."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Any

from relance.engines.hits import Hit

LONGEST_AGENT = 160  # characters
_EARLY = ("purpose", "sec-purpose", "x-purpose", "x-moz")
_PLAIN = re.compile(r"[^\x20-\x7e]|[<>&\"'`]")


def with_asker(hit: Hit, scope: Mapping[str, Any]) -> Hit:
    """The hit with what the request says of its program and network."""
    headers = _wanted(scope["headers"])
    early = any("prefetch" in headers.get(name, "").lower() or "preview" in headers.get(name, "") for name in _EARLY)
    client = scope.get("client") or ("",)
    return replace(hit, agent=agent_of(headers.get("user-agent", "")), net=net_of(str(client[0])), early=early)


def _wanted(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    wanted = (b"user-agent", *(name.encode() for name in _EARLY))
    return {name.decode(): value.decode("latin-1") for name, value in headers if name in wanted}


@lru_cache(maxsize=4_096)
def agent_of(said: str) -> str:
    """The program's name for itself, cut short, printable, and without any sign that a page could take for its own."""
    return _PLAIN.sub("?", said[:LONGEST_AGENT]).strip()


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
