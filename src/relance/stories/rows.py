"""What a story gives, in its short words, comes in; rows of the star come out, by table.

Short words: `id` is a table's key, `at` the instant at which its fact happened, `stock` and `prices` are the tables of
products, orders have `lines`, carts have `items`, contacts have `consent`. Whoever is named and not given is an
individual with an address who consents; a product named and not given is one that never runs out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from relance.base.documents import Document, Place
from relance.base.errors import BadDocument
from relance.customers.tables import Table
from relance.ingest.expressions import is_contact
from relance.stories.documents import Row, instant_in, numbered

SHORT = {
    "stock": "product_stock",
    "prices": "product_prices",
    "consents": "consent_acts",
    "points": "loyalty_lots",
    "visits": "site_visits",
}
_WORDS: Mapping[str, Mapping[str, str]] = {
    "product_prices": {"price": "amount", "from": "valid_from"},
    "order_lines": {"price": "unit_price"},
    "coupons": {"at": "issued_at"},
}
_PRICE = "20.00"
_LIST = {"orders": "lines", "carts": "items"}
_LINES = {"orders": "order_lines", "carts": "cart_lines"}
_YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Said:
    """A row of the star, where the story says it, and when it became known, where that is said."""

    values: Mapping[str, Any]
    place: Place
    known: datetime | None = None


@dataclass
class Pen:
    """Writes rows of the star from what a document says; remembers who and what has been named."""

    tables: Mapping[str, Table]
    document: Document
    zone: str
    currency: str
    people: set[str] = field(default_factory=set)
    products: set[str] = field(default_factory=set)
    numbers: dict[str, int] = field(default_factory=dict)
    acted: set[str] = field(default_factory=set)  # people whose acts of consent the story tells itself
    written: set[tuple[str, str]] = field(default_factory=set)  # rows begun: what follows only corrects them
    lines: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # of each order

    def rows(self, said: Mapping[str, list[Row]], place: Place, default_at: datetime) -> dict[str, list[Said]]:
        """Rows of the star by table; `default_at`: when acts of consent happened of which no time is said."""
        made: dict[str, list[Said]] = {}
        acts = (row for word in ("consents", "consent_acts") for row in said.get(word, []))
        self.acted |= {str(row.get("contact")) for row in acts}
        for word, listed in said.items():
            for number, line in enumerate(listed):
                where = (*place, word, number)
                for row in self._each(line, where):
                    for table, values in self._spread(self._table(word, (*place, word)), dict(row), where, default_at):
                        made.setdefault(table.name, []).append(self._checked(table, values, where))
        return made

    def _each(self, line: Row, place: Place) -> list[Row]:
        try:
            return numbered(line)
        except ValueError as error:
            raise self.document.error(str(error), (*place, "many")) from None

    def unnamed(self, said: Mapping[str, list[Said]], at: datetime) -> dict[str, list[Said]]:
        """Rows for the people and products that are named here for the first time and given nowhere."""
        people, products = self._named(said)
        made: dict[str, list[Said]] = {}
        for who in sorted(people - self.people):
            made.setdefault("contacts", []).append(Said(_person(who), ()))
            if who not in self.acted:
                made.setdefault("consent_acts", []).append(Said(_act(who, {"happened_at": at.isoformat()}, None), ()))
        for product in sorted(products - self.products):
            made.setdefault("products", []).append(Said({**_product(product), "stock_policy": "unlimited"}, ()))
        self.people |= people
        self.products |= products
        return made

    def _table(self, word: str, place: Place) -> Table:
        name = SHORT.get(word, word)
        if name not in self.tables:
            known = ", ".join(sorted({*self.tables, *SHORT}))
            raise self.document.error(f"there is no table “{word}”; there are {known}", place)
        return self.tables[name]

    def _spread(
        self, table: Table, row: Row, place: Place, default_at: datetime
    ) -> Iterator[tuple[Table, dict[str, Any]]]:
        """The row itself, and the rows of other tables that are said inside it."""
        consent = row.pop("consent", None) if table.name == "contacts" else None
        inner = row.pop(_LIST[table.name], None) if table.name in _LIST else None
        values = self._plain(table, row)
        begins = self._begins(table, values)
        if table.name == "contacts":
            who = str(values.get("own_id"))
            self.people.add(who)
            yield table, (_person(who) if begins else {}) | values
            for act in self._acts(who, consent, default_at, place) if begins or consent else ():
                yield self.tables["consent_acts"], act
        elif table.name in _LIST:
            lines = self._lines(table, values, inner, place)
            yield table, _whole(table, values, lines) if begins else _corrected(values)
            for line in lines:
                yield self.tables[_LINES[table.name]], line
        elif table.name == "products":
            self.products.add(str(values.get("product")))
            yield table, (_product(values.get("product")) if begins else {}) | values
        else:
            yield table, values

    def _begins(self, table: Table, values: Mapping[str, Any]) -> bool:
        """Whether the story says this row for the first time."""
        key = (table.name, str(values.get("own_id" if table.name == "contacts" else table.key[0])))
        begins = key not in self.written
        self.written.add(key)
        return begins

    def _plain(self, table: Table, row: Row) -> dict[str, Any]:
        """The row in the star's own words."""
        words = {"id": "own_id" if table.name == "contacts" else table.key[0]}
        if table.happened:
            words["at"] = table.happened
        if table.column("id"):
            words.pop("id")
        words |= _WORDS.get(table.name, {})
        values = {words.get(name, name): value for name, value in row.items()}
        if table.name == "product_prices":
            values.setdefault("currency", self.currency)
        if table.name == "consent_acts":
            return _act(str(values.pop("contact", "")), values, None)
        if table.key != ("contact",) and len(table.key) == 1 and table.key[0] not in values:
            self.numbers[table.name] = self.numbers.get(table.name, 0) + 1
            values[table.key[0]] = f"{table.name}-{self.numbers[table.name]}"
        return values

    def _acts(self, who: str, consent: Any, at: datetime, place: Place) -> Iterator[dict[str, Any]]:
        """`consent: {email: granted}`, `consent: denied`, or nothing said, which is a yes; `none` is no act at all."""
        if consent is None and who in self.acted:
            return
        said = {"email": consent or "granted"} if not isinstance(consent, dict) else consent
        for channel, act in said.items():
            if act == "none":
                continue
            if not isinstance(act, str | dict):
                raise self.document.error("consent is said like {email: granted}", (*place, "consent"))
            more = {"act": act} if isinstance(act, str) else dict(act)
            if "at" in more:
                more["happened_at"] = more.pop("at")
            yield _act(who, {"channel": channel, **more}, at)

    def _lines(self, table: Table, values: dict[str, Any], inner: Any, place: Place) -> list[dict[str, Any]]:
        order = str(values.get("order_id"))
        if inner is None:  # lines said before are those of the order, with what is now said of it
            valid = {"valid": _corrected(values)["valid"]} if "valid" in _corrected(values) else {}
            return [line | valid for line in self.lines.get(order, [])] if valid else []
        if not isinstance(inner, list):
            raise self.document.error(f"“{_LIST[table.name]}” is a list of products", (*place, _LIST[table.name]))
        listed = [dict(each) if isinstance(each, dict) else {"product": each} for each in inner]
        if table.name == "carts":
            return [_item(values, each, number) for number, each in enumerate(listed)]
        try:
            lines = [_line(values, each, number, self.currency) for number, each in enumerate(listed)]
        except (InvalidOperation, TypeError):
            raise self.document.error("a line has a price and a quantity in figures", (*place, "lines")) from None
        self.lines[order] = lines
        return lines

    def _checked(self, table: Table, values: Mapping[str, Any], place: Place) -> Said:
        """Only columns that exist; instants in UTC."""
        known = values.get("known")
        checked = {}
        for name, value in values.items():
            if name == "known":
                continue
            column = table.column(name)
            if column is None:
                has = ", ".join(each.name for each in table.columns)
                raise self.document.error(f"table “{table.name}” has no column “{name}”; it has {has}", (*place, name))
            if isinstance(value, dict | list):
                raise self.document.error(f"“{name}” is one value, not several", (*place, name))
            checked[name] = value
            if column.type == "instant" and isinstance(value, str):
                checked[name] = self._instant(value, (*place, name)).isoformat()
            elif isinstance(value, datetime):
                checked[name] = value.isoformat()
        return Said(checked, place, self._instant(str(known), (*place, "known")) if known is not None else None)

    def _instant(self, text: str, place: Place) -> datetime:
        try:
            return instant_in(text, self.zone)
        except BadDocument as error:
            raise self.document.error(str(error), place) from None

    def _named(self, said: Mapping[str, list[Said]]) -> tuple[set[str], set[str]]:
        people, products = set(), set()
        for name, listed in said.items():
            columns = [each.name for each in self.tables[name].columns if is_contact(each)]
            for row in listed:
                people |= {str(row.values[each]) for each in columns if row.values.get(each) is not None}
                if name != "products" and row.values.get("product") is not None:
                    products.add(str(row.values["product"]))
        return people, products


