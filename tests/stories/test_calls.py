"""Another system calls a scenario: once by its key, at the command line or over the network; the next turn decides."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from relance.base.clock import FixedClock
from relance.base.errors import BadDocument, NotFound, Refused
from relance.channels.erasing import erase_everywhere
from relance.explaining.explain import explain
from relance.scenarios.calls import call_scenario
from relance.scenarios.running import running_scenarios
from relance.scenarios.tokens import make_token
from relance.web.app import wsgi_application
from tests.stories.bookshop import Bookshop, bookshop, copy_of, local, person

NOW = "2026-03-10 10:00"
Post = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture(scope="module")
def in_march(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = bookshop(tmp_path_factory.mktemp("calls") / "home")
    made.people(person("marie", language="fr"), person("paul"))
    made.publish("on-call", "2026-03-10 08:00")
    made.publish("win-back", "2026-03-10 08:01")
    made.turn("2026-03-10 09:00")
    made.close()
    return made.home.path


@pytest.fixture
def shop(in_march: Path, tmp_path: Path) -> Iterator[Bookshop]:
    made = copy_of(in_march, tmp_path / "home")
    yield made
    made.close()


@pytest.fixture
def post(shop: Bookshop) -> Post:
    """A POST to the pages of the shop: status and JSON."""
    application = wsgi_application(shop.place, FixedClock(local(NOW)))
    token = make_token(shop.place.ledger, "shop-server", local("2026-03-10 08:30"))

    def asked(body: Any, name: str = "on-call", **more: Any) -> tuple[int, dict[str, Any]]:
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        environ = {
            "REQUEST_METHOD": "POST", "PATH_INFO": f"/api/scenarios/{name}/calls", "QUERY_STRING": "",
            "SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(sent)), "wsgi.input": io.BytesIO(sent),
            "wsgi.errors": io.StringIO(), "wsgi.url_scheme": "http", "HTTP_HOST": "localhost",
            "HTTP_AUTHORIZATION": f"Bearer {token}", **more,
        }  # fmt: skip
        told: dict[str, Any] = {}
        answer = application(environ, lambda status, headers, *_: told.update(status=status, headers=dict(headers)))
        text = b"".join(answer)
        assert "Set-Cookie" not in told["headers"], "no session"
        return int(told["status"][:3]), json.loads(text)

    return asked


def call(shop: Bookshop, who: str, key: str | None = None, when: str = NOW, **fields: Any) -> bool:
    (running,) = running_scenarios(shop.place.ledger, local(when), ["on-call"])
    return call_scenario(shop.place, running.version.scenario, who, key, fields, local(when))[1]


def test_the_next_turn_decides_and_the_same_key_is_one_call(shop: Bookshop) -> None:
    assert call(shop, "marie", "quote-1", about="une lampe")
    assert not call(shop, "marie", "quote-1", about="autre chose")
    assert shop.plan("2026-03-10 10:30").scenario("on-call").send == 1
    shop.turn("2026-03-10 10:30")
    assert shop.decided("2026-03-10 10:30", "on-call") == {"marie": ("send", None)}
    shop.send("2026-03-10 10:31")
    (mail,) = shop.mails()
    assert str(mail["Subject"]) == "Au sujet de\xa0: une lampe"
    told = explain(shop.place, "marie", "on-call", local("2026-03-10 11:00"))
    assert told.occurrence == "quote-1"
    assert "Un appel d’un autre système" in told.text("fr")
    assert not call(shop, "marie", "quote-1")
    assert shop.turn("2026-03-10 11:30").scenario("on-call").candidates == 0
    assert call(shop, "marie", None, "2026-03-10 11:45")
    assert shop.turn("2026-03-10 12:00").scenario("on-call").send == 1
    assert shop.plan("2026-03-10 10:30").scenario("on-call").send == 1


def test_what_cannot_be_kept_is_refused_in_one_sentence(shop: Bookshop) -> None:
    call(shop, "marie", "quote-1")
    with pytest.raises(Refused, match="for another contact; give another key"):
        call(shop, "paul", "quote-1")
    with pytest.raises(NotFound, match="there is no contact “nobody”"):
        call(shop, "nobody")
    with pytest.raises(BadDocument, match="a key is a text of 1 to 200 characters"):
        call(shop, "paul", "two\nlines")
    with pytest.raises(BadDocument, match="field “about” is a text, a number"):
        call(shop, "paul", about=["a"])
    (running,) = running_scenarios(shop.place.ledger, local(NOW), ["win-back"])
    with pytest.raises(Refused, match="“win-back” is not started by calls"):
        call_scenario(shop.place, running.version.scenario, "marie", "k", {}, local(NOW))


def test_who_is_forgotten_takes_the_values_of_their_calls_along(shop: Bookshop) -> None:
    call(shop, "marie", "quote-1", about="une lampe de Marie")
    shop.turn("2026-03-10 10:30")
    erase_everywhere(shop.place, "marie", local("2026-03-10 11:00"))
    kept = shop.place.ledger.call("on-call", "quote-1")
    assert kept is not None
    assert kept.fields == {}
    assert shop.place.engine.rows("SELECT fields FROM calls_vault") == []


def test_over_the_network_a_token_opens_this_one_address(shop: Bookshop, post: Post) -> None:
    body = {"contact": "marie", "key": "quote-2", "fields": {"about": "une lampe"}}
    status, told = post(body)
    assert (status, told["new"], told["key"]) == (201, True, "quote-2")
    assert post(body)[0] == 200
    assert shop.turn("2026-03-10 10:30").scenario("on-call").send == 1
    assert post(body, HTTP_AUTHORIZATION="")[0] == 401
    assert post(body, HTTP_AUTHORIZATION="Bearer relance_wrong")[0] == 401
    assert post(body, REQUEST_METHOD="GET")[0] == 405
    shop.place.ledger.revoke_token("shop-server", local(NOW))
    assert post(body)[0] == 401


@pytest.mark.parametrize(("body", "status", "said"), [
    (b"{", 400, "this is not JSON"),
    ([], 400, "a call is"),
    ({"contact": 12}, 400, "contact is a text"),
    ({"contact": "marie", "phone": "1"}, 400, "“phone” is not a word of a call"),
    ({"contact": "marie", "fields": {"Big": "1"}}, 400, "“Big” is not a field name"),
    ({"contact": "marie", "fields": []}, 201, ""),
    ({"contact": "marie", "fields": [1]}, 400, "fields are values by name"),
    ({"contact": "nobody"}, 404, "there is no contact"),
    ({"contact": "x" * 70_000}, 413, "at most 64,000 bytes"),
])  # fmt: skip
def test_bad_calls_are_answered_in_one_sentence(post: Post, body: Any, status: int, said: str) -> None:
    found, told = post(body)
    assert found == status
    assert said in told.get("error", "")


def test_wrong_tokens_and_floods_have_to_wait(post: Post) -> None:
    body, elsewhere = {"contact": "marie", "key": "flood"}, {"REMOTE_ADDR": "192.0.2.7"}
    assert post({"contact": "marie"}, name="nothing")[0] == 404
    assert post(body, name="win-back")[0] == 409
    answers = [post(body, HTTP_AUTHORIZATION="Bearer relance_no", **elsewhere)[0] for _ in range(21)]
    assert answers == [401] * 20 + [429]
    assert post(body)[0] == 201
