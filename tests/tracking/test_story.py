"""From the mail to the fact: who may be followed and how far, robots that walk every link, people who click."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from relance.base.clock import FixedClock
from relance.channels.erasing import erase_everywhere
from relance.engines.hits import Hit
from relance.engines.sqlite_hits import open_hits
from relance.tracking.setup import tracker_of
from tests.stories.bookshop import Bookshop, bookshop, copy_of, local, person, yes
from tests.stories.test_pressure import MONDAY, ON, TUESDAY, WEDNESDAY, after_order, orders_of
from tests.tracking.office import BROWSER, Reply, asked

ROOT = "https://courriels.port.example"
SCANNER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"
LINKS = '<a href="https://port.example/a">A</a> <a href="https://port.example/b">B</a> {{ greeting }}'


@pytest.fixture(scope="module")
def monday_morning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three bought on Sunday and get a letter; Marie lets opens be noticed, Rose wants nothing noticed."""
    made = bookshop(tmp_path_factory.mktemp("tracking") / "home", f'public_url = "{ROOT}"')
    made.write_message("hello", "A word", LINKS, {})
    made.people(*(person(one) for one in ("marie", "paul", "rose")))
    acts = [yes("marie", purpose="tracking"), yes("rose", purpose="tracking", act="denied", when="2026-01-03 12:00")]
    made.deliver("2026-01-04 06:00", consent_acts=acts)
    made.publish(after_order("thanks"), ON)
    orders_of(made, 8, "marie", "paul", "rose")
    made.turn(MONDAY)
    made.close()
    return made.home.path


@pytest.fixture
def shop(monday_morning: Path, tmp_path: Path) -> Iterator[Bookshop]:
    made = copy_of(monday_morning, tmp_path / "home")
    yield made
    made.close()


def visit(
    shop: Bookshop, when: str, *requests: tuple[str, str], agent: str = BROWSER, body: bytes = b""
) -> list[Reply]:
    """Requests at one instant by one program; the tracker is opened and closed around them."""
    tracker = tracker_of(shop.home, FixedClock(local(when)))
    try:
        return [asked(tracker, url.removeprefix(ROOT), method, agent, body) for method, url in requests]
    finally:
        tracker.close()