def _person(who: str) -> dict[str, Any]:
    return {"own_id": who, "kind": "individual", "email": f"{who.lower()}@example.test"}


def _product(product: Any) -> dict[str, Any]:
    return {"product": product, "title": product}


def _act(who: str, said: Mapping[str, Any], at: datetime | None) -> dict[str, Any]:
    usual = {"channel": "email", "purpose": "marketing", "sender": "shop", "act": "granted", "affirmative": True}
    usual |= {"basis": "optin", "origin": "form", "wording": "…", "language": "fr", "proof": "form"}
    return {"contact": who, **usual, **({"happened_at": at} if at else {}), **said}


def _line(order: Mapping[str, Any], said: Mapping[str, Any], number: int, currency: str) -> dict[str, Any]:
    quantity, price = said.get("quantity", 1), said.get("price", said.get("unit_price", _PRICE))
    own = {name: value for name, value in said.items() if name != "price"}
    own |= {"quantity": quantity, "unit_price": price, "amount": str(Decimal(str(quantity)) * Decimal(str(price)))}
    of = {name: order[name] for name in ("order_id", "contact", "placed_at") if name in order}
    valid = _corrected(order).get("valid", True)
    usual = {"line": f"{order['order_id']}/{number}", "valid": valid, "currency": currency}
    return {**usual, **of, **own}


