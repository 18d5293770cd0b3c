"""A sender killed again and again: nobody gets a message twice, and whoever got none is listed."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from relance.engines.ledger import Ledger
from tests.channels.conftest import NINE, Postmaster, outgoing, smtp_server

SENDER = """
import sys
from pathlib import Path
from relance.base.clock import FixedClock
from relance.channels.email.smtp import SmtpChannel
from relance.channels.sender import send_due
from relance.channels.settings import Smtp
from relance.engines.sqlite import open_ledger
from tests.channels.conftest import NINE, SETTINGS
ledger = open_ledger(Path(sys.argv[1]))
send_due(ledger, SmtpChannel(Smtp("127.0.0.1", int(sys.argv[2]), tls="none")), SETTINGS, FixedClock(NINE))
"""
RECIPIENTS = 250
KILLS = 3


def start(ledger: Path, port: int) -> subprocess.Popen[bytes]:
    root = Path(__file__).parents[2]
    return subprocess.Popen([sys.executable, "-c", SENDER, str(ledger), str(port)], cwd=root)


def wait_for(postmaster: Postmaster, taken: int, sender: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while len(postmaster.taken) < taken and sender.poll() is None and time.monotonic() < until:
        time.sleep(0.005)


def test_nothing_leaves_twice_and_the_unknown_are_listed(tmp_path: Path, ledger: Ledger) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    ledger.enqueue(outgoing(contact) for contact in range(RECIPIENTS))
    postmaster = Postmaster(data=lambda address: "250 slowly")
    with smtp_server(postmaster) as settings:
        for _ in range(KILLS):
            sender = start(tmp_path / "ledger.sqlite", settings.port)
            wait_for(postmaster, len(postmaster.taken) + chance.randrange(5, 70), sender)
            sender.send_signal(signal.SIGKILL)
            sender.wait()
        last = start(tmp_path / "ledger.sqlite", settings.port)
        assert last.wait(timeout=60) == 0
    copies = Counter(to for to, _ in postmaster.taken)
    assert max(copies.values()) == 1
    rows = ledger.outbox()
    states = Counter(row.state for row in rows)
    unknown = {row.outgoing.address for row in rows if row.state == "unknown"}
    assert states["accepted"] + states["unknown"] == RECIPIENTS
    assert 0 < states["unknown"] <= KILLS * 100
    assert {row.outgoing.address for row in rows} - set(copies) <= unknown
    assert {row.outgoing.address for row in rows if row.state == "accepted"} <= set(copies)
    assert sum(count.keys for count in ledger.outbox_counts()) == RECIPIENTS
    assert all(row.reason == "sender_died" for row in rows if row.state == "unknown")
    assert all(row.message_id and row.updated_at == NINE for row in rows)
