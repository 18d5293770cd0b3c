"""The one client for calls to the outside: an address and a body go out, an answer or a clear refusal comes back."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from relance.base.errors import Refused, Unreachable

TIMEOUT_SECONDS = 5.0
LONGEST_ANSWER = 64_000  # bytes; what follows is not read
_TRANSLATED = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("2002::/16"))  # IPv4 in other clothes


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `retry_after`: seconds the server asks to wait, where it says so."""

    status: int
    body: bytes
    retry_after: float | None = None


class Outbound:
    """Calls over https to public addresses; redirects, private addresses and endless answers are not followed.

    `private`: names like `erp.intern:8443` that the settings allow although their address is private, http too.
    To be used in one event loop.
    """

    def __init__(self, private: Collection[str] = (), timeout: float = TIMEOUT_SECONDS) -> None:
        self.private = frozenset(private)
        limits = aiohttp.ClientTimeout(total=timeout)
        self._public = aiohttp.ClientSession(connector=_connector(_PublicOnly()), timeout=limits)
        self._inside = aiohttp.ClientSession(connector=_connector(None), timeout=limits)

    async def close(self) -> None:
        await self._public.close()
        await self._inside.close()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Raises Refused for an address that may not be called, Unreachable where no answer came."""
        session = self._inside if _place(url) in self.private else self._public
        if session is self._public:
            refuse_address(url)
        try:
            async with session.post(url, data=body, headers=dict(headers), allow_redirects=False) as answer:
                said = await answer.content.read(LONGEST_ANSWER)
                return Answer(answer.status, said, _seconds(answer.headers.get("Retry-After")))
        except Refused:
            raise
        except TimeoutError:
            raise Unreachable(f"{_place(url)} did not answer in time") from None
        except (aiohttp.ClientError, OSError) as error:
            if refused := _refusal_within(error):
                raise refused from None
            raise Unreachable(f"{_place(url)} cannot be reached ({type(error).__name__})") from None


def refuse_address(url: str, private: Collection[str] = ()) -> None:
    """Refuses what is not https with a plain host, or names a private address. Raises Refused in one sentence."""
    parts = urlsplit(url)
    if _place(url) in private and parts.scheme in ("http", "https"):
        return
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.password:
        raise Refused(f"“{url:.100}” is not an address to call; it must begin with https:// and name a host")
    with suppress(ValueError):
        _refuse_private(ipaddress.ip_address(parts.hostname), parts.hostname)


def _place(url: str) -> str:
    """host:port, as the settings name it."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80}.get(parts.scheme, 443)
    except ValueError:
        raise Refused(f"“{url:.100}” is not an address to call") from None
    return f"{parts.hostname}:{port}"


def _refuse_private(address: ipaddress.IPv4Address | ipaddress.IPv6Address, host: str) -> None:
    inner = getattr(address, "ipv4_mapped", None) or address
    translated = any(inner.version == 6 and inner in net for net in _TRANSLATED)
    if not inner.is_global or inner.is_multicast or translated:
        raise Refused(f"“{host}” leads to a private address; name it under [webhook] private to allow it")


def _refusal_within(error: BaseException | None) -> Refused | None:
    """What the resolver refused, which the client wraps as trouble with the connection."""
    while error is not None:
        if isinstance(error, Refused):
            return error
        error = error.__cause__ or error.__context__
    return None


def _seconds(header: str | None) -> float | None:
    return float(header) if header and header.isdecimal() and len(header) < 8 else None


class _PublicOnly(AbstractResolver):
    """Looks a name up once and connects to what it saw: a name cannot turn private after it was checked."""

    def __init__(self) -> None:
        self._looked_up = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._looked_up.resolve(host, port, family)
        for one in found:
            _refuse_private(ipaddress.ip_address(one["host"].partition("%")[0]), host)
        return found

    async def close(self) -> None:
        await self._looked_up.close()


def _connector(resolver: AbstractResolver | None) -> aiohttp.TCPConnector:
    return aiohttp.TCPConnector(resolver=resolver, limit=20, limit_per_host=5, ttl_dns_cache=60)
