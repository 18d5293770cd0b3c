"""What a served home does by itself, and what a death leaves behind: nothing lost, nobody orphaned."""

from __future__ import annotations

import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from relance.serving.children import Child, Children
from tests.serving.conftest import Shop, wait_until

BY_ITSELF = "turn_minutes = 15\ninbox_seconds = 1\nsenders = 1"
ORDERS = "order,customer,date,sku,quantity,price\n1007,A4,2026-03-10 08:55,TEA-MINT,1,8.00\n"


@pytest.fixture(scope="module")
def shop(another_shop: Callable[..., Shop]) -> Iterator[Shop]:
    """Served; it decides, imports and sends by itself."""
    shop = another_shop(BY_ITSELF)
    shop.serve()
    yield shop
    shop.end()


def children(shop: Shop) -> list[psutil.Process]:
    assert shop.process
    return psutil.Process(shop.process.pid).children()


def letters(shop: Shop) -> list[Path]:
    return list((shop.home / "mail" / "new").glob("*"))


def test_a_turn_is_run_when_it_is_due_and_its_messages_leave(shop: Shop) -> None:
    wait_until(lambda: len(letters(shop)) == 2)
    assert shop.health()["turns"]["figures"]["scenarios_on"] == 1


def test_what_is_put_into_the_inbox_is_taken_in(shop: Shop) -> None:
    (shop.home / "inbox" / "orders-2026-03-10.csv").write_text(ORDERS, encoding="utf-8")
    wait_until(lambda: list((shop.home / "inbox" / "done").rglob("orders-2026-03-10.csv")))


def test_what_fails_is_said_until_it_succeeds(shop: Shop) -> None:
    broken = shop.home / "definitions" / "feeds" / "broken.yaml"
    broken.write_text("feed: broken\n", encoding="utf-8")
    (shop.home / "inbox" / "orders-2026-03-11.csv").write_text(ORDERS, encoding="utf-8")
    wait_until(lambda: shop.get("/health")[0] == 503)
    said = shop.health()["inbox"]
    assert (said["colour"], "broken.yaml" in said["said"]) == ("red", True)
    broken.unlink()
    wait_until(lambda: shop.get("/health")[0] == 200)


def test_a_sender_that_dies_is_replaced(shop: Shop) -> None:
    wait_until(lambda: children(shop))
    (first,) = children(shop)
    first.kill()
    wait_until(lambda: shop.health()["sender 1"]["figures"]["failures"] == 1)
    wait_until(lambda: children(shop) and children(shop)[0].pid != first.pid)
    assert shop.health()["sender 1"]["colour"] == "amber"


def test_a_killed_owner_leaves_no_orphan_and_the_next_goes_on(shop: Shop) -> None:
    wait_until(lambda: children(shop))
    orphans = children(shop)
    assert shop.end(signal.SIGKILL) == -signal.SIGKILL
    wait_until(lambda: not any(each.is_running() for each in orphans))
    assert (shop.home / "serve.sock").exists()
    shutil.copy(shop.home / "inbox" / "done" / "2026-03-10" / "orders-2026-03-10.csv", shop.home / "inbox")
    shop.serve()
    wait_until(lambda: not (shop.home / "inbox" / "orders-2026-03-10.csv").exists())
    assert (shop.get("/health")[0], len(letters(shop))) == (200, 2)


def test_no_child_is_left_when_the_last_one_has_been_told() -> None:
    patient = [sys.executable, "-S", "-c", "import sys; sys.stdin.read()"]
    stubborn = [sys.executable, "-S", "-c", "import time; time.sleep(600)"]
    crew = Children([Child("patient", patient), Child("stubborn", stubborn)], patience=0.5)
    wait_until(lambda: all(each.process for each in crew.children))
    processes = [psutil.Process(each.process.pid) for each in crew.children if each.process]
    crew.close()
    assert [each.is_running() for each in processes] == [False, False]


def test_a_child_that_cannot_live_is_tried_less_and_less() -> None:
    crew = Children([Child("mayfly", [sys.executable, "-S", "-c", "raise SystemExit(3)"], shortest=0.01)])
    wait_until(lambda: crew.children[0].failures >= 3)
    (found,) = crew.findings()
    crew.close()
    assert (found.colour, crew.children[0].pause >= 0.04) == ("red", True)
