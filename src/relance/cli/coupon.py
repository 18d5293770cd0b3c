"""`coupon …`: pools of codes for messages to print, each code for one person."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from relance.base.errors import BadDocument
from relance.cli.opened import clock_at, opened_ledger
from relance.cli.options import AsOfOption, HomeOption, JsonOption
from relance.cli.output import say, say_json, say_table

group = typer.Typer(help="Pools of coupon codes.", no_args_is_help=True, rich_markup_mode=None)

PoolName = Annotated[str, typer.Argument(metavar="POOL", help="The pool that steps name: coupon: POOL.")]
CodeFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="A CSV with a column `code`, and `expires_on` (2026-12-31) if they end.")
]


class Became(StrEnum):
    """What the shop may say of a code."""

    redeemed = "redeemed"
    withdrawn = "withdrawn"


@group.command("add")
def add(
    pool: PoolName, file: CodeFile, as_of: AsOfOption = None, home: HomeOption = None, json: JsonOption = False
) -> None:
    """Put the codes of a file into a pool; those that are there stay as they are."""
    from relance.messages.coupon_files import check_pool, read_codes

    check_pool(pool)
    codes = read_codes(file)
    with opened_ledger(home) as ledger:
        new = ledger.add_codes(pool, codes, clock_at(as_of, "UTC").now())
    if json:
        say_json({"pool": pool, "read": len(codes), "new": new})
    else:
        say(f"{new:,} new codes in {pool}; {len(codes) - new:,} were there.")


@group.command("list")
def list_(home: HomeOption = None, json: JsonOption = False) -> None:
    """Say how many codes of each pool are free, reserved, issued, redeemed, withdrawn or expired."""
    with opened_ledger(home) as ledger:
        counts = ledger.code_counts(clock_at(None, "UTC").now().date())
    if json:
        say_json({"codes": [{"pool": pool, "state": state, "codes": number} for pool, state, number in counts]})
    elif counts:
        say_table(("pool", "state", "codes"), counts)
    else:
        say("There is no pool yet; make one with: relance coupon add POOL FILE")


@group.command("mark")
def mark(
    pool: PoolName,
    became: Annotated[Became, typer.Argument(help="redeemed at a till, or withdrawn before anybody has it.")],
    file: CodeFile,
    as_of: AsOfOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Say of the codes of a file that they were redeemed, or that nobody shall get them."""
    from relance.messages.coupon_files import read_codes

    codes = read_codes(file)
    with opened_ledger(home) as ledger:
        if not any(row[0] == pool for row in ledger.code_counts(clock_at(None, "UTC").now().date())):
            raise BadDocument(f"there is no pool “{pool}”; see them with: relance coupon list")
        changed = ledger.mark_codes(pool, [each.code for each in codes], became, clock_at(as_of, "UTC").now())
    left = len(codes) - changed
    if json:
        say_json({"pool": pool, "state": became, "read": len(codes), "changed": changed})
    else:
        say(f"{changed:,} codes of {pool} are {became} now; {left:,} could not be, or were.")