def mail_to(shop: Bookshop, who: str) -> str:
    """The whole text and HTML of the mail that somebody got."""
    (mail,) = [mail for mail in shop.mails() if mail["To"] == f"{who}@example.test"]
    return unescape("\n".join(part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"))


def links_of(shop: Bookshop, who: str, page: str = "[coup]") -> list[str]:
    return re.findall(rf'"({ROOT}/t/{page}/[^"]+)"', mail_to(shop, who))


def reactions(shop: Bookshop, when: str) -> list[tuple[str, ...]]:
    shop.turn(when)
    rows: list[dict[str, Any]] = shop.place.engine.rows(
        "SELECT own_id, kind, link, verdict FROM reactions JOIN contacts_vault USING (contact) ORDER BY reaction"
    )
    return [tuple(str(row[name]) for name in ("own_id", "kind", "link", "verdict") if row[name]) for row in rows]


def test_each_is_followed_as_far_as_they_allow(shop: Bookshop) -> None:
    shop.send(MONDAY)
    pages = {who: {link.split("/t/")[1][0] for link in links_of(shop, who)} for who in ("marie", "paul", "rose")}
    assert pages == {"marie": {"c", "o", "u", "p"}, "paul": {"c", "u", "p"}, "rose": {"u", "p"}}
    assert "https://port.example/a" in mail_to(shop, "rose")
    shop.turn(TUESDAY)
    counted = shop.place.engine.rows("SELECT links, pixel, count(*) AS n FROM message_states WHERE state = 'accepted'"
                                     " GROUP BY ALL ORDER BY ALL")  # fmt: skip
    assert [(row["links"], row["pixel"], row["n"]) for row in counted] == [
        (False, False, 1),
        (True, False, 1),
        (True, True, 1),
    ]


def test_a_robot_that_walks_every_link_of_every_mail_changes_nothing_and_counts_as_nobody(shop: Bookshop) -> None:
    shop.send(MONDAY)
    before = shop.place.ledger.contents_hash()
    for when, who in (("2026-03-09 11:00", "marie"), ("2026-03-09 12:00", "paul"), ("2026-03-09 13:00", "rose")):
        links = links_of(shop, who)
        replies = visit(shop, when, *((method, link) for link in links for method in ("HEAD", "GET")), agent=SCANNER)
        assert {reply.status for reply in replies} <= {200, 302}
    assert shop.place.ledger.contents_hash() == before
    found = reactions(shop, TUESDAY)
    assert {row[-1] for row in found if row[1] == "click"} == {"machine"}
    assert {row[:2] for row in found} == {("marie", "click"), ("marie", "open"), ("paul", "click")}


def test_a_person_clicks_and_a_scanner_before_them_is_told_apart(shop: Bookshop) -> None:
    shop.send(MONDAY)
    first, second, *_ = links_of(shop, "paul", "c")
    visit(shop, "2026-03-09 09:00:02", ("GET", first), agent=SCANNER)
    visit(shop, "2026-03-09 19:30", ("GET", second))
    found = reactions(shop, TUESDAY)
    assert found == [("paul", "click", "1", "machine"), ("paul", "click", "2", "human")]
    row = shop.place.engine.rows("SELECT happened_at, known_at, message_key FROM reactions WHERE verdict = 'human'")[0]
    assert (str(row["happened_at"]), str(row["known_at"])) == ("2026-03-09 23:30:00", "2026-03-10 13:00:00")
    assert row["message_key"].startswith("thanks|")


def test_pictures_fetched_by_a_mail_service_are_not_people(shop: Bookshop) -> None:
    shop.send(MONDAY)
    (pixel,) = links_of(shop, "marie", "o")
    google = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
    for hour, agent in ((10, google), (11, "Mozilla/5.0"), (12, BROWSER)):
        visit(shop, f"2026-03-09 {hour}:00", ("GET", pixel), agent=agent)
    assert [row[-1] for row in reactions(shop, TUESDAY)] == ["proxy", "proxy", "human"]


def test_what_is_learnt_later_changes_the_verdict_and_not_the_past(shop: Bookshop) -> None:
    """On Monday evening a click looks human; what follows within the minute of Tuesday's turn says it was not."""
    shop.send(MONDAY)
    first, second, *_ = links_of(shop, "paul", "c")
    visit(shop, TUESDAY, ("GET", first), agent=SCANNER)
    assert reactions(shop, TUESDAY) == [("paul", "click", "1", "human")]
    visit(shop, "2026-03-10 09:00:01", ("GET", second), agent=SCANNER)
    assert {row[-1] for row in reactions(shop, WEDNESDAY)} == {"machine"}
    (past,) = shop.place.engine.rows("SELECT verdict, superseded_at FROM reactions_past")
    assert (past["verdict"], str(past["superseded_at"])) == ("human", "2026-03-11 13:00:00")


def test_who_leaves_between_planning_and_hand_over_gets_nothing_more(shop: Bookshop) -> None:
    shop.send(MONDAY)
    orders_of(shop, 9, "marie", "paul")
    shop.turn(TUESDAY)
    (unsubscribe,) = set(links_of(shop, "paul", "u"))
    (reply,) = visit(shop, "2026-03-10 09:30", ("POST", unsubscribe), body=b"List-Unsubscribe=One-Click")
    assert reply.status == 200
    before = len(shop.mails())
    shop.send("2026-03-10 09:31")
    assert len(shop.mails()) == before + 1
    orders_of(shop, 10, "paul")
    assert ("paul", "unsubscribe", "human") in reactions(shop, WEDNESDAY)
    assert shop.decided(WEDNESDAY) == {"paul": ("refused", "consent_refused")}


def test_to_plan_writes_nothing_neither_in_the_warehouse_nor_in_the_ledger_nor_among_the_hits(shop: Bookshop) -> None:
    shop.send(MONDAY)
    visit(shop, "2026-03-09 10:00", *(("GET", link) for link in links_of(shop, "marie", "[co]")))
    before = _everything(shop)
    shop.plan(TUESDAY)
    assert _everything(shop) == before
    reactions(shop, TUESDAY)
    again = _everything(shop)
    shop.plan(MONDAY)
    shop.plan(TUESDAY)
    assert _everything(shop) == again


def test_a_turn_takes_only_what_had_happened_and_takes_it_once(shop: Bookshop) -> None:
    shop.send(MONDAY)
    (first, *_), other = links_of(shop, "paul", "c"), links_of(shop, "marie", "c")[0]
    visit(shop, "2026-03-10 08:00", ("GET", first))
    visit(shop, "2026-03-10 10:00", ("GET", other))
    assert len(reactions(shop, TUESDAY)) == 1
    assert len(reactions(shop, WEDNESDAY)) == 2
    assert len(reactions(shop, "2026-03-12 09:00")) == 2


def test_hits_go_after_their_days_and_what_was_made_of_them_stays(shop: Bookshop) -> None:
    shop.send(MONDAY)
    visit(shop, "2026-03-09 20:00", ("GET", links_of(shop, "paul", "c")[0]))
    reactions(shop, TUESDAY)
    assert len(reactions(shop, "2026-07-01 09:00")) == 1
    assert open_hits(shop.home.hits).of_messages(0, 100) == []


def test_a_person_who_is_erased_leaves_no_hit(shop: Bookshop) -> None:
    shop.send(MONDAY)
    visit(shop, "2026-03-09 20:00", ("GET", links_of(shop, "paul", "c")[0]))
    erase_everywhere(shop.place, "paul", local("2026-03-09 21:00"))
    assert open_hits(shop.home.hits).of_messages(0, 100) == []
    assert BROWSER.encode() not in shop.home.hits.read_bytes()


def test_a_flood_of_hits_is_judged_like_any_other(shop: Bookshop) -> None:
    hit = Hit("click", 2, "thanks", "send", "x", "email", "1", BROWSER, "203.0.113.0/24")
    open_hits(shop.home.hits).append([hit] * 30_000, local("2026-03-09 20:00"))
    shop.turn(TUESDAY)
    assert shop.place.engine.value("SELECT count(*) FROM reactions WHERE verdict = 'human'") == 30_000


def _everything(shop: Bookshop) -> tuple[object, ...]:
    return (
        shop.place.engine.contents_hash(),
        shop.place.ledger.contents_hash(),
        open_hits(shop.home.hits).contents_hash(),
    )
