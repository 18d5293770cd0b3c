"""Senders as processes, and what they do when the server, the ledger, the disk or their parent fails them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from relance.base.clock import FixedClock
from relance.base.errors import Unreachable
from relance.channels import workers
from relance.channels.channel import Delivery, Message, Receipt
from relance.channels.email.mailbox import mails
from relance.channels.sender import Pace, send_due
from relance.channels.settings import MailSettings, Smtp, WebhookSettings
from relance.channels.workers import Post, keep_sending, send_by, send_once
from relance.engines.ledger import Denial, Ledger, StopFact
from relance.engines.sqlite import open_ledger
from tests.channels.conftest import CLOCK, NINE, SETTINGS, free_port, outgoing
from tests.channels.hostile import Hostile, hostile_server
from tests.channels.test_sender import LATER, cart, fates

PARENT = """
import sys
from pathlib import Path
from relance.channels.settings import MailSettings, Smtp
from relance.channels.workers import Post, send_by
from tests.channels.test_workers import post_of
if __name__ == "__main__":
    server = Smtp("127.0.0.1", int(sys.argv[2]), tls="none")
    send_by(post_of(Path(sys.argv[1]), server), 2, for_ever=True, stopping=lambda: False, say=print)
"""


def post_of(folder: Path, server: Smtp | None = None, clock: FixedClock = CLOCK) -> Post:
    settings = SETTINGS if server is None else replaced(server)
    return Post(folder / "ledger.sqlite", settings, folder / "mail", clock, WebhookSettings(b"the secret of a test"))


def replaced(server: Smtp) -> MailSettings:
    return replace(SETTINGS, smtp=server)


def never() -> bool:
    return False


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "REST", 0.05)
    monkeypatch.setattr(workers, "LONGEST_REST", 0.3)
    monkeypatch.setattr(workers, "open_ledger", partial(open_ledger, busy_seconds=0.1))


def wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_several_senders_hand_over_everything_once(tmp_path: Path, ledger: Ledger) -> None:
    ledger.enqueue(outgoing(contact) for contact in range(300))
    report = send_by(post_of(tmp_path), 3, for_ever=False, stopping=never, say=print)
    assert report.accepted == 300
    taken = Counter(mail.read_bytes().split(b"\r\n")[0] for mail in mails(tmp_path / "mail"))
    assert len(taken) == sum(taken.values()) == 300


def test_a_sender_never_opens_the_warehouse(tmp_path: Path, ledger: Ledger) -> None:
    ledger.enqueue([outgoing(1)])
    program = (
        "import sys; from pathlib import Path\n"
        "from relance.channels.workers import send_once\n"
        "from tests.channels.test_workers import post_of\n"
        "assert send_once(post_of(Path(sys.argv[1]))).accepted == 1\n"
        "assert not {'duckdb', 'ibis', 'pandas', 'django'} & set(sys.modules)\n"
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=root, check=True)


def test_what_one_child_cannot_do_is_said_by_the_parent(tmp_path: Path, ledger: Ledger) -> None:
    ledger.enqueue([outgoing(1)])
    dead = post_of(tmp_path, Smtp("127.0.0.1", free_port(), tls="none"))
    with pytest.raises(Unreachable, match="does not answer"):
        send_by(dead, 2, for_ever=False, stopping=never, say=print)
    assert fates(ledger) == {1: ("queued", None)}


def test_a_killed_parent_takes_its_senders_along(tmp_path: Path, ledger: Ledger) -> None:
    ledger.enqueue(outgoing(contact) for contact in range(400))
    server = Hostile(each=0.01)
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    root = str(Path(__file__).parents[2])
    here = {**os.environ, "PYTHONPATH": os.pathsep.join((f"{root}/src", root))}
    with hostile_server(server) as settings:
        parent = subprocess.Popen([sys.executable, str(script), str(tmp_path), str(settings.port)], env=here)
        wait_until(lambda: len(server.taken) > 20)
        children = psutil.Process(parent.pid).children(recursive=True)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        wait_until(lambda: not any(child.is_running() for child in children))
        before = {row.state for row in ledger.outbox()}
        rest = send_once(post_of(tmp_path, settings))
    assert before <= {"queued", "accepted"}
    assert rest.left_by_a_dead_sender == 0
    assert max(Counter(server.taken).values()) == 1
    assert {row.state for row in ledger.outbox()} == {"accepted"}


def senders_of(parent: subprocess.Popen[bytes]) -> list[psutil.Process]:
    living = [one for one in psutil.Process(parent.pid).children() if one.status() != psutil.STATUS_ZOMBIE]
    return [one for one in living if "spawn_main" in " ".join(one.cmdline())]


def test_a_sender_that_dies_is_started_again(tmp_path: Path, ledger: Ledger) -> None:
    ledger.enqueue(outgoing(contact) for contact in range(150))
    server, script = Hostile(each=0.01), tmp_path / "parent.py"
    script.write_text(PARENT)
    root = str(Path(__file__).parents[2])
    here = {**os.environ, "PYTHONPATH": os.pathsep.join((f"{root}/src", root))}
    with hostile_server(server) as settings:
        parent = subprocess.Popen([sys.executable, str(script), str(tmp_path), str(settings.port)], env=here)
        try:
            wait_until(lambda: len(server.taken) > 5)
            dead = senders_of(parent)[0]
            dead.kill()
            wait_until(lambda: len({one.pid for one in senders_of(parent)} - {dead.pid}) == 2)
            wait_until(lambda: {row.state for row in ledger.outbox()} <= {"accepted", "unknown"})
        finally:
            parent.kill()
            parent.wait()
    assert max(Counter(server.taken).values()) == 1


def test_a_dead_server_is_said_once_and_waited_out(tmp_path: Path, ledger: Ledger) -> None:
    ledger.enqueue(outgoing(contact) for contact in range(5))
    server, port, said = Hostile(), free_port(), []
    tries = iter(range(1000))
    with ExitStack() as stack:

        def stopping() -> bool:
            if next(tries) == 12:  # a few tries later it is there
                stack.enter_context(hostile_server(server, port))
            return len(server.taken) == 5

        report = keep_sending(post_of(tmp_path, Smtp("127.0.0.1", port, tls="none")), stopping, said.append)
    assert report.accepted == 5
    assert len(said) <= 2
    assert f"the mail server 127.0.0.1:{port} does not answer" in said[0]


def test_a_locked_ledger_is_said_once_and_waited_out(tmp_path: Path, ledger: Ledger) -> None:
    ledger.enqueue([outgoing(1)])
    said: list[str] = []
    with ExitStack() as lock:
        lock.enter_context(ledger.transaction())

        def say(line: str) -> None:
            said.append(line)
            if threading.current_thread() is threading.main_thread():  # webhooks wait beside; only we can let go
                lock.close()

        report = keep_sending(post_of(tmp_path), lambda: len(mails(tmp_path / "mail")) == 1, say)
    assert report.accepted == 1
    assert "another process is writing to the ledger" in said[0]


def test_a_full_mailbox_is_said_once_and_waited_out(tmp_path: Path, ledger: Ledger) -> None:
    ledger.enqueue(outgoing(contact) for contact in range(3))
    maildir, said = tmp_path / "mail", []
    for part in ("tmp", "cur"):
        (maildir / part).mkdir(parents=True)
    (maildir / "new").write_text("no folder, so nothing can be kept")

    def say(line: str) -> None:
        said.append(line)
        if len(said) > 1:
            return
        assert fates(ledger) == dict.fromkeys(range(3), ("queued", None))
        assert list((maildir / "tmp").iterdir()) == []
        (maildir / "new").unlink()
        (maildir / "new").mkdir()

    report = keep_sending(post_of(tmp_path), lambda: (maildir / "new").is_dir() and len(mails(maildir)) == 3, say)
    assert report.accepted == 3
    assert said[1:] == ["sending goes on"]
    assert "the mailbox cannot be written (Not a directory); what was to leave stays queued" in said[0]


class Filling:
    """A way out that takes everything, but the ledger has no room left while it does."""

    name, live = "email", False

    def __init__(self, ledger: Any) -> None:
        self.ledger, self.taken, self.asked = ledger, 0, 0

    @contextmanager
    def open(self) -> Iterator[Delivery]:
        yield self

    def deliver(self, message: Message) -> Receipt:
        self.taken += 1
        pages = self.ledger.rows("PRAGMA page_count")[0][0]
        self.ledger.rows(f"PRAGMA max_page_count = {pages}")
        return Receipt("accepted")

    def stopping(self) -> bool:
        """Asked now and then while the sender waits: at the third time after all has left, there is room again."""
        self.asked += self.taken == 100
        if self.asked == 3:
            self.ledger.rows("PRAGMA max_page_count = 1000000")
        return False


def test_what_has_left_is_written_down_when_the_full_disk_has_room_again(ledger: Ledger) -> None:
    ledger.enqueue(outgoing(contact) for contact in range(100))
    full = Filling(ledger)
    report = send_due(ledger, full, SETTINGS, CLOCK, pace=Pace(patience=30), stopping=full.stopping)
    assert report.accepted == full.taken == 100
    assert {row.state for row in ledger.outbox()} == {"accepted"}


def test_what_happens_while_senders_are_at_work_still_stops_a_message(tmp_path: Path, ledger: Ledger) -> None:
    ledger.enqueue(outgoing(contact) for contact in range(400))
    ledger.enqueue([outgoing(1001), outgoing(1002), cart(1003, "a", "b"), cart(1004, "a"), outgoing(1005)])
    server = Hostile(each=0.01)
    with hostile_server(server) as settings, ExitStack() as stack:
        sender = subprocess.Popen(
            [sys.executable, "-c", ONE_SENDER, str(tmp_path), str(settings.port)], cwd=Path(__file__).parents[2]
        )
        stack.callback(sender.wait)
        stack.callback(sender.kill)
        wait_until(lambda: len(server.taken) > 10)
        assert fates(ledger)[1001] == ("leased", None)
        ledger.deny([Denial("unsubscribed", LATER, contact=1001)])
        ledger.add_stop_facts([
            StopFact("ordered", NINE, LATER, contact=1002),
            StopFact("out_of_stock", NINE, LATER, product="a"),
        ])  # fmt: skip
        assert ledger.cancel([1005], "ordered", LATER) == 1
        assert sender.wait(60) == 0
    became = fates(ledger)
    assert became[1001] == ("refused", "consent_refused")
    assert became[1002] == ("cancelled", "ordered")
    assert became[1003] == ("accepted", None)
    assert became[1004] == ("refused", "nothing_left")
    assert became[1005] == ("cancelled", "ordered")
    assert set(server.taken) == {f"contact{contact}@example.test" for contact in (*range(400), 1003)}
    healed = next(text for to, text in zip(server.taken, server.texts, strict=True) if to.startswith("contact1003@"))
    assert b"Livre b" in healed
    assert b"Livre a" not in healed


ONE_SENDER = """
import sys
from pathlib import Path
from relance.channels.settings import Smtp
from relance.channels.workers import send_once
from tests.channels.test_workers import post_of
send_once(post_of(Path(sys.argv[1]), Smtp("127.0.0.1", int(sys.argv[2]), tls="none")))
"""
