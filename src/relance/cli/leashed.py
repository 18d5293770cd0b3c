"""A command as the child of `relance serve`: it is interrupted, and so ends in good order, when its parent is gone."""

from __future__ import annotations

import _thread
import os
import sys
import threading


def main() -> None:
    """The command line of this process, for as long as its standard input is open."""
    threading.Thread(target=_until_let_go, name="leash", daemon=True).start()
    try:
        from relance.cli.main import main as command

        command()
    except KeyboardInterrupt:
        sys.exit(130)  # let go before it had begun


def _until_let_go() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    _thread.interrupt_main()


if __name__ == "__main__":
    main()
