"""`init` and `migrate`: a folder becomes a home, and an older home is brought up to date."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from relance.cli.opened import opened
from relance.cli.options import HomeOption, JsonOption
from relance.cli.output import say, say_json

if TYPE_CHECKING:
    from relance.base.home import Home

DOCUMENTS = ("feeds", "tables", "segments", "scenarios", "messages")


def init(home: HomeOption = None, json: JsonOption = False) -> None:
    """Make a home: settings, folders, secret, warehouse and ledger. What exists is never overwritten."""
    from relance.base.home import find_home

    found = find_home(home)
    made = furnish(found)
    with opened(found.path):
        pass
    if json:
        say_json({"home": str(found.path), "made": made})
        return
    say(f"{found.path}: {'made ' + ', '.join(made) if made else 'this is a home already; nothing was changed'}")
    say(
        "",
        f"Next: look through {found.settings_file}, put a mapping of your export into",
        f"{found.definitions / 'feeds'} (docs/how-to/add-a-source.md) and import a file of it:",
        f"  relance import --home {found.path} FILE",
    )


def furnish(home: Home) -> list[str]:
    """Writes what is missing of a home; answers the names of what was made."""
    home.path.mkdir(parents=True, exist_ok=True)
    made = []
    for folder in (home.inbox, home.mail, *(home.definitions / name for name in DOCUMENTS)):
        if not folder.exists():
            folder.mkdir(parents=True)
            made.append(str(folder.relative_to(home.path)) + "/")
    if not home.secret_file.exists():
        home.secret()
        made.append(home.secret_file.name)
    if not home.settings_file.exists():
        text = files("relance.cli").joinpath("relance.toml").read_text(encoding="utf-8")
        home.settings_file.write_text(text.replace("{seed}", home.secret().hex()[:12]), encoding="utf-8")
        made.append(home.settings_file.name)
    return made


def migrate(home: HomeOption = None, json: JsonOption = False) -> None:
    """Bring warehouse, ledger and accounts up to date with this version and with the documents of your own tables."""
    from relance.base.home import existing_home
    from relance.engines.sqlite import migrate_ledger
    from relance.web.accounts import migrate_accounts

    applied = migrate_ledger(existing_home(home).ledger)
    migrate_accounts(existing_home(home))
    with opened(home) as place:
        tables = len(place.tables)
    if json:
        say_json({"ledger_steps": applied, "tables": tables})
    else:
        say(f"The ledger took {applied} new steps; the warehouse has its {tables} tables.")
