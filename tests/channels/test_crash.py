"""Senders killed and stopped before a hostile server: nobody gets a message twice, and whoever got none is listed."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from relance.channels.settings import Smtp
from relance.engines.ledger import Ledger
from tests.channels.conftest import NINE, outgoing
from tests.channels.hostile import Hostile, hostile_server

SENDER = """
import sys
from datetime import timedelta
from pathlib import Path
from relance.base.clock import FixedClock
from relance.channels.email.smtp import SmtpChannel
from relance.channels.sender import Pace, send_due
from relance.channels.settings import Smtp
from relance.engines.sqlite import open_ledger
from tests.channels.conftest import NINE, SETTINGS
ledger = open_ledger(Path(sys.argv[1]), busy_seconds=60)
channel = SmtpChannel(Smtp("127.0.0.1", int(sys.argv[2]), tls="none", timeout_seconds=float(sys.argv[5])))
term, margin = timedelta(seconds=float(sys.argv[4])), timedelta(seconds=0.2)
pace = Pace(handing=int(sys.argv[6]), leased=200, lease=term, margin=margin)
send_due(ledger, channel, SETTINGS, FixedClock(NINE + timedelta(hours=float(sys.argv[3]))), pace=pace)
"""
LEASE = 4.0
PATIENCE = 1.0
"""Seconds a sender waits for an answer; the server's silence is longer, as 30 s is longer than a usual wait."""
WAVES = 2
"""“Later” means hours later: so many times the server is hostile, then once it is kind and everything ends."""


@dataclass
class Crew:
    """Some senders at work on one ledger, each in a process of its own."""

    ledger: Path
    port: int
    handing: int
    hours: float = 0.0
    senders: list[subprocess.Popen[bytes]] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)

    def fill(self, size: int) -> None:
        for sender in [one for one in self.senders if one.poll() is not None]:
            self.senders.remove(sender)
            if sender.returncode not in (0, -signal.SIGKILL):
                self.failed.append(sender.returncode)
        while len(self.senders) < size:
            given = [str(self.ledger), str(self.port), str(self.hours), str(LEASE), str(PATIENCE), str(self.handing)]
            root = Path(__file__).parents[2]
            self.senders.append(subprocess.Popen([sys.executable, "-c", SENDER, *given], cwd=root))

    def kill(self, one: subprocess.Popen[bytes]) -> bool:
        """Whether it was still alive."""
        alive = one.poll() is None
        one.kill()
        one.wait()
        return alive

    def end(self) -> None:
        for one in self.senders:
            with suppress(ProcessLookupError):
                one.send_signal(signal.SIGCONT)
            one.kill()
            one.wait()


@contextmanager
def crew(ledger: Path, server: Smtp, handing: int) -> Iterator[Crew]:
    senders = Crew(ledger, server.port, handing)
    try:
        yield senders
    finally:
        senders.end()


def wave(crew: Crew, ledger: Ledger, server: Hostile, kills: list[int], size: int) -> None:
    """Senders until nothing is due at this hour; one dies each time the server has taken so many texts."""
    sleeper: subprocess.Popen[bytes] | None = None
    until = time.monotonic() + 300
    while (due := to_do(ledger, crew.hours)) or any(one.poll() is None for one in crew.senders):
        assert time.monotonic() < until, Counter(row.state for row in ledger.outbox())
        if due:
            crew.fill(size)
        alive = [one for one in crew.senders if one is not sleeper]
        if kills and len(server.taken) >= kills[0] and crew.kill(random.choice(alive)):
            kills.pop(0)
        if crew.hours == 0 and sleeper is None and len(server.taken) > 30:
            sleeper, woken = crew.senders[0], time.monotonic() + LEASE + 2
            sleeper.send_signal(signal.SIGSTOP)
        if sleeper and time.monotonic() > woken:
            sleeper.send_signal(signal.SIGCONT)
        time.sleep(0.05)


def to_do(ledger: Ledger, hours: float) -> bool:
    """Whether anything is due or under way."""
    under_way = {one.state for one in ledger.outbox_counts()} & {"leased", "handing"}
    return bool(under_way or ledger.due("email", NINE + timedelta(hours=hours), 1))


def check(ledger: Ledger, server: Hostile, recipients: int, most_unknown: int) -> None:
    copies, rows = Counter(server.taken), ledger.outbox()
    states = Counter(row.state for row in rows)
    by_state = {state: {row.outgoing.address for row in rows if row.state == state} for state in states}
    assert max(copies.values()) == 1
    assert sum(states.values()) == sum(one.keys for one in ledger.outbox_counts()) == recipients
    assert set(states) == {"accepted", "unknown"}, states
    assert by_state["accepted"] <= set(copies)
    missing = {row.outgoing.address for row in rows} - set(copies)
    assert missing <= by_state["unknown"]
    assert 0 < states["unknown"] <= most_unknown


def story(folder: Path, ledger: Ledger, server: Hostile, recipients: int, size: int, kills: int, handing: int) -> None:
    in_doubt = recipients // server.dropping + recipients // server.silent
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    random.seed(seed)
    ledger.enqueue(outgoing(contact) for contact in range(recipients))
    moments = sorted(random.sample(range(10, recipients // 2), kills))
    with hostile_server(server) as settings, crew(folder / "ledger.sqlite", settings, handing) as senders:
        for each in range(WAVES + 1):
            senders.hours = each * 4.5
            if each == WAVES:
                server.later = server.closing = server.dropping = server.silent = 0
            wave(senders, ledger, server, moments, size)
        assert moments == []
        assert senders.failed == []
    check(ledger, server, recipients, most_unknown=(kills + 1) * handing + in_doubt)


def test_nothing_leaves_twice_and_the_unknown_are_listed(tmp_path: Path, ledger: Ledger) -> None:
    server = Hostile(later=3, closing=41, dropping=37, silent=100, pause=2 * PATIENCE, each=0.002)
    story(tmp_path, ledger, server, recipients=300, size=2, kills=3, handing=20)


@pytest.mark.slow
def test_ten_thousand_recipients_four_senders_twenty_deaths(tmp_path: Path, ledger: Ledger) -> None:
    server = Hostile(later=3, closing=301, dropping=307, silent=1000, pause=2 * PATIENCE, each=0.002)
    story(tmp_path, ledger, server, recipients=10_000, size=4, kills=20, handing=100)
