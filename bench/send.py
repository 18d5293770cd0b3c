"""The forgotten-cart mail from the outbox to Postfix's smtp-sink and into the ledger, beside smtp-source in C."""

from __future__ import annotations

import os
import resource
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from relance.base.clock import FixedClock
from relance.channels.email.smtp import SmtpChannel
from relance.channels.sender import send_due
from relance.channels.settings import Brand, MailSettings, Sender, Smtp
from relance.engines.ledger import Ledger, OutboxKey, Outgoing
from relance.engines.sqlite import migrate_ledger, open_ledger
from relance.messages.documents import canonical_body, shipped
from relance.messages.following import FOLLOWED
from relance.messages.links import SigningKey

MESSAGES = int(os.environ.get("BENCH_MESSAGES", "10000"))
SIZE = 21_000
SENDERS = 2
WARM_UP = 200
_AT = datetime(2026, 3, 10, 13, tzinfo=UTC)
_SETTINGS = MailSettings(
    brand=Brand("Librairie", "1, rue du Port, Rimouski", "https://shop.example"),
    senders={"shop": Sender("Librairie du Port", "bonjour@shop.example", "sophie@shop.example")},
    key=SigningKey("1", b"the secret of a bench"),
    public_url="https://mail.shop.example",
)
_ITEM = {
    "product": "p1",
    "title": "Kukum",
    "author": "Michel Jean",
    "publisher": "Libre Expression",
    "url": "https://shop.example/p1",
    "image_url": "https://shop.example/p1.jpg",
}


def measure() -> dict[str, str]:
    """Messages a second and CPU a message, end to end; the same number of bytes by smtp-source over as many lines."""
    with TemporaryDirectory() as folder, _sink() as port:
        server = Smtp("127.0.0.1", port, tls="none")
        together = _senders(Path(folder) / "both.sqlite", server)
        ledger = _outbox(Path(folder) / "ledger.sqlite", MESSAGES)
        _send(ledger, server, MESSAGES // 10)  # compiles, opens, fills the caches
        memory, before = _memory(), _source(port, server.connections)
        wall, cpu = _send(ledger, server, None)
        grown, ours = _memory() - memory, (MESSAGES - MESSAGES // 10) / wall
        ledger.close()
        theirs = (before + _source(port, server.connections)) / 2  # right before and after: a busy machine is fair
        followed = _outbox(Path(folder) / "followed.sqlite", MESSAGES, {FOLLOWED: {"links": True, "pixel": True}})
        _, more = _send(followed, server, MESSAGES - MESSAGES // 10)
        followed.close()
    return {
        "end to end": f"{ours:,.0f} messages/s by one sender",
        f"end to end, {SENDERS} senders": f"{together:,.0f} messages/s, {together / theirs:.2f} of smtp-source",
        "smtp-source": f"{theirs:,.0f} messages/s of {SIZE / 1000:.0f} KB over {server.connections} lines",
        "one sender of smtp-source": f"{ours / theirs:.2f}",
        "CPU a message": f"{cpu / (MESSAGES - MESSAGES // 10) * 1e6:.0f} µs",
        "CPU a message, its links followed": f"{more / (MESSAGES - MESSAGES // 10) * 1e6:.0f} µs",
        "memory grown over the run": f"{grown / 1024:.1f} MB in {MESSAGES:,} messages",
    }


def _outbox(path: Path, messages: int, more: Mapping[str, Any] | None = None) -> Ledger:
    migrate_ledger(path)
    ledger = open_ledger(path)
    ledger.publish("message", "forgotten-cart", canonical_body(shipped("forgotten-cart")), _AT)
    ledger.enqueue(_row(contact, more or {}) for contact in range(messages))
    return ledger


def _row(contact: int, more: Mapping[str, Any]) -> Outgoing:
    values = {"contact": {"first_name": "Hélène"}, "items": [_ITEM] * 4, "cart_url": "https://shop.example/cart"}
    return Outgoing(
        key=OutboxKey("forgotten-cart", "send", contact, f"cart-{contact}", "email"),
        keys=(f"cart-{contact}",),
        kind="marketing",
        version=1,
        sender="shop",
        message="forgotten-cart",
        message_version=1,
        language="fr",
        locale="fr-CA",
        context={**values, **more},
        address=f"contact{contact}@shop{contact % 50}.example",
        address_hash=f"{contact:064}",
        local_day=date(2026, 3, 10),
        due_at=_AT,
        created_at=_AT,
    )


def _send(ledger: Ledger, server: Smtp, limit: int | None) -> tuple[float, float]:
    """Seconds on the wall and of CPU."""
    wall, cpu = time.perf_counter(), time.process_time()
    report = send_due(ledger, SmtpChannel(server), _SETTINGS, FixedClock(_AT), limit)
    assert report.accepted == (limit or MESSAGES - MESSAGES // 10), report
    return time.perf_counter() - wall, time.process_time() - cpu


def _senders(path: Path, server: Smtp) -> float:
    """Messages a second by several processes on one ledger, from the moment all of them are warm."""
    _outbox(path, MESSAGES).close()
    context = get_context("spawn")
    warm = context.Barrier(SENDERS + 1)
    crew = [context.Process(target=_one_of_many, args=(path, server, warm)) for _ in range(SENDERS)]
    for one in crew:
        one.start()
    warm.wait(120)
    begun = time.perf_counter()
    for one in crew:
        one.join()
    seconds, ledger = time.perf_counter() - begun, open_ledger(path)
    assert [one.messages for one in ledger.outbox_counts() if one.state == "accepted"] == [MESSAGES]
    ledger.close()
    return (MESSAGES - SENDERS * WARM_UP) / seconds


def _one_of_many(path: Path, server: Smtp, warm: Barrier) -> None:
    ledger = open_ledger(path)
    send_due(ledger, SmtpChannel(server), _SETTINGS, FixedClock(_AT), WARM_UP)
    warm.wait(120)
    send_due(ledger, SmtpChannel(server), _SETTINGS, FixedClock(_AT))
    ledger.close()


def _source(port: int, lines: int) -> float:
    """Messages a second of Postfix's own test client."""
    command = [_tool("smtp-source"), "-d", "-s", str(lines), "-m", str(MESSAGES), "-l", str(SIZE),
               "-f", "bonjour@shop.example", "-t", "contact@shop.example", f"127.0.0.1:{port}"]  # fmt: skip
    begun = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return MESSAGES / (time.perf_counter() - begun)


def _tool(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        raise SystemExit(f"{name} is missing; it comes with Debian's package “postfix”")
    return found


@contextmanager
def _sink() -> Iterator[int]:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port = int(asked.getsockname()[1])
    as_nobody = ["-u", "nobody"] if os.geteuid() == 0 else []
    sink = subprocess.Popen([_tool("smtp-sink"), *as_nobody, f"127.0.0.1:{port}", "256"])
    try:
        _wait_for(port)
        yield port
    finally:
        sink.kill()
        sink.wait()


def _wait_for(port: int) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with socket.socket() as asked:
            if asked.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)


def _memory() -> int:
    """The most this process has held, in KB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
