"""A home becomes the office that its tracker stands on: keys of links, the brand's name, ledger and hits."""

from __future__ import annotations

from relance.base.clock import Clock
from relance.base.home import Home
from relance.channels.setup import verifying_keys
from relance.tracking.app import Office, Tracker


def tracker_of(home: Home, clock: Clock | None = None) -> Tracker:
    """The tracker of a home, to be mounted where `/t/` begins or served alone; its clock is that of the home."""
    settings = home.settings()
    keys = verifying_keys(home.secret(), settings.tracking.key)
    senders = {name: sender.from_name for name, sender in settings.senders.items()}
    office = Office(keys, settings.brand.name, senders, home.ledger, home.hits)
    return Tracker(office, clock or home.clock())
