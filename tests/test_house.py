"""The rules of the house that no other checker knows, each told with the places that break it."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
LONGEST_MODULE = 400
LONGEST_FUNCTION = 50

NO_ROOM = {"utils", "helpers", "services", "managers", "core", "common"}
CLOCK = "src/relance/base/clock.py"
WALL_CLOCK = re.compile(r"(?:^|\.)(?:datetime\.(?:now|utcnow|today)|date\.today|time\.time|Timestamp\.now|ibis\.now)$")
SQL_CLOCK = re.compile(r"\b(?:now|today|get_current_timestamp)\(\)|\bcurrent_(?:timestamp|date|time)\b", re.IGNORECASE)
MACHINE_PATH = re.compile(r"(?<![\w.~}])/(?:work|root|home)/")
REGISTRY = re.compile(r"\b(?:pypi|pythonhosted|npmjs|crates|rubygems)\.(?:org|io|com)\b", re.IGNORECASE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
SECOND_SENTENCE = re.compile(r"[.!?]\s+[^\W\d_a-z]")


@cache
def tracked() -> tuple[str, ...]:
    """Every file of the project, the new ones too, what is ignored left out."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True).stdout
    return tuple(sorted(name for name in listing.split("\0") if name and (PROJECT / name).is_file()))


@cache
def texts() -> dict[str, str]:
    """Text by file name; a file that is not UTF-8 is data and left out."""
    found = {}
    for name in tracked():
        try:
            found[name] = (PROJECT / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return found


@cache
def modules() -> dict[str, ast.Module]:
    return {name: ast.parse(text) for name, text in texts().items() if name.endswith(".py")}


def nodes(*kinds: type[ast.AST]) -> Iterator[tuple[str, ast.AST]]:
    """Every node of these kinds in every module, with the module's name."""
    for name, tree in modules().items():
        yield from ((name, node) for node in ast.walk(tree) if isinstance(node, kinds))


def places(pattern: re.Pattern[str]) -> list[str]:
    """`file:line: what was found`, for every match in every tracked text."""
    return [
        f"{name}:{number}: {match.group()}"
        for name, text in texts().items()
        for number, line in enumerate(text.splitlines(), 1)
        for match in [pattern.search(line)]
        if match
    ]


def test_the_house_is_not_empty():
    assert "src/relance/base/errors.py" in modules()


def test_no_module_is_too_long():
    sizes = {name: len(texts()[name].splitlines()) for name in modules()}
    assert {name: size for name, size in sizes.items() if size > LONGEST_MODULE} == {}


def test_no_function_is_too_long():
    functions = nodes(ast.FunctionDef, ast.AsyncFunctionDef)
    sizes = {f"{name}:{node.lineno}": node.end_lineno - node.lineno + 1 for name, node in functions}
    assert {place: size for place, size in sizes.items() if size > LONGEST_FUNCTION} == {}


def test_every_module_says_in_one_sentence_what_it_is():
    silent = [name for name, tree in modules().items() if texts()[name].strip() and not is_sentence(tree)]
    assert silent == []


def is_sentence(tree: ast.Module) -> bool:
    """Whether the first paragraph of the module's docstring is one sentence with its full stop."""
    first = (ast.get_docstring(tree) or "").split("\n\n")[0].rstrip()
    return first.endswith((".", "!", "?")) and not SECOND_SENTENCE.search(first)


@pytest.mark.parametrize(
    ("docstring", "verdict"),
    [
        ("Files in, rows out.", True),
        ("Files in, rows out.\n\nThe order matters. Read on.", True),
        ("Files in. Rows out.", False),
        ("Files in", False),
        ("", False),
    ],
)
def test_a_docstring_of_one_sentence_is_told_from_others(docstring, verdict):
    assert is_sentence(ast.parse(repr(docstring))) is verdict


def test_only_the_clock_reads_the_wall_clock():
    calls = [(name, node) for name, node in nodes(ast.Call) if name != CLOCK]
    readers = [f"{name}:{node.lineno}" for name, node in calls if WALL_CLOCK.search(ast.unparse(node.func))]
    assert readers == []


def test_no_query_asks_the_engine_what_time_it_is():
    asked = [f"{name}:{line}" for name, line, text in queries() if SQL_CLOCK.search(text)]
    assert asked == []


def queries() -> Iterator[tuple[str, int, str]]:
    """What may reach the engine: SQL files, and every string of the product that is not documentation."""
    yield from ((name, 1, text) for name, text in texts().items() if name.endswith(".sql"))
    said = {id(node.value) for _, node in nodes(ast.Expr) if isinstance(node.value, ast.Constant)}
    for name, node in nodes(ast.Constant):
        if name.startswith("src/") and isinstance(node.value, str) and id(node) not in said:
            yield name, node.lineno, node.value


def test_no_room_has_a_name_that_says_nothing():
    assert [name for name in modules() if NO_ROOM & set(re.split(r"[/.]", name))] == []


def test_channels_do_not_know_one_another():
    assert [f"{name} imports {other}" for name, other in channel_imports() if other != own(name)] == []


def own(name: str) -> str:
    """The channel a module belongs to, empty for what stands above the channels' folders."""
    parts = name.split("/")
    return parts[3] if len(parts) > 4 else ""


def channel_imports() -> Iterator[tuple[str, str]]:
    """(module of a channel, channel whose folder it imports)."""
    folders = {own(name) for name in modules() if name.startswith("src/relance/channels/")}
    for name, node in nodes(ast.Import, ast.ImportFrom):
        if not name.startswith("src/relance/channels/") or not own(name):
            continue
        for dotted in imported(node):
            if dotted.startswith("relance.channels.") and dotted.split(".")[2] in folders:
                yield name, dotted.split(".")[2]


def imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    """Full dotted names of an import statement."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [f"{node.module}.{alias.name}" for alias in node.names]


def test_imports_within_the_house_are_written_in_full():
    assert [f"{name}:{node.lineno}" for name, node in nodes(ast.ImportFrom) if node.level] == []


def test_no_file_names_a_path_of_one_machine():
    assert places(MACHINE_PATH) == []


def test_no_file_names_a_package_registry():
    assert places(REGISTRY) == []


def test_every_link_of_the_documents_resolves():
    pages = {name: FENCE.sub("", text) for name, text in texts().items() if name.endswith(".md")}
    links = [(name, link) for name, text in pages.items() for link in LINK.findall(text)]
    assert [f"{name}: {link}" for name, link in links if not resolves(name, link)] == []


def resolves(page: str, link: str) -> bool:
    """Whether a link of a page leads to a file of the project, and to a heading of it where it names one."""
    if re.match(r"(?:https?|mailto):", link):
        return True
    path, _, heading = link.partition("#")
    target = ((PROJECT / page).parent / path).resolve() if path else PROJECT / page
    return target.exists() and (not heading or heading in headings(target.read_text(encoding="utf-8")))


def headings(text: str) -> set[str]:
    """Anchors of a page's headings, as forges write them."""
    titles = re.findall(r"^#+ (.+)$", FENCE.sub("", text), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_decisions_are_numbered_once():
    files = [Path(name).name for name in tracked() if name.startswith("docs/decisions/")]
    assert [name for name in files if not re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", name)] == []
    numbers = [name[:4] for name in files]
    assert sorted(number for number in set(numbers) if numbers.count(number) > 1) == []
