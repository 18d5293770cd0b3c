"""The page on adding a table is followed: its documents are written where it says, its commands are run."""

from __future__ import annotations

import re
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from tests.cli.conftest import Shell
from tests.conftest import PROJECT

PAGE = (PROJECT / "docs" / "how-to" / "add-a-table.md").read_text(encoding="utf-8")
FILES = re.findall(r"^```(?:yaml|text)\n# (\S+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
COMMANDS = "".join(re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)).splitlines()


def test_a_table_of_the_shops_own_is_declared_filled_asked_and_printed(shop: Path, relance: Shell) -> None:
    Path("my-home").symlink_to(shop)
    for name, text in FILES:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text, encoding="utf-8")
    assert len(FILES) == PAGE.count("```yaml") + PAGE.count("```text") == 6
    said = {}
    for line in COMMANDS:
        program, *words = line.split()
        done = relance(*words)
        assert (program, done.code) == ("relance", 0), done.err
        said[words[0]] = done.out
    assert said["audience"].strip() == "1"
    assert "dog-birthday" in said["plan"] and "not_targeted 1" in said["plan"]
    (file,) = (shop / "mail" / "new").iterdir()
    mail = BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(file.read_bytes())
    assert mail["To"] == "aline@example.test"
    for part in ("plain", "html"):
        body = mail.get_body((part,))
        assert body and "Zigomar Fant" in body.get_content()
