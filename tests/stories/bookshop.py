"""A small bookshop in Toronto: it delivers real files, turns are run, and mail is kept in its mailbox."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

from relance.base.clock import FixedClock
from relance.base.documents import load_document
from relance.base.home import Home
from relance.base.zones import to_instant
from relance.channels.sender import SendReport, send_due
from relance.channels.setup import email_channel, mail_settings
from relance.customers.installation import Installation, open_installation
from relance.engines.ledger import OutboxRow
from relance.flow import plan, run
from relance.ingest.delivery import import_delivery
from relance.messages.publishing import library_document, publish_scenario
from relance.messages.stopping import LedgerStops
from relance.policy.report import TurnReport
from relance.scenarios.switching import switch_on

Rows = Sequence[Mapping[str, Any]]
ZONE = "America/Toronto"
SETTINGS = """
seed = "check"
{more}
[brand]
name = "Librairie du Port"
zone = "America/Toronto"
currency = "CAD"
languages = ["fr-CA", "en-CA"]
address = "12, rue du Port, Toronto"
url = "https://port.example"
"""
FEEDS = {
    "contacts": """
columns: {own_id: id, email: email, kind: kind, language: language, first_name: name, zone: zone, birth_date: born}
""",
    "consent_acts": """
columns:
  contact: contact
  channel: {column: channel, default: email}
  purpose: {column: purpose, default: marketing}
  sender: {value: shop}
  act: act
  happened_at: at
  origin: {value: form}
  wording: {value: "Écrivez-moi"}
  language: {value: fr}
  affirmative: {value: true}
  confirmed: {column: confirmed, map: {"yes": true, "no": false}}
  basis: {column: basis, default: optin}
  proof: {value: form}
""",
    "products": "columns: {product: product, title: title, stock_policy: policy}",
    "product_stock": "columns: {product: product, counted_at: at, quantity: quantity}",
    "aliases": "columns: {contact: contact, into: into, happened_at: at}",
    "suppressions": "columns: {contact: contact, channel: {value: email}, happened_at: at, reason: reason}",
}
ORDERS = """
feed: orders
files: "orders-*.csv"
period: {from_name: "%Y-%m-%dT%H%M"}
zone: America/Toronto
currency: CAD
flags: {stands: {all: [{column: status, is_not: cancelled}, {column: quantity, above: 0}]}}
tables:
  orders:
    one_per: order
    columns:
      order_id: order
      contact: contact
      placed_at: at
      status: {choose: [{when: {column: status, is: cancelled}, then: cancelled}], else: order}
      valid: {any: stands}
      amount: {sum: {times: [quantity, price]}}
  order_lines:
    ordinal_within: order
    columns:
      {order_id: order, product: product, quantity: quantity, unit_price: price, amount: {times: [quantity, price]},
       valid: stands}
"""
CARTS = """
feed: carts
files: "carts-*.csv"
period: {from_name: "%Y-%m-%dT%H%M"}
period_length: 0min
completes: true
zone: America/Toronto
tables:
  carts:
    one_per: cart
    columns:
      cart: cart
      contact: contact
      started_at: {min: added}
      touched_at: {max: touched}
      logged_in: {column: logged_in, map: {"yes": true, "no": false}}
  cart_lines:
    ordinal_within: cart
    columns: {cart: cart, added_at: added, product: product, quantity: {value: 1}}
