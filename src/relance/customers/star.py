"""The star that every shop is mapped to: one declaration per column, nothing else knows the tables."""

from __future__ import annotations

from relance.customers.tables import Column, ColumnType, Table


def _columns(text: str) -> tuple[Column, ...]:
    """`name type [*] [unit]` a line; a star marks a personal value."""
    rows = []
    for line in text.strip().splitlines():
        words = line.split()
        kind: ColumnType = words[1]  # type: ignore[assignment]
        marks = words[2:]
        unit = next((mark for mark in marks if mark != "*"), None)
        rows.append(Column(words[0], kind, "*" in marks, unit))
    return tuple(rows)


def _table(name: str, grain: str, key: str, columns: str, **more: object) -> Table:
    declared = _columns(columns)
    belongs = any(column.name == "contact" for column in declared)
    return Table(name, grain, tuple(key.split()), declared, contact=belongs, **more)  # type: ignore[arg-type]


_CONTACTS = """
contact integer
kind text
language text
zone text
country text
province text
store text
joined_on date
left_on date
deceased boolean
own_id text *
email text *
first_name text *
last_name text *
phone text *
birth_date date *
city text *
postal_code text *
"""

_ORDERS = """
order_id text
contact integer
placed_at instant
channel text
store text
status text
valid boolean
currency text
amount decimal currency
coupon text
delivered_at instant
"""

_ORDER_LINES = """
line text
order_id text
contact integer
placed_at instant
product text
quantity decimal
unit_price decimal currency
amount decimal currency
currency text
valid boolean
"""

_CARTS = """
cart text
contact integer
started_at instant
touched_at instant
logged_in boolean
stage text
status text
store text
"""

_CART_LINES = """
line text
cart text
contact integer
added_at instant
removed_at instant
product text
quantity decimal
"""

_PRODUCTS = """
product text
title text
author text
publisher text
category text
kind text
stock_policy text
url text
image_url text
sensitive boolean
"""

_CONSENT_ACTS = """
act_id text
contact integer
happened_at instant
channel text
purpose text
sender text
act text
confirmed boolean
origin text
wording text
language text
affirmative boolean
basis text
proof text
expires_at instant
"""

_TOUCHES = """
scenario text
step text
contact integer
occurrence text
channel text
happened_at instant
day date
purpose text
sender text
state text
"""

_REACTIONS = """
reaction text
contact integer
scenario text
step text
occurrence text
channel text
message_key text
kind text
verdict text
link text
happened_at instant
"""

