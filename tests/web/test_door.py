"""Who comes in, how, and what becomes of those who may not."""

from __future__ import annotations

from typing import Any

from relance.web.accounts import create_user, one_time_link
from tests.stories.bookshop import Bookshop
from tests.web.conftest import NAME, PASSWORD, browser


def key_of(shop: Bookshop) -> str:
    return one_time_link(shop.home, "http://127.0.0.1:1").removeprefix("http://127.0.0.1:1")


def inside(visitor: Any) -> bool:
    return visitor.get("/").status_code == 200


def test_a_name_and_its_password_open_the_door(nobody: Any) -> None:
    answer = nobody.post("/login?next=/scenarios", {"name": NAME, "password": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, "/scenarios")
    assert inside(nobody)


def test_a_wrong_password_opens_nothing_and_says_so(nobody: Any) -> None:
    answer = nobody.post("/login", {"name": NAME, "password": "not this one"})
    assert answer.status_code == 403
    assert "ne vont pas ensemble" in answer.content.decode()
    assert not inside(nobody)


def test_whoever_tries_too_often_has_to_wait_even_with_the_right_password(lived: Bookshop) -> None:
    create_user(lived.home, "guessed", PASSWORD)
    robot = browser(lived, REMOTE_ADDR="192.0.2.7")
    tries = [robot.post("/login", {"name": "guessed", "password": str(n)}).status_code for n in range(9)]
    assert tries == [403] * 8 + [429]
    assert robot.post("/login", {"name": "guessed", "password": PASSWORD}).status_code == 429


def test_after_logging_in_nobody_is_led_to_another_site(nobody: Any) -> None:
    for elsewhere in ("https://evil.example/", "//evil.example", "/\\evil.example"):
        answer = nobody.post("/login", {"name": NAME, "password": PASSWORD}, query_params={"next": elsewhere})
        assert answer["Location"] == "/"


def test_a_one_time_link_shows_a_button_and_opens_once(lived: Bookshop) -> None:
    key, first, second = key_of(lived), browser(lived), browser(lived)
    assert first.get(key).status_code == 200
    assert not inside(first), "opening a link changes nothing"
    assert first.post(key)["Location"] == "/"
    assert inside(first)
    assert second.post(key).status_code == 410
    assert second.get(key).status_code == 410
    assert not inside(second)


def test_a_key_is_kept_as_its_hash_alone(lived: Bookshop) -> None:
    key = key_of(lived).rpartition("/")[2]
    kept = b"".join(path.read_bytes() for path in lived.home.path.glob("accounts.sqlite*"))
    assert key.encode() not in kept


def test_a_new_password_ends_every_other_session(lived: Bookshop) -> None:
    create_user(lived.home, "alex", PASSWORD)
    here, there = browser(lived), browser(lived)
    for each in (here, there):
        each.post("/login", {"name": "alex", "password": PASSWORD})
    assert here.post("/account", {"old": "wrong", "new": "une autre phrase longue"}).status_code == 403
    assert here.post("/account", {"old": PASSWORD, "new": "short"}).status_code == 400
    assert here.post("/account", {"old": PASSWORD, "new": "une autre phrase longue"}).status_code == 200
    assert inside(here)
    assert not inside(there)


def test_a_form_without_the_mark_of_its_page_changes_nothing(lived: Bookshop) -> None:
    forged = browser(lived, enforce_csrf_checks=True)
    answer = forged.post("/login", {"name": NAME, "password": PASSWORD})
    assert answer.status_code == 403
    assert not inside(forged)


def test_logging_out_ends_the_session(camille: Any) -> None:
    assert inside(camille)
    assert camille.get("/logout").status_code == 405
    camille.post("/logout")
    assert not inside(camille)
