"""Commands beside a served home: they answer what they answer alone, and one writer works at a time."""

from __future__ import annotations

import re
import socket
import stat
from collections.abc import Callable
from contextlib import suppress

import pytest

from relance.messages.publishing import library_text
from tests.serving.conftest import Shop

LATE = "order,customer,date,sku,quantity,price\n1007,A1,2026-03-10 08:55,TEA-MINT,1,8.00\n1008,A2,not a date,X,1,2\n"
DRAFT = library_text("second-purchase").replace("days: 30", "days: 45")
# In the order in which they are given; each is asked of both homes.
TOLD = (
    ("plan", "--as-of", "2026-03-10T09:00"),
    ("audience", "count", "loyal.yaml", "--as-of", "2026-03-10T09:00"),
    ("run", "--as-of", "2026-03-10T09:00", "--json"),
    ("run", "--as-of", "2026-03-10T08:00"),
    ("import", "orders-2026-03-10.csv", "--as-of", "2026-03-10T09:02"),
    ("rejects",),
    ("scenario", "on", "on-call", "--as-of", "2026-03-10T09:02"),
    ("scenario", "call", "on-call", "A2", "--key", "k1", "--field", "about=a lamp", "--as-of", "2026-03-10T09:03"),
    ("scenario", "call", "on-call", "A2", "--key", "k1", "--as-of", "2026-03-10T09:03", "--json"),
    ("scenario", "call", "on-call", "NOBODY", "--as-of", "2026-03-10T09:03"),
    ("run", "on-call", "--as-of", "2026-03-10T09:04", "--json"),
    ("scenario", "diff", "second-purchase.yaml", "--as-of", "2026-03-10T09:04"),
    ("explain", "A2", "second-purchase", "--as-of", "2026-03-10T09:05", "--language", "fr"),
    ("decisions", "export", "--out", "decisions.csv"),
    ("contact", "erase", "A3", "--as-of", "2026-03-10T09:06"),
)


@pytest.fixture(scope="module")
def both(another_shop: Callable[..., Shop]) -> tuple[Shop, Shop]:
    """The same shop twice: alone, and served."""
    alone, served = another_shop(), another_shop()
    for shop in (alone, served):
        (shop.folder / "orders-2026-03-10.csv").write_text(LATE, encoding="utf-8")
        (shop.folder / "second-purchase.yaml").write_text(DRAFT, encoding="utf-8")
    served.serve()
    return alone, served


def test_every_command_answers_as_it_does_alone(both: tuple[Shop, Shop]) -> None:
    alone, served = both
    for words in TOLD:
        expected, found = alone.relance(*words), served.relance(*words)
        assert (found.code, plain(found.out), found.err) == (expected.code, plain(expected.out), expected.err), words
    assert ",on-call," in (alone.folder / "decisions.csv").read_text(encoding="utf-8")
    (rejects,) = alone.folder.glob("rejects-*.csv")
    for name in ("decisions.csv", rejects.name):
        assert (served.folder / name).read_bytes() == (alone.folder / name).read_bytes()


def plain(text: str) -> str:
    """Without the seconds that an import took."""
    return re.sub(r"\d+\.\d\d", "", text)


def test_a_relative_path_means_what_it_means_where_the_command_is_given(both: tuple[Shop, Shop]) -> None:
    _, served = both
    (served.folder / "elsewhere").mkdir()
    (served.folder / "elsewhere" / "same.yaml").write_bytes((served.folder / "loyal.yaml").read_bytes())
    said = served.relance("audience", "count", "same.yaml", "--home", "../home", folder="elsewhere")
    assert said.out == "1\n" or "from the folder in which “relance serve” was started" in said.err


def test_a_second_owner_is_refused_and_the_first_goes_on(both: tuple[Shop, Shop]) -> None:
    _, served = both
    second = served.relance("serve")
    assert (second.code, "is served already" in second.err) == (5, True)
    again = served.relance("demo", "--home", "home", "--again")
    assert (again.code, "is being served" in again.err) == (5, True)
    assert served.relance("audience", "count", "loyal.yaml").code == 0


def test_nobody_else_may_ask(both: tuple[Shop, Shop]) -> None:
    _, served = both
    assert stat.S_IMODE((served.home / "serve.sock").stat().st_mode) == 0o600


def test_who_asks_for_nothing_or_nonsense_harms_nobody(both: tuple[Shop, Shop]) -> None:
    _, served = both
    for said in (b"", b"\x00\x00\x00\x04", b"\xff\xff\xff\xffGET / HTTP/1.1"):
        with socket.socket(socket.AF_UNIX) as asker:
            asker.connect(str(served.home / "serve.sock"))
            asker.sendall(said)
            asker.shutdown(socket.SHUT_WR)
            with suppress(ConnectionResetError):
                assert asker.recv(10) == b""
    assert served.relance("audience", "count", "loyal.yaml").code == 0


def test_the_doctor_and_health_say_the_same(both: tuple[Shop, Shop]) -> None:
    _, served = both
    status, _ = served.get("/health")
    health = served.health()
    said = served.relance("doctor").out
    assert status == 200
    for what in ("turns", "outbox", "ledger", "hand to the outbox"):
        assert f"ok    {what}: {health[what]['said']}\n" in said
    assert "/home" not in str(health)


def test_the_pages_answer_and_let_nobody_in_without_a_key(both: tuple[Shop, Shop]) -> None:
    _, served = both
    assert served.get("/")[0] == 302
    assert served.get("/login")[0] == 200
    link = served.relance("link", "--url", f"http://{served.address}").out.strip()
    status, page = served.get(link.removeprefix(f"http://{served.address}"))
    assert (status, "<form" in page) == (200, True)


def test_the_tracker_answers_under_its_own_part(both: tuple[Shop, Shop]) -> None:
    _, served = both
    assert served.get("/t/health") == (200, '{"lost_hits": 0}')
    assert served.get("/t/u/not-a-token")[0] == 404


def test_a_served_home_ends_in_good_order(both: tuple[Shop, Shop]) -> None:
    _, served = both
    assert served.end() == 0
    assert not (served.home / "serve.sock").exists()
    assert served.relance("audience", "count", "loyal.yaml").code == 0
