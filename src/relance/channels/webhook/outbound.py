"""The one client for calls to the outside: an address and a body go out, an answer or a clear refusal comes back."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from relance.base.errors import Refused, Unreachable
from relance.base.outside import place_of, refuse_address, refuse_private

TIMEOUT_SECONDS = 5.0
LONGEST_ANSWER = 64_000  # bytes; what follows is not read


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
        session = self._inside if place_of(url) in self.private else self._public
        if session is self._public:
            refuse_address(url)
        try:
            async with session.post(url, data=body, headers=dict(headers), allow_redirects=False) as answer:
                said = await answer.content.read(LONGEST_ANSWER)
                return Answer(answer.status, said, _seconds(answer.headers.get("Retry-After")))
        except Refused:
            raise
        except TimeoutError:
            raise Unreachable(f"{place_of(url)} did not answer in time") from None
        except (aiohttp.ClientError, OSError) as error:
            if refused := _refusal_within(error):
                raise refused from None
            raise Unreachable(f"{place_of(url)} cannot be reached ({type(error).__name__})") from None


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
            refuse_private(ipaddress.ip_address(one["host"].partition("%")[0]), host)
        return found

    async def close(self) -> None:
        await self._looked_up.close()


def _connector(resolver: AbstractResolver | None) -> aiohttp.TCPConnector:
    return aiohttp.TCPConnector(resolver=resolver, limit=20, limit_per_host=5, ttl_dns_cache=60)