DECLARED = (
    _table("contacts", "a person or an institution", "contact", _CONTACTS),
    _table(
        "identities",
        "one strong key of a contact",
        "kind value_hash",
        "kind text\nvalue_hash text\ncontact integer\nvalue text *",
    ),
    _table(
        "aliases",
        "a contact that turned out to be another",
        "contact",
        "contact integer\ninto integer\nhappened_at instant",
        happened="happened_at",
    ),
    _table("consent_acts", "one act of consent or refusal", "act_id", _CONSENT_ACTS, happened="happened_at"),
    _table(
        "suppressions",
        "an address that must not be written to",
        "contact channel",
        "contact integer\nchannel text\nhappened_at instant\nreason text\nlifted_at instant",
        happened="happened_at",
    ),
    _table(
        "touches",
        "one message reserved for or sent to a contact",
        "scenario step contact occurrence channel",
        _TOUCHES,
        happened="happened_at",
    ),
    # kind: open, click, unsubscribe, bounce, complaint; verdict: human, proxy, machine
    _table("reactions", "one thing a contact did with a message", "reaction", _REACTIONS, happened="happened_at"),
    # written by scenarios alone: `set`, and what an answer to a webhook may set
    _table(
        "contact_values",
        "a value that a scenario set for a contact",
        "setting",
        "setting text\ncontact integer\nset_at instant\nattribute text\nscenario text\nvalue text *",
        happened="set_at",
    ),
    # what became of the calls of webhook steps; state: done, failed
    _table(
        "webhook_results",
        "the end of one call to a system of the shop's own",
        "result",
        "result text\ncontact integer\nended_at instant\nscenario text\nstep text\noccurrence text\nstate text\n"
        "reason text",
        happened="ended_at",
    ),
    _table(
        "orders",
        "an order, a cancellation or an adjustment",
        "order_id",
        _ORDERS,
        happened="placed_at",
        conditions={"valid": "valid"},
    ),
    _table(
        "order_lines",
        "a line of an order",
        "line",
        _ORDER_LINES,
        happened="placed_at",
        owner="orders",
        conditions={"valid": "valid"},
    ),
    _table(
        "refunds",
        "money given back",
        "refund",
        "refund text\norder_id text\ncontact integer\nrefunded_at instant\namount decimal currency\n"
        "currency text\nwhole boolean",
        happened="refunded_at",
        conditions={"whole": "whole"},
    ),
    _table("carts", "a cart", "cart", _CARTS, happened="touched_at", conditions={"logged_in": "logged_in"}),
    _table("cart_lines", "a product in a cart", "line", _CART_LINES, happened="added_at", owner="carts"),
    _table("products", "a product", "product", _PRODUCTS),
    _table(
        "recurring_products",
        "a product that is bought again and again, and how many days one lasts",
        "product",
        "product text\ntype text\ninterval_days integer days\nadvice_fr text\nadvice_en text",
    ),
    _table(
        "recurring_types",
        "a type of recurring product (by name, or a category), and how many days one lasts",
        "type",
        "type text\ninterval_days integer days\nadvice_fr text\nadvice_en text",
    ),
    _table(
        "product_prices",
        "a price in force from an instant",
        "product currency valid_from",
        "product text\ncurrency text\nvalid_from instant\namount decimal currency",
        happened="valid_from",
    ),
    _table(
        "product_stock",
        "a count of a product at an instant",
        "product store counted_at",
        "product text\nstore text\ncounted_at instant\nquantity decimal",
        happened="counted_at",
    ),
    _table(
        "stores",
        "a shop one can walk into",
        "store",
        "store text\nname text\nphone text\nemail text\naddress text\ncity text\nprovince text\ncountry text"
        "\npostal_code text\nhours text\nurl text\nzone text\nlatitude number degrees\n"
        "longitude number degrees",
    ),
    _table(
        "reviews",
        "an opinion on a product",
        "review",
        "review text\ncontact integer\nproduct text\norder_id text\nreviewed_at instant\nrating integer\nwords text *",
        happened="reviewed_at",
    ),
    _table(
        "complaints",
        "something that went wrong, until it is settled",
        "complaint",
        "complaint text\ncontact integer\norder_id text\nopened_at instant\nclosed_at instant\nkind text\nwords text *",
        happened="opened_at",
    ),
    _table(
        "subscriptions",
        "a running subscription",
        "subscription",
        "subscription text\ncontact integer\nproduct text\nstarted_at instant\nends_on date\n"
        "auto_renew boolean\nstatus text",
        happened="started_at",
    ),
    _table(
        "site_visits",
        "a page seen by a contact",
        "visit",
        "visit text\ncontact integer\nvisited_at instant\npage text\nproduct text\ncategory text",
        happened="visited_at",
    ),
    _table(
        "push_campaigns",
        "a push shown to a contact",
        "push",
        "push text\ncontact integer\nsent_at instant\ncampaign text\nstatus text",
        happened="sent_at",
    ),
    _table(
        "local_campaigns",
        "an action of a shop towards a contact",
        "action",
        "action text\ncontact integer\nstore text\nhappened_at instant\ncampaign text\nstatus text",
        happened="happened_at",
    ),
    _table(
        "service_events",
        "a call, complaint or request",
        "event",
        "event text\ncontact integer\nhappened_at instant\nkind text\nstatus text\nwords text *",
        happened="happened_at",
    ),
    _table(
        "app_events",
        "something done in the application",
        "event",
        "event text\ncontact integer\nhappened_at instant\nkind text\nproduct text",
        happened="happened_at",
    ),
    _table(
        "recommendations",
        "a product suggested for a contact",
        "contact product",
        "contact integer\nproduct text\nscored_at instant\nscore number\nrank integer",
        happened="scored_at",
    ),
    _table(
        "wishlists",
        "a product wished for",
        "wish",
        "wish text\ncontact integer\nproduct text\nadded_at instant\nremoved_at instant",
        happened="added_at",
    ),
    _table(
        "coupons",
        "a coupon given to a contact",
        "coupon",
        "coupon text\ncontact integer\nissued_at instant\nexpires_on date\nredeemed_at instant\nstatus text\n"
        "code text *\namount decimal currency\ncurrency text",
        happened="issued_at",
    ),
    _table(
        "children",
        "a child of a contact",
        "child",
        "child text\ncontact integer\nadded_at instant\nfirst_name text *\nbirth_date date *",
        happened="added_at",
    ),
    _table(
        "referrals",
        "a customer who brought another",
        "referral",
        "referral text\ncontact integer\nreferee integer\nreferred_at instant\nstatus text",
        happened="referred_at",
    ),
    _table(
        "calls",
        "a call of a scenario by another system",
        "scenario call",
        "scenario text\ncall text\ncontact integer\ncalled_at instant\nfields text *",
        happened="called_at",
    ),
    _table(
        "loyalty_accounts",
        "a loyalty account",
        "account",
        "account text\ncontact integer\nopened_at instant\ntier text\npoints decimal points\ncard_number text *",
        happened="opened_at",
    ),
    _table(
        "loyalty_lots",
        "points that expire together",
        "lot",
        "lot text\ncontact integer\nearned_at instant\nexpires_on date\npoints decimal points",
        happened="earned_at",
    ),
    _table(
        "running_operations",
        "an operation a contact takes part in",
        "operation contact",
        "operation text\ncontact integer\njoined_at instant\nends_on date\nstatus text",
        happened="joined_at",
    ),
)

STAR: dict[str, Table] = {table.name: table for table in DECLARED}