def _item(cart: Mapping[str, Any], said: Mapping[str, Any], number: int) -> dict[str, Any]:
    own = {"added_at" if name == "at" else name: value for name, value in said.items()}
    added = {"added_at": cart["touched_at"]} if "touched_at" in cart else {}
    of = {"cart": cart["cart"], "line": f"{cart['cart']}/{number:03}", "quantity": 1}
    return {**of, **({"contact": cart["contact"]} if "contact" in cart else {}), **added, **own}


def _whole(table: Table, values: dict[str, Any], lines: list[dict[str, Any]]) -> dict[str, Any]:
    """An order is valid and worth its lines; a cart was begun when it was touched, by somebody logged in."""
    if table.name == "carts":
        begun = {"started_at": values["touched_at"]} if "touched_at" in values else {}
        return {**begun, "logged_in": True, **values}
    amount = str(sum((Decimal(line["amount"]) for line in lines), Decimal(0)))
    usual: dict[str, Any] = {"status": "order", "valid": True, **({"amount": amount} if lines else {})}
    if lines:
        usual["currency"] = lines[0]["currency"]
    return usual | _corrected(values)


def _corrected(order: Mapping[str, Any]) -> dict[str, Any]:
    """An order said to be cancelled is not valid."""
    return ({"valid": False} if order.get("status") == "cancelled" else {}) | dict(order)


def earliest(tables: Mapping[str, Table], said: Mapping[str, list[Said]], zone: str) -> datetime | None:
    """When the first fact of all happened, acts of consent left out."""
    found = []
    for name, listed in said.items():
        happened = tables[name].happened
        if happened and name != "consent_acts":
            found += [row.values[happened] for row in listed if row.values.get(happened)]
    return min((instant_in(str(text), zone) for text in found), default=None)


def consented(first: datetime) -> datetime:
    """When people consented of whom nothing is said: a year before the story."""
    return first - _YEAR
