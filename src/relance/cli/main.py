"""What somebody types becomes a command; what goes wrong becomes one sentence and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import typer

from relance.base.errors import RelanceError
from relance.cli import (
    audience,
    backtest,
    calling,
    contact,
    coupon,
    decisions,
    demo,
    doctor,
    explaining,
    files,
    home,
    message,
    report,
    scenario,
    sending,
    serve,
    stories,
    tracking,
    turns,
    webhook,
)
from relance.cli.opened import Served

INTERRUPTED = 130
DEFECT = 70
SHOW_DEFECTS = "RELANCE_TRACEBACK"

app = typer.Typer(
    name="relance",
    help="Relance: the right person, the right message, the right moment, and what it earned.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

# One line per command that stands alone, in the order in which a newcomer meets them.
COMMANDS: dict[str, Callable[..., Any]] = {
    "init": home.init,
    "migrate": home.migrate,
    "import": files.import_,
    "rejects": files.rejects,
    "plan": turns.plan,
    "run": turns.run,
    "backtest": backtest.backtest,
    "send": sending.send,
    "track": tracking.track,
    "explain": explaining.explain,
    "test": stories.test,
    "report": report.report,
    "serve": serve.serve,
    "link": serve.link,
    "demo": demo.demo,
    "doctor": doctor.doctor,
}
# One line per group of commands.
GROUPS: dict[str, typer.Typer] = {
    "feed": files.feed,
    "audience": audience.group,
    "scenario": scenario.group,
    "message": message.group,
    "decisions": decisions.group,
    "contact": contact.group,
    "webhook": webhook.group,
    "coupon": coupon.group,
    "token": calling.tokens,
}

scenario.group.command("call")(calling.call)
for _name, _command in COMMANDS.items():
    app.command(_name)(_command)
for _name, _group in GROUPS.items():
    app.add_typer(_group, name=_name)


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point: never returns, always an exit code."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        try:
            app(args=given)
        except Served as served:
            sys.exit(_ask(served, given))
    except RelanceError as error:
        _leave(str(error), error.exit_code)
    except KeyboardInterrupt:
        _leave("interrupted; what was not finished was not kept", INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has gone: nothing more to say
        sys.exit(0)
    except OSError as error:
        _leave(f"{error.filename or 'the system'}: {error.strerror or error}", RelanceError.exit_code)
    except Exception as error:
        if os.environ.get(SHOW_DEFECTS):
            raise
        _leave(_defect(error), DEFECT)


def _ask(served: Served, arguments: Sequence[str]) -> int:
    from relance.base.home import VARIABLE
    from relance.serving.door import ask

    with served.channel as channel:
        try:
            return ask(channel, arguments, os.environ.get(VARIABLE))
        except KeyboardInterrupt:
            _leave("the process that serves this home goes on with what was asked; nobody waits for it", INTERRUPTED)


def _defect(error: Exception) -> str:
    said = str(error).splitlines()[0] if str(error) else "no words"
    return f"a defect of Relance, {type(error).__name__} ({said}); set {SHOW_DEFECTS}=1 to see where, and report it"


def _leave(sentence: str, code: int) -> NoReturn:
    print(f"relance: {sentence}", file=sys.stderr)
    sys.exit(code)
