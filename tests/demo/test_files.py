"""The made-up cooperative: the same seed writes the same bytes, and what is written holds together."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pytest

from relance.base.errors import BadDocument
from relance.base.zones import to_instant
from relance.demo.calendar import ZONE, local, utc
from relance.demo.files import write_files
from relance.demo.plan import Delivery, DemoPlan, SwitchOn, Turn

MEMBERS = 2000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cooperative")


@pytest.fixture(scope="module")
def plan(folder: Path) -> DemoPlan:
    return write_files(folder, MEMBERS, 7)


def read(path: Path) -> pa.Table:
    texts = ("no_membre", "ean", "quantite", "no_commande", "date")
    return pacsv.read_csv(
        path,
        parse_options=pacsv.ParseOptions(delimiter=";"),
        convert_options=pacsv.ConvertOptions(column_types=dict.fromkeys(texts, pa.string()), strings_can_be_null=True),
    )


def every(plan: DemoPlan, feed: str) -> pa.Table:
    files = [file for each in (plan.history, *plan.deliveries) for file in each.files]
    return pa.concat_tables(
        [read(file) for file in files if file.name.startswith(f"{feed}-")], promote_options="permissive"
    )


def digests(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())}


def test_the_same_seed_writes_the_same_bytes_and_another_seed_others(
    plan: DemoPlan, folder: Path, tmp_path: Path
) -> None:
    again = write_files(tmp_path / "again", MEMBERS, 7)
    write_files(tmp_path / "other", MEMBERS, 8)
    assert digests(tmp_path / "again") == digests(folder)
    assert again.showcase == plan.showcase
    assert again.counts == plan.counts
    other = digests(tmp_path / "other")
    assert other.keys() == digests(folder).keys()
    same = ("remboursements", "recurrents")
    assert all(other[name] != each for name, each in digests(folder).items() if not name.startswith(same))


def test_history_comes_in_one_delivery_then_at_most_a_hundred_files(plan: DemoPlan) -> None:
    assert plan.history.history
    assert {file.name.split("-")[0] for file in plan.history.files} == {
        "membres", "consentements", "clubs", "librairies", "livres", "prix", "stock", "commandes", "paniers",
        "remboursements", "envies", "recurrents", "points", "avis",
    }  # fmt: skip
    assert sum(len(each.files) for each in plan.deliveries) <= 100
    assert not any(each.history for each in plan.deliveries)


def test_thirty_turns_at_nine_hold_the_change_of_clocks(plan: DemoPlan) -> None:
    days = [date(2026, 3, 2) + timedelta(days=number) for number in range(30)]
    assert list(plan.turns) == [to_instant(day, time(9), ZONE) for day in days]
    gaps = {(later - sooner) / timedelta(hours=1) for sooner, later in zip(plan.turns, plan.turns[1:], strict=False)}
    assert gaps == {23.0, 24.0}


def test_moments_are_in_order_and_the_history_is_first(plan: DemoPlan) -> None:
    moments = plan.moments
    at = [moment.known_at if isinstance(moment, Delivery) else moment.at for moment in moments]
    assert at == sorted(at)
    assert moments[0] is plan.history
    switched = next(n for n, moment in enumerate(moments) if isinstance(moment, SwitchOn))
    first_turn = next(n for n, moment in enumerate(moments) if isinstance(moment, Turn))
    assert switched < first_turn
    assert isinstance(moments[-1], Turn)


def test_no_file_tells_what_happens_after_its_arrival(plan: DemoPlan) -> None:
    for delivery in (plan.history, *plan.deliveries):
        for file in delivery.files:
            stamp = datetime.strptime(file.stem.split("-", 1)[1][:15], "%Y-%m-%dT%H%M")
            assert to_instant(stamp.date(), stamp.time(), ZONE) < delivery.known_at
            if file.name.startswith("commandes-"):
                placed = pc.max(read(file)["date"]).as_py()
                assert placed is None or datetime.fromisoformat(placed) < stamp


def test_one_file_of_orders_misses_its_turn_and_one_comes_two_days_late(plan: DemoPlan) -> None:
    arrives = {file.name: each.known_at for each in plan.deliveries for file in each.files}
    turn = to_instant(date(2026, 3, 19), time(9), ZONE)
    assert arrives["commandes-2026-03-19T0830.csv"] > turn
    assert arrives["paniers-2026-03-19T0000.csv"] < turn
    late = arrives["commandes-2026-03-24T1800.csv"] - to_instant(date(2026, 3, 24), time(18), ZONE)
    assert late > timedelta(hours=36)
    assert arrives["commandes-2026-03-25T0830.csv"] < arrives["commandes-2026-03-24T1800.csv"]


def test_a_file_is_corrected_a_day_later(plan: DemoPlan, folder: Path) -> None:
    first = folder / "commandes-2026-03-17T1800.csv"
    second = folder / "commandes-2026-03-17T1800-corrige.csv"
    assert pc.sum(pc.cast(read(first)["quantite"], pa.int64())) != pc.sum(pc.cast(read(second)["quantite"], pa.int64()))
    arrives = {file: each.known_at for each in plan.deliveries for file in each.files}
    assert timedelta(hours=20) < arrives[second] - arrives[first] < timedelta(hours=26)
    assert set(read(first)["no_commande"].to_pylist()) < set(read(second)["no_commande"].to_pylist())


def test_every_line_has_its_product_its_member_and_its_shop(plan: DemoPlan) -> None:
    books = set(every(plan, "livres")["ean"].to_pylist())
    shops = set(every(plan, "librairies")["code"].to_pylist())
    members = {f"C{100_001 + number}" for number in range(MEMBERS)}
    assert len(books) == 50_000
    assert len(shops) == 100
    for feed in ("commandes", "paniers"):
        table = every(plan, feed)
        assert set(table["ean"].to_pylist()) <= books
        assert set(table["no_membre"].to_pylist()) <= members | {None}
        assert set(table["librairie"].to_pylist()) <= shops | {None}
    orders = set(every(plan, "commandes")["no_commande"].to_pylist())
    assert set(every(plan, "remboursements")["no_commande"].to_pylist()) <= orders


def test_an_order_never_changes_its_member_or_its_lines_only_its_status(plan: DemoPlan) -> None:
    table = (
        every(plan, "commandes")
        .group_by("no_commande")
        .aggregate([("no_membre", "count_distinct"), ("date", "count_distinct"), ("statut", "count_distinct")])
    )
    assert pc.max(table["no_membre_count_distinct"]).as_py() == 1
    assert pc.max(table["date_count_distinct"]).as_py() == 1
    assert pc.max(table["statut_count_distinct"]).as_py() >= 2


def test_every_kind_of_consent_is_there(plan: DemoPlan) -> None:
    acts = every(plan, "consentements")
    assert set(acts["base"].to_pylist()) == {"express", "implied_purchase", "implied_inquiry", None}
    assert set(acts["geste"].to_pylist()) == {"granted", "denied"}
    assert set(acts["canal"].to_pylist()) == {"email", "sms"}
    assert "non" in acts["affirmatif"].to_pylist()
    refused = acts.filter(pc.equal(acts["geste"], "denied"))["no_membre"].to_pylist()
    granted = acts.filter(pc.equal(acts["geste"], "granted"))["no_membre"].to_pylist()
    assert set(refused) & set(granted), "somebody said yes and later no"
    assert set(refused) - set(granted), "somebody only ever said no"
    silent = set(every(plan, "membres")["no_membre"].to_pylist()) - set(refused) - set(granted)
    assert silent, "of somebody nothing is known"
    assert len(set(acts["acte"].to_pylist())) == len(acts)


def test_addresses_are_shared_in_another_case_missing_or_made_up(plan: DemoPlan) -> None:
    members = every(plan, "membres")
    addresses = [address for address in members["courriel"].to_pylist() if address]
    assert all(address.lower().endswith(".example.test") for address in addresses)
    assert len(addresses) < len(members)
    shared = len({address.lower() for address in addresses})
    assert shared < len(set(addresses)) == len(addresses)


def test_carts_of_visitors_of_people_not_logged_in_and_of_one_dear_ebook(plan: DemoPlan) -> None:
    carts = every(plan, "paniers")
    visitor = pc.is_null(carts["no_membre"])
    assert 0.1 < pc.mean(pc.cast(visitor, pa.float64())).as_py() < 0.5
    assert pc.any(pc.and_(pc.invert(visitor), pc.equal(carts["connecte"], "non"))).as_py()
    assert set(carts["etat"].to_pylist()) == {"ouvert", "commandé", "vidé"}
    assert pc.all(pc.less_equal(carts["ajoute_le"], carts["dernier_geste"])).as_py()
    books = every(plan, "livres")
    digital = set(books.filter(pc.equal(books["format"], "numérique"))["ean"].to_pylist())
    assert digital & set(carts["ean"].to_pylist())


def test_stock_runs_out_for_some_and_ebooks_are_never_counted(plan: DemoPlan) -> None:
    stock, books = every(plan, "stock"), every(plan, "livres")
    digital = set(books.filter(pc.equal(books["format"], "numérique"))["ean"].to_pylist())
    assert not digital & set(stock["ean"].to_pylist())
    assert 500 < pc.sum(pc.equal(stock["quantite"], "0")).as_py() < 10_000
    assert pc.sum(pc.equal(stock["quantite"], "n/d")).as_py() == 12 * 4


def test_wished_books_cost_less_or_come_back_and_some_wishes_are_taken_back(plan: DemoPlan) -> None:
    wishes, stock = every(plan, "envies"), every(plan, "stock")
    wished = set(wishes["ean"].to_pylist())
    assert wishes["retiree_le"].null_count < len(wishes)
    lists = [read(file) for each in plan.deliveries for file in each.files if file.name.startswith("prix-")]
    assert all(set(each["ean"].to_pylist()) <= wished for each in lists)
    cut = [ean for each in lists for ean in each["ean"].to_pylist()]
    assert len(cut) == len(set(cut)) == 50
    counts: dict[str, list[str]] = {}
    for ean, quantity in zip(stock["ean"].to_pylist(), stock["quantite"].to_pylist(), strict=True):
        counts.setdefault(ean, []).append(quantity)
    back = [ean for ean, said in counts.items() if said[0] == "0" and any(each in "1234" for each in said[1:])]
    assert set(back) & wished


def test_a_refund_is_of_a_part_or_of_the_whole(plan: DemoPlan) -> None:
    refunds = every(plan, "remboursements")
    assert set(refunds["complet"].to_pylist()) == {"oui", "non"}


def test_some_titles_and_some_readers_take_most(plan: DemoPlan) -> None:
    lines = every(plan, "commandes")
    counts = np.sort(lines.group_by("ean").aggregate([("ean", "count")])["ean_count"].to_numpy())[::-1]
    assert counts[: len(counts) // 10].sum() > 0.25 * counts.sum()
    orders = lines.group_by(["no_membre", "no_commande"]).aggregate([]).drop_null()
    often = np.sort(orders.group_by("no_membre").aggregate([("no_commande", "count")])["no_commande_count"].to_numpy())[
        ::-1
    ]
    assert often[: len(often) // 10].sum() > 0.35 * often.sum()


def test_showcased_members_are_members(plan: DemoPlan) -> None:
    assert len(plan.showcase) >= 5
    assert {each.own_id for each in plan.showcase} <= set(every(plan, "membres")["no_membre"].to_pylist())
    assert all(plan.turns[0].date() <= each.day <= plan.turns[-1].date() for each in plan.showcase)


def test_progress_is_told_from_nothing_to_all(tmp_path: Path) -> None:
    told: list[float] = []
    write_files(tmp_path, 300, 1, lambda what, share: told.append(share))
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0.0, 1.0)


def test_a_handful_of_members_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadDocument, match="at least 200"):
        write_files(tmp_path, 3, 1)


def test_local_times_are_the_brands_own_on_both_changes_of_clocks() -> None:
    skipped = np.array([int(datetime(2026, 3, 8, 2, 30, tzinfo=UTC).timestamp())])
    assert utc(skipped)[0] == int(datetime(2026, 3, 8, 7, 0, tzinfo=UTC).timestamp())
    doubled = np.array([int(datetime(2025, 11, 2, 1, 30, tzinfo=UTC).timestamp())])
    assert utc(doubled)[0] == int(datetime(2025, 11, 2, 5, 30, tzinfo=UTC).timestamp())
    assert local(utc(doubled))[0] == doubled[0]
