"""Steps beside messages: values, splits, waits until an hour, and what follows a message that did not leave."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from relance.base.clock import naive_utc
from relance.base.documents import load_document
from relance.base.errors import BadDocument
from relance.customers.erasure import erase_contact
from relance.explaining.explain import explain
from relance.messages.offering import offer
from relance.messages.publishing import check_scenario
from relance.scenarios.running import stored_version
from relance.web.reading.path import counts_of, stops_of
from relance.web.reading.steps import taken_in
from relance.web.voice import Voice
from tests.stories.bookshop import Bookshop, bookshop, copy_of, local, order, person

COMPLAINTS = """
feed: service_events
files: "service_events-*.csv"
period: {from_name: "%Y-%m-%dT%H%M"}
zone: America/Toronto
tables: {service_events: {columns: {event: id, contact: contact, happened_at: at, kind: kind}}}
"""
PEOPLE = ("ana", "ben", "cleo", "dan", "eve", "flo", "gus", "hal", "ida", "jo", "kim", "lea")
ASKS = {"attribute": "contact_values.tone", "is": "warm"}
SEND = {"send": {"message": "second-purchase"}}
ENGLISH = Voice("en", "America/Toronto", ("fr-CA", "en-CA"))


def u(scenario: str, step: str, who: str) -> float:
    """The first eight bytes of the hash as a fraction."""
    return int.from_bytes(sha256(f"check\n{scenario}\n{step}\n{who}".encode()).digest()[:8], "big") / 2**64


def scenario(name: str, *steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Decided the morning after an order."""
    plain = {"scenario": name, "schedule": {"daily": "09:00"}, "fresh_for": "7d", "steps": list(steps)}
    return {**plain, "trigger": {"row": {"table": "orders", "where": "valid", "days": 1}}, **more}


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everybody has said yes and orders on 1 March; the file comes the next morning."""
    shop = bookshop(tmp_path_factory.mktemp("ready") / "home")
    shop.people(*(person(who) for who in PEOPLE))
    shop.close()
    return shop.home.path


@pytest.fixture
def shop(ready: Path, tmp_path: Path) -> Iterator[Bookshop]:
    made = copy_of(ready, tmp_path / "home")
    yield made
    made.close()


def all_order(shop: Bookshop) -> None:
    shop.deliver(
        "2026-03-02 06:00", orders=[row for who in PEOPLE for row in order(f"o-{who}", who, "2026-03-01 12:00")]
    )


def ways(shop: Bookshop, step: str) -> dict[str, str]:
    rows = shop.place.engine.rows(
        f"SELECT own_id, way FROM passages JOIN contacts_vault USING (contact) WHERE step = '{step}'"
    )
    assert len(rows) == len({row["own_id"] for row in rows}), "a way is taken once"
    return {row["own_id"]: row["way"] for row in rows}


def test_a_split_goes_by_the_hash_and_re_draws_nobody_who_has_passed(shop: Bookshop) -> None:
    def told(warm: int, **more: Any) -> dict[str, Any]:
        arms = [{"name": "warm", "weight": warm, "then": [SEND]}, {"name": "plain", "weight": 50}]
        return scenario("tones", {"name": "tone", "split": arms}, **more)

    shop.publish(told(50), "2026-03-01 08:00")
    all_order(shop)
    shop.turn("2026-03-02 09:00")
    first = {who: "warm" if u("tones", "tone", who) < 0.5 else "plain" for who in PEOPLE}
    assert ways(shop, "tone") == first and set(first.values()) == {"warm", "plain"}
    assert shop.decided("2026-03-02 09:00") == {
        who: ("send", None) if way == "warm" else ("ended", "end") for who, way in first.items()
    }
    said = explain(shop.place, "ana", "tones", local("2026-03-02 10:00"))
    drawn = next(each for each in said.conditions if each.code == "passed:tone")
    assert drawn.seen.value == first["ana"] and f"{u('tones', 'tone', 'ana'):.6f}" in drawn.seen.said.en
    assert f"chemin « {first['ana']} »" in said.text("fr")
    shop.publish(told(5000), "2026-03-03 08:00")
    again = [row for who in PEOPLE for row in order(f"p-{who}", who, "2026-03-03 12:00")]
    shop.deliver("2026-03-04 06:00", orders=again)
    shop.turn("2026-03-04 09:00")
    assert shop.decided("2026-03-04 09:00") == {
        who: ("send", None) if way == "warm" else ("ended", "end") for who, way in first.items()
    }


def test_a_value_is_seen_from_the_next_turn_on_and_never_set_for_the_control_group(shop: Bookshop) -> None:
    held = {who for who in PEOPLE if u("noting", "holdout", who) < 0.4}
    assert 0 < len(held) < len(PEOPLE)
    reads = scenario("reading", SEND, target=ASKS, priority=10)
    shop.publish(scenario("noting", {"set": {"attribute": "tone", "value": "warm"}}, holdout="40%"), "2026-03-01 08:00")
    shop.publish(reads, "2026-03-01 08:00")
    all_order(shop)
    report = shop.turn("2026-03-02 09:00")
    noted = {who: explain(shop.place, who, "noting", local("2026-03-02 10:00")) for who in PEOPLE[:1]}
    assert "Value set, on" in noted["ana"].text("en")
    assert report.scenario("noting").ended == len(PEOPLE)
    assert report.scenario("reading").refused == {"not_targeted": len(PEOPLE)}, "not in the turn that sets it"
    assert shop.plan("2026-03-02 09:00").as_dict() == report.as_dict(), "nor where that day is planned again"
    rows = shop.place.engine.rows("SELECT attribute, scenario, set_at FROM contact_values")
    assert len(rows) == len(PEOPLE) - len(held)
    at = naive_utc(local("2026-03-02 09:00"))
    assert {tuple(row.values()) for row in rows} == {("tone", "noting", at)}

    shop.deliver(
        "2026-03-03 06:00", orders=[row for who in PEOPLE for row in order(f"p-{who}", who, "2026-03-02 12:00")]
    )
    later = shop.turn("2026-03-03 09:00").scenario("reading")
    assert (later.send, later.refused) == (len(PEOPLE) - len(held), {"not_targeted": len(held)})


def test_who_comes_to_a_wait_that_lies_behind_goes_on_in_the_same_turn(shop: Bookshop) -> None:
    """The file is late: the order was due the day before, and the wait behind it ends this morning."""
    shop.publish(scenario("late", {"wait": "1d"}, SEND), "2026-03-01 08:00")
    late = [row for who in PEOPLE for row in order(f"o-{who}", who, "2026-03-01 12:00")]
    shop.deliver("2026-03-03 06:00", orders=late)
    shop.turn("2026-03-03 09:00")
    assert shop.decided("2026-03-03 09:00") == dict.fromkeys(PEOPLE, ("send", None))


def test_an_event_learnt_long_after_the_deadline_is_the_event_and_fresh(shop: Bookshop) -> None:
    ways: dict[str, Any] = {"happened": [SEND], "otherwise": [{"name": "other", **SEND}]}
    until = {"event": {"row": "orders", "where": "valid"}, "at_most": "2d", **ways}
    shop.publish(scenario("until", {"wait": until}, fresh_for="1d"), "2026-03-01 08:00")
    all_order(shop)
    shop.turn("2026-03-02 09:00")
    shop.deliver("2026-03-04 06:00", orders=order("again", "ana", "2026-03-03 12:00"))
    report = shop.turn("2026-03-08 09:00").scenario("until")
    others_and_the_second_order = len(PEOPLE) - 1 + 1
    assert (report.send, report.refused) == (1, {"too_late": others_and_the_second_order})


def test_a_value_is_forgotten_with_its_contact(shop: Bookshop) -> None:
    shop.publish(scenario("noting", {"set": {"attribute": "tone", "value": "warm"}}), "2026-03-01 08:00")
    all_order(shop)
    shop.turn("2026-03-02 09:00")
    place = shop.place
    erase_contact(place.engine, place.tables, "ana", place.secret, local("2026-03-02 10:00"))
    values = "SELECT count(*) FROM contact_values_vault WHERE value = 'warm'"
    assert place.engine.value(values) == len(PEOPLE) - 1


def test_a_wait_that_ends_in_quiet_hours_is_put_off_not_skipped(tmp_path: Path) -> None:
    more = 'quiet_hours = {email = {start = "21:00", end = "08:00"}}\n'
    shop = bookshop(tmp_path / "home", more)
    shop.people(person("ana"))
    steps = [{"name": "late", "wait": {"until": "22:00"}}, {"branch": [{"else": [SEND]}]}]
    shop.publish(scenario("evening", *steps), "2026-03-01 08:00")
    shop.deliver("2026-03-02 06:00", orders=order("o1", "ana", "2026-03-01 12:00"))
    seen = {}
    for when in ("2026-03-02 09:00", "2026-03-02 22:00", "2026-03-03 07:00", "2026-03-03 08:00"):
        shop.turn(when)
        seen[when[5:]] = shop.decided(when).get("ana")
    assert seen == {
        "03-02 09:00": ("waiting", None),
        "03-02 22:00": ("deferred", "quiet_hours"),
        "03-03 07:00": ("deferred", "quiet_hours"),
        "03-03 08:00": ("send", None),
    }
    assert ways(shop, "branch") == {"ana": "else"}, "asked once, though the candidate came by three times"
    shop.close()


def test_waits_behind_one_another_follow_one_another(shop: Bookshop) -> None:
    steps = [{"wait": "2d"}, {"name": "hour", "wait": {"until": "10:30", "weekday": "friday"}}, SEND]
    shop.publish(scenario("twice", *steps), "2026-03-01 08:00")
    shop.deliver("2026-03-02 06:00", orders=order("o1", "ana", "2026-03-01 12:00"))
    shop.turn("2026-03-02 09:00")
    due = shop.place.engine.value("SELECT due_at FROM journeys")
    assert due == naive_utc(local("2026-03-06 10:30")), "two days after Monday, then the Friday after that"


def test_no_second_step_where_the_first_did_not_leave(shop: Bookshop) -> None:
    steps = [{"name": "first", **SEND}, {"wait": "3d"}, {"name": "second", **SEND}]
    shop.publish(
        scenario("pair", *steps, stop={"left": {"count": "service_events", "at_least": 1}}), "2026-03-01 08:00"
    )
    all_order(shop)
    shop.turn("2026-03-02 09:00")
    leaving = shop.place.ledger.outbox()[0]
    shop.place.ledger.cancel_keys([leaving.outgoing.key], "stopped_by_edit", local("2026-03-02 09:30"))
    shop.send("2026-03-02 10:00")
    shop.turn("2026-03-03 09:00")
    who = leaving.outgoing.address.partition("@")[0]
    assert shop.decided("2026-03-03 09:00") == {who: ("refused", "not_sent")}
    assert shop.turn("2026-03-05 09:00").scenario("pair").send == len(PEOPLE) - 1


def test_too_late_for_the_first_step_opens_no_second(shop: Bookshop) -> None:
    steps = [{"name": "first", **SEND}, {"wait": "3d"}, {"name": "second", **SEND}]
    shop.publish(scenario("pair", *steps, fresh_for="1d"), "2026-03-01 08:00")
    all_order(shop)
    day = date(2026, 3, 5)
    assert shop.turn(f"{day} 09:00").scenario("pair").refused == {"too_late": len(PEOPLE)}
    for more in range(1, 5):
        assert shop.turn(f"{day + timedelta(days=more)} 09:00").scenario("pair").candidates == 0


@pytest.mark.parametrize(
    ("step", "says"),
    [
        ("wait: {event: {row: ordres}, at_most: 3d}", "there is no table “ordres”"),
        ("wait: {event: {row: products}, at_most: 3d}", "the rows of “products” have no instant"),
        ("wait: {event: {row: orders}}", "event and at_most go together"),
        ("wait: {event: {row: orders}, at_most: 36500d}", "at most 400 days"),
        ("split: [{weight: 1, name: x}]", "split"),
        ("split: [{weight: 1, name: x}, {weight: 2, name: x}]", "two ways have the same name"),
        ("set: {attribute: consent, value: granted}", "an act of the person"),
        ("{name: holdout, exit: none}", "belongs to the control group"),
    ],
)
def test_a_step_that_cannot_be_is_refused_with_its_line(shop: Bookshop, step: str, says: str) -> None:
    text = f"scenario: wrong\ntrigger: {{row: {{table: orders}}}}\nfresh_for: 3d\nsteps:\n  - {step}\n"
    with pytest.raises(BadDocument, match="wrong") as refused:
        check_scenario(shop.place, load_document(text, source="wrong.yaml"))
    assert says in str(refused.value) and refused.value.line in (4, 5)


def test_a_stop_over_another_table_reaches_what_is_queued(shop: Bookshop) -> None:
    """A complaint is no order: the narrow facts of senders do not know it, and yet nothing leaves."""
    stop = {"complained": {"count": "service_events", "where": {"column": "kind", "is": "complaint"}, "at_least": 1}}
    (shop.home.definitions / "feeds" / "service_events.yaml").write_text(COMPLAINTS)
    shop.publish(scenario("letter", SEND, stop=stop), "2026-03-01 08:00")
    all_order(shop)
    shop.turn("2026-03-02 09:00")
    rows = [
        {"id": "e1", "contact": "ana", "at": "2026-03-02 09:10", "kind": "complaint"},
        {"id": "e2", "contact": "ben", "at": "2026-03-02 09:10", "kind": "question"},
    ]
    shop.deliver("2026-03-02 09:30", service_events=rows)
    states = {who: shop.outbox()[f"{who}@example.test"] for who in ("ana", "ben")}
    assert {who: (row.state, row.reason) for who, row in states.items()} == {
        "ana": ("cancelled", "complained"),
        "ben": ("queued", None),
    }
    assert shop.send("2026-03-02 10:00").accepted == len(PEOPLE) - 1


def test_who_waits_after_a_message_is_shown_at_the_wait_and_the_control_group_is_not(shop: Bookshop) -> None:
    steps = SEND, {"name": "a-week", "wait": "7d"}, {"name": "again", **SEND}
    shop.publish(scenario("thanks", *steps, holdout="50%"), "2026-03-01 08:00")
    all_order(shop)
    shop.turn("2026-03-02 09:00")
    told = [outcome for outcome, _ in shop.decided("2026-03-02 09:00").values()]
    assert set(told) == {"send", "held_out"}
    taken = taken_in(shop.place, stored_version(shop.place.ledger, "thanks"))
    assert (taken.waiting, taken.alone) == ({"a-week": told.count("send")}, (told.count("held_out"), 0))


def test_the_picture_adds_up_without_the_control_group_that_is_followed_apart(shop: Bookshop) -> None:
    """Of twelve, some are written to and some left alone; a call for help stops one of each, the others go on."""
    (shop.home.definitions / "feeds" / "service_events.yaml").write_text(COMPLAINTS)
    stop = {"complained": {"count": "service_events", "where": {"column": "kind", "is": "complaint"}, "at_least": 1}}
    steps = SEND, {"name": "a-week", "wait": "7d"}, {"name": "again", **SEND}
    told = scenario("thanks", *steps, holdout="50%", stop=stop)
    shop.publish(told, "2026-03-01 08:00")
    all_order(shop)
    shop.turn("2026-03-02 09:00")
    arms = {who: outcome for who, (outcome, _) in shop.decided("2026-03-02 09:00").items()}
    written, alone = (sorted(who for who, arm in arms.items() if arm == each) for each in ("send", "held_out"))
    document = load_document(json.dumps({**told, "steps": [steps[0], {**steps[1], "wait": "8d"}, steps[2]]}))
    offered = offer(shop.place, document, local("2026-03-02 10:00")).choices
    assert offered and (offered.waiting + offered.queued, offered.held_out) == (len(PEOPLE), len(alone))
    rows = [
        {"id": who, "contact": who, "at": "2026-03-03 09:00", "kind": "complaint"} for who in (written[0], alone[0])
    ]
    shop.send("2026-03-02 10:00")
    shop.deliver("2026-03-03 09:30", service_events=rows)
    for day in (3, 9):
        shop.turn(f"2026-03-{day:02} 10:00")
    version = stored_version(shop.place.ledger, "thanks")
    taken = taken_in(shop.place, version)
    stops = stops_of(version, counts_of(shop.place, version), taken, {}, ENGLISH)
    drops = {stop.title: stop.number for stop in stops if stop.kind == "drop"}
    sent = [stop.number for stop in stops if stop.kind == "send"]
    assert drops == {"Control group, drawn at random": len(alone), "complained": 1}
    assert (stops[0].number, sent) == (len(PEOPLE), [len(written), len(written) - 1])
    assert (taken.waiting, sum(taken.alone)) == ({}, len(alone))
