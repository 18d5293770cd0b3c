"""An address of a document comes in; it may be called from here, or it is refused in one sentence."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from contextlib import suppress
from urllib.parse import urlsplit

from relance.base.errors import Refused

_TRANSLATED = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("2002::/16"))  # IPv4 in other clothes


def refuse_address(url: str, private: Collection[str] = ()) -> None:
    """Refuses what is not https with a plain host, or names a private address. Raises Refused in one sentence."""
    parts = urlsplit(url)
    if place_of(url) in private and parts.scheme in ("http", "https"):
        return
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.password:
        raise Refused(f"“{url:.100}” is not an address to call; it must begin with https:// and name a host")
    with suppress(ValueError):
        refuse_private(ipaddress.ip_address(parts.hostname), parts.hostname)


def place_of(url: str) -> str:
    """host:port, as the settings name it."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80}.get(parts.scheme, 443)
    except ValueError:
        raise Refused(f"“{url:.100}” is not an address to call") from None
    return f"{parts.hostname}:{port}"


def refuse_private(address: ipaddress.IPv4Address | ipaddress.IPv6Address, host: str) -> None:
    """Refuses an address that is not reached from everywhere. Raises Refused."""
    inner = getattr(address, "ipv4_mapped", None) or address
    translated = any(inner.version == 6 and inner in net for net in _TRANSLATED)
    if not inner.is_global or inner.is_multicast or translated:
        raise Refused(f"“{host}” leads to a private address; name it under [webhook] private to allow it")
