"""What is written about the program is what the program does: commands, options, exit codes, settings, READMEs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from typer.main import get_command

from relance.base import errors
from relance.base.settings import Settings, settings_from
from relance.cli.main import DEFECT, INTERRUPTED, app
from tests.conftest import PROJECT

COMMANDS = (PROJECT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
SETTINGS = (PROJECT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
INIT = PROJECT / "src" / "relance" / "cli" / "relance.toml"
HEAVY = {"duckdb", "ibis", "pyarrow", "django", "pandas"}


def leaves(command: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every command that does something, by its full name."""
    command = command or get_command(app)
    if hasattr(command, "commands"):
        for name, inner in command.commands.items():
            yield from leaves(inner, (*path, name))
    else:
        yield " ".join(path), command


def sections(text: str) -> dict[str, str]:
    """Text by its second-level heading."""
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_command_is_described_and_no_other() -> None:
    described = {name.removeprefix("relance ") for name in sections(COMMANDS) if name.startswith("relance ")}
    assert described == {name for name, _ in leaves()}


def test_every_option_is_described_and_no_other() -> None:
    for name, command in leaves():
        described = set(re.findall(r"^\| `(--[a-z-]+)", sections(COMMANDS)[f"relance {name}"], re.MULTILINE))
        options = {option for one in command.params for option in one.opts if option.startswith("--")}
        assert described == options - {"--help"}, name


def test_every_command_can_answer_in_json() -> None:
    for name, command in leaves():
        assert "--json" in {option for one in command.params for option in one.opts}, name
        assert "\nJSON: " in sections(COMMANDS)[f"relance {name}"], name


def test_every_exit_code_is_described_and_no_other() -> None:
    described = {int(code) for code in re.findall(r"^\| (\d+) \|", sections(COMMANDS)["Exit codes"], re.MULTILINE)}
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert described == {0, INTERRUPTED, DEFECT} | {kind.exit_code for kind in kinds}


def settings_parts(model: type[BaseModel], heading: str = "At the top") -> Iterator[tuple[str, set[str]]]:
    """The names of settings under each heading of the page."""
    inner = {name: part_of(field.annotation) for name, field in model.model_fields.items()}
    yield heading, {name for name, part in inner.items() if part is None}
    for name, part in inner.items():
        if part is not None:
            several = {"senders": ".NAME", "voice": ".LANGUAGE", "quiet_hours": ".CHANNEL"}.get(name, "")
            yield from settings_parts(part, f"`[{name}{several}]`")


def part_of(annotation: Any) -> type[BaseModel] | None:
    """The model inside an annotation: `Brand`, `dict[str, Sender]`, `Smtp | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in getattr(annotation, "__args__", ()) if (found := part_of(inner))), None)


def test_every_setting_is_described_and_no_other() -> None:
    described = {
        heading: set(re.findall(r"^\| `([a-z_]+)` \|", text, re.MULTILINE))
        for heading, text in sections(SETTINGS).items()
    }
    assert described == dict(settings_parts(Settings))


def test_the_settings_that_init_writes_name_every_setting_and_are_right() -> None:
    text = INIT.read_text(encoding="utf-8").replace("{seed}", "abc")
    shown = re.sub(r"^# (?=\[|[a-z_-]+ = )", "", text, flags=re.MULTILINE)
    data = tomllib.loads(shown)
    settings_from(data)
    assert set(data) == set(Settings.model_fields)
    for name in ("brand", "pressure", "smtp", "serve"):
        part = part_of(Settings.model_fields[name].annotation)
        assert part and set(data[name]) == set(part.model_fields), name
    settings_from(tomllib.loads(text))


def test_help_is_quick_for_it_loads_nothing_heavy() -> None:
    """`--help` of the whole and of every command, in one fresh process."""
    asked = [[], *(name.split() for name, _ in leaves()), *([name] for name in get_command(app).commands)]
    program = (
        "import sys\n"
        "from relance.cli.main import main\n"
        f"for words in {asked!r}:\n"
        "    try:\n"
        "        main([*words, '--help'])\n"
        "    except SystemExit as left:\n"
        "        assert left.code == 0, (words, left.code)\n"
        f"loaded = {HEAVY!r} & set(sys.modules)\n"
        "assert not loaded, loaded\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def shell_blocks(name: str) -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", (PROJECT / name).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def test_the_commands_of_the_readme_work(tmp_path: Path) -> None:
    """The shell blocks of the page, one after the other, where the examples are at hand; its twin has the same."""
    (tmp_path / "examples").symlink_to(PROJECT / "examples")
    blocks = shell_blocks("README.md")
    here = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    script = "set -eu\n" + "".join(blocks)
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=here, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(blocks) == 3
    assert "A2,once,refused,more_than_one_order" in done.stdout


def test_both_readmes_show_the_same_commands() -> None:
    twin = [block.replace(" --language fr", "") for block in shell_blocks("README.fr.md")]
    assert twin == shell_blocks("README.md")
