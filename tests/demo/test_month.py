"""The first days of a demo, lived through at once: files, turns, mail, and an equation that balances."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import policy
from email.parser import BytesParser
from html import unescape
from pathlib import Path

import pytest

from relance import flow
from relance.base.errors import Refused
from relance.base.home import Home
from relance.channels.email.mailbox import mails
from relance.customers.installation import Installation, open_installation
from relance.demo.month import SCENARIOS, Month, close_for_holidays, live, make_files, make_home
from relance.demo.plan import SwitchOn
from relance.demo.reacting import TRUTH
from relance.demo.timetable import LATER
from relance.explaining.explain import explain
from relance.policy.equation import equations
from relance.serving.health import looked_at
from relance.tracking.absorb import absorb_reactions
from relance.tracking.setup import tracker_of
from tests.tracking.office import asked

DAYS, MEMBERS = 3, 1_000
SCANNER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("demo") / "cooperative")
    make_home(home, again=False)
    return home


@pytest.fixture(scope="module")
def lived(home: Home) -> Iterator[tuple[Installation, Month]]:
    plan = make_files(home, MEMBERS, seed=1)
    turns = plan.turns[:DAYS]
    deliveries = tuple(each for each in plan.deliveries if each.known_at <= turns[-1])
    place = open_installation(home)
    likely = dict.fromkeys(SCENARIOS, 0.8)  # three days of a small demo reach two dozen people
    later = SwitchOn(turns[-1] - timedelta(hours=1), LATER)
    plan = replace(plan, turns=turns, deliveries=deliveries, switch_ons=(plan.switch_ons[0], later))
    yield place, live(place, plan, lambda what, done, total: None, likely)
    place.close()


def test_every_turn_was_made_and_its_mail_kept(lived: tuple[Installation, Month]) -> None:
    place, month = lived
    assert len(month.turns) == DAYS
    accepted = sum(each.accepted for each in month.sends)
    assert (
        accepted == len(mails(place.home.mail)) == sum(each.messages for turn in month.turns for each in turn.scenarios)
    )
    assert accepted > 0


def test_every_scenario_balances_over_the_days(lived: tuple[Installation, Month]) -> None:
    place, month = lived
    found = {each.scenario: each for each in equations(place)}
    assert set(SCENARIOS) <= set(found) <= set(month.already_past) == {*SCENARIOS, *LATER}
    for each in found.values():
        parts = sum(each.refused.values()) + each.held_out + each.deferred + sum(each.outbox.values())
        assert each.candidates == parts + each.waiting + each.ended
    assert {"anonymous", "not_logged_in", "ordered"} <= set(found["forgotten-cart"].refused)


def test_a_decision_of_the_month_can_be_explained(lived: tuple[Installation, Month]) -> None:
    place, month = lived
    rows = place.engine.rows("SELECT contact, \"at\" FROM decisions WHERE outcome = 'send' ORDER BY ALL LIMIT 1")
    own = place.engine.value(f"SELECT own_id FROM contacts_vault WHERE contact = {rows[0]['contact']}")
    scenario = place.engine.value(
        f"SELECT scenario FROM decisions WHERE outcome = 'send' AND contact = {rows[0]['contact']} ORDER BY ALL LIMIT 1"
    )
    assert explain(place, own, scenario, month.turns[-1].at).outcome == "send"


def test_a_demo_is_replaced_only_when_asked(tmp_path: Path) -> None:
    home = Home(tmp_path / "demo")
    make_home(home, again=False)
    with pytest.raises(Refused, match="--again"):
        make_home(home, again=False)
    (home.path / "left.txt").write_text("from before")
    make_home(home, again=True)
    assert not (home.path / "left.txt").exists()


def test_members_who_were_written_to_react_and_the_shop_tells_their_orders(
    lived: tuple[Installation, Month],
) -> None:
    place, _ = lived
    truth = json.loads((place.home.path / TRUTH).read_text())
    told = place.engine.rows("SELECT order_id, placed_at, known_at FROM orders WHERE order_id LIKE 'R-%'")
    assert 0 < len(told) <= sum(each["orders_planted"] for each in truth.values())
    assert all(row["placed_at"] < row["known_at"] for row in told), "through an export, the morning after"
    written = place.engine.value("SELECT count(DISTINCT (scenario, contact)) FROM decisions WHERE outcome = 'send'")
    assert written == sum(each["written_to"] for each in truth.values())
    assert place.engine.value("SELECT count(*) FROM reactions WHERE kind = 'click' AND verdict = 'human'") > 0


def test_after_the_month_the_shops_are_closed_and_no_feed_is_late(lived: tuple[Installation, Month]) -> None:
    place, month = lived
    last = month.turns[-1].at
    close_for_holidays(place, last)
    flow.run(place, last + timedelta(days=4))
    feeds = [each for each in looked_at(place, last + timedelta(days=4), served=True) if each.what.startswith("feed")]
    assert [each.colour for each in feeds] == ["green", "green"]


def test_a_robot_that_walks_every_link_of_every_mail_changes_nothing_and_is_nobody(
    lived: tuple[Installation, Month],
) -> None:
    place, _ = lived
    absorb_reactions(place, place.clock.now())  # what members did since the last turn
    before, people = place.ledger.contents_hash(), human_clicks(place)
    tracker = tracker_of(place.home)
    for mail in mails(place.home.mail):
        for page in sorted(pages_of(mail.read_bytes(), place.settings.public_url)):
            statuses = [asked(tracker, page, method, SCANNER).status for method in ("HEAD", "GET")]
            assert statuses in ([302, 302], [200, 200]), page
    tracker.close()
    assert absorb_reactions(place, place.clock.now()) > 0
    assert human_clicks(place) == people
    assert place.ledger.contents_hash() == before


def pages_of(mail: bytes, root: str) -> set[str]:
    """Every page of ours that a mail names, in any of its parts or headers."""
    read = BytesParser(policy=policy.default).parsebytes(mail)
    texts = [part.get_content() for part in read.walk() if part.get_content_maintype() == "text"]
    return set(re.findall(rf"{re.escape(root)}(/t/[\w./-]+)", unescape("\n".join([*texts, read["List-Unsubscribe"]]))))


def human_clicks(place: Installation) -> int:
    return int(place.engine.value("SELECT count(*) FROM reactions WHERE kind = 'click' AND verdict = 'human'"))