"""


def local(text: str, zone: str = ZONE) -> datetime:
    """`2026-03-10 09:00` on the shop's clocks, as an instant."""
    naive = datetime.fromisoformat(text)
    return to_instant(naive.date(), naive.time() or time(0), zone)


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """A file whose header names every column of any row."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    written = io.StringIO()
    writer = csv.DictWriter(written, columns)
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue()


def person(own_id: str, **more: Any) -> dict[str, Any]:
    """A contact of the shop: an individual with an address, unless said."""
    plain = {"id": own_id, "email": f"{own_id}@example.test", "kind": "individual", "language": "en"}
    return {**plain, "name": own_id.capitalize(), "zone": "", "born": "", **more}


def yes(contact: str, when: str = "2026-01-01 12:00", **more: Any) -> dict[str, Any]:
    """An act of consent to marketing e-mail, unless said."""
    plain = {"contact": contact, "act": "granted", "at": when, "confirmed": "no", "basis": "optin"}
    return {**plain, "channel": "email", "purpose": "marketing", **more}


def order(number: str, contact: str, when: str, *products: str, status: str = "paid") -> list[dict[str, Any]]:
    """The rows of an order, one a book."""
    plain = {"order": number, "contact": contact, "at": when, "status": status, "quantity": 1, "price": "20.00"}
    return [{**plain, "product": product} for product in products or ("book",)]


@dataclass
class Bookshop:
    """A home and its files."""

    home: Home
    place: Installation = field(init=False)

    def __post_init__(self) -> None:
        self.place = open_installation(self.home)

    def close(self) -> None:
        self.place.engine.close()
        self.place.ledger.close()

    def reopen(self) -> None:
        """As when the process ends and another begins."""
        self.close()
        self.place = open_installation(self.home)

    def deliver(
        self, when: str, manifest: Iterable[Mapping[str, str]] = (), **feeds: Sequence[Mapping[str, Any]]
    ) -> None:
        """Files, one a feed, that arrive together and are imported as one delivery."""
        instant = local(when)
        mark = f"{datetime.fromisoformat(when):%Y-%m-%dT%H%M}"
        folder = self.home.path.parent / "files" / mark
        folder.mkdir(parents=True, exist_ok=True)
        paths = []
        for feed, rows in feeds.items():
            paths.append(folder / f"{feed}-{mark}.csv")
            paths[-1].write_text(as_csv(rows), encoding="utf-8")
        if manifest:
            paths.append(folder / f"{mark}.manifest.jsonl")
            paths[-1].write_text("\n".join(json.dumps(line) for line in manifest))
        place, hook = self.place, LedgerStops(self.place.ledger)
        import_delivery(place.engine, hook, self.home.definitions, paths, instant, secret=place.secret)

    def people(self, *rows: Mapping[str, Any], when: str = "2026-01-02 06:00") -> None:
        """Contacts who have all said yes."""
        self.deliver(when, contacts=rows, consent_acts=[yes(row["id"]) for row in rows])

    def publish(self, scenario: str | Mapping[str, Any], when: str, **changed: Any) -> int:
        """A scenario of the library, or one as written, switched on; how many were past already."""
        said = dict(library_document(scenario).data) | {"holdout": "0%"} if isinstance(scenario, str) else scenario
        document = load_document(json.dumps({**said, **changed}), source="story")
        version = publish_scenario(self.place, document, local(when))
        return switch_on(self.place, version, local(when))

    def write_message(self, name: str, subject: str, text: str, fields: Mapping[str, Any], **more: Any) -> None:
        """A message of the shop's own, as a document among its definitions, the same in both languages."""
        mjml = f"<mj-section><mj-column><mj-text>{text}</mj-text></mj-column></mj-section>"
        block = {"subject": subject, "mjml": mjml, "text": text}
        folder = self.home.definitions / "messages"
        folder.mkdir(exist_ok=True)
        document = {"message": name, "fields": fields, "fr": block, "en": block, **more}
        (folder / f"{name}.yaml").write_text(json.dumps(document, ensure_ascii=False))

    def turn(self, when: str, **how: Any) -> TurnReport:
        return run(self.place, local(when), **how)

    def plan(self, when: str, **how: Any) -> TurnReport:
        return plan(self.place, local(when), **how)

    def send(self, when: str) -> SendReport:
        settings = mail_settings(self.place.settings, self.place.secret)
        channel = email_channel(settings, self.home.mail)
        return send_due(self.place.ledger, channel, settings, FixedClock(local(when)))

    def mails(self) -> list[EmailMessage]:
        return list(_kept(self.home.mail))

    def received(self) -> list[str]:
        """Addresses that mail was kept for, sorted."""
        return sorted(str(mail["To"]) for mail in self.mails())

    def decided(self, when: str, scenario: str | None = None) -> dict[str, tuple[str, str | None]]:
        """(outcome, primary reason) by own id (the cart of an anonymous visitor) for the turn at that time."""
        at = f"{local(when):%Y-%m-%d %H:%M:%S}"
        only = f" AND scenario = '{scenario}'" if scenario else ""
        rows = self.place.engine.rows(
            "SELECT coalesce(own_id, visitor) AS who, outcome, reason FROM decisions LEFT JOIN contacts_vault"
            f" USING (contact) WHERE \"at\" = TIMESTAMP '{at}'{only}"
        )
        found = {row["who"]: (row["outcome"], row["reason"] or None) for row in rows}
        assert len(found) == len(rows), "one decision a person and turn in these stories"
        return found

    def outbox(self) -> dict[str, OutboxRow]:
        """The newest row of the outbox by address."""
        return {row.outgoing.address: row for row in self.place.ledger.outbox()}


def _kept(folder: Path) -> Iterator[EmailMessage]:
    for path in sorted(folder.glob("*/*")):
        yield BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(path.read_bytes())


def bookshop(folder: Path, more: str = "", feeds: Mapping[str, str] | None = None) -> Bookshop:
    """A new home with the shop's mapping documents; `more` stands at the top of relance.toml."""
    folder.mkdir(parents=True, exist_ok=True)
    tables, after = [*more.split("\n[", 1), ""][:2] if "\n[" in more else (more, "")
    settings = SETTINGS.format(more=tables) + (f"\n[{after}" if after else "")
    (folder / "relance.toml").write_text(settings)
    written = folder / "definitions" / "feeds"
    written.mkdir(parents=True, exist_ok=True)
    (written / "orders.yaml").write_text(ORDERS)
    (written / "carts.yaml").write_text(CARTS)
    for table, columns in {**FEEDS, **(feeds or {})}.items():
        (written / f"{table}.yaml").write_text(_feed(table, columns))
    return Bookshop(Home(folder))


def copy_of(source: Path, target: Path) -> Bookshop:
    """A home that begins where another ended."""
    shutil.copytree(source, target)
    return Bookshop(Home(target))


def _feed(table: str, columns: str) -> str:
    said = "\n".join("    " + line for line in columns.strip().splitlines())
    period = 'period: {from_name: "%Y-%m-%dT%H%M"}'
    return f'feed: {table}\nfiles: "{table}-*.csv"\n{period}\nzone: {ZONE}\ntables:\n  {table}:\n{said}\n'
