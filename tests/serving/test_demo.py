"""The demo ends with its pages open: one that is there already is served as it is, with a link and no password."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from relance.base.clock import SystemClock
from relance.base.home import Home
from relance.demo.month import go_on
from tests.serving.conftest import COMMAND, NINE, PATIENCE, Shop


def test_its_clock_goes_on_from_the_end_of_its_month(tmp_path: Path) -> None:
    home = Home(tmp_path)
    go_on(home, NINE)
    first, second = home.clock().now(), home.clock().now()
    assert NINE <= first < second < SystemClock().now()


def test_a_demo_is_served_and_lets_its_reader_in_once(another_shop: Callable[..., Shop]) -> None:
    shop = another_shop()
    words = ["demo", "--home", "home", "--serve", "--port", "0"]
    process = subprocess.Popen([*COMMAND, *words], cwd=shop.folder, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        link = next(line.strip() for line in process.stdout if "/login/key/" in line)
        found = re.fullmatch(r"http://([\d.:]+)(/login/key/\S+)", link)
        assert found
        shop.address = found[1]
        assert shop.get(found[2])[0] == 200
        assert shop.get("/login/key/another")[0] == 410
    finally:
        process.terminate()
        assert process.wait(PATIENCE) == 0
