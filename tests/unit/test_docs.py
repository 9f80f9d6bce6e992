"""What the pages of docs/ point at is there."""

import re
from pathlib import Path

import pytest

from app.settings import Settings
from tests.unit.test_setup_files import ROOT

PAGES = sorted([*ROOT.glob("docs/**/*.md"), ROOT / "README.md"], key=str)
TEST = re.compile(r"`(tests/[\w/.]*|test_\w+\.py)`")
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)")
HEADING = re.compile(r"^#+ (.+)$", re.M)
PROMISE = re.compile(r"^\| (?P<promise>[^|]+) \| (?P<how>[^|]+) \| (?P<shown_by>[^|]+) \|$", re.M)
SETTING = re.compile(r"`(PARTYLINE_[A-Z][A-Z_]*[A-Z])(?:=[^`]*)?`")
# Read by what builds, tests or starts it, before there are settings.
NO_SETTINGS = {"PARTYLINE_CHROMIUM"}


def anchor(heading: str) -> str:
    """Return what a heading is linked by."""
    plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


def ids(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_named_tests_exist(page: Path) -> None:
    for name in TEST.findall(page.read_text("utf-8")):
        found = [ROOT / name] if "/" in name else list(ROOT.glob(f"tests/**/{name}"))
        assert any(one.exists() for one in found), name


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_links_lead_somewhere(page: Path) -> None:
    for path, heading in LINK.findall(page.read_text("utf-8")):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), path
        if heading and target.suffix == ".md":
            headings = HEADING.findall(target.read_text("utf-8"))
            assert heading in map(anchor, headings), f"{path}#{heading}"


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_named_settings_exist(page: Path) -> None:
    known = {str(field.validation_alias) for field in Settings.model_fields.values()}
    for name in SETTING.findall(page.read_text("utf-8")):
        assert name in known | NO_SETTINGS, name


def test_every_promise_of_security_names_a_test() -> None:
    text = (ROOT / "docs/security.md").read_text("utf-8")
    _, _, after = text.partition("## Promises, and what shows them\n")
    table, _, _ = after.partition("\n## ")
    lines = [line for line in table.splitlines() if line.startswith("| ")][1:]
    rows = [PROMISE.match(line) for line in lines]
    assert len(rows) > 50
    for line, row in zip(lines, rows, strict=True):
        assert row, line
        assert TEST.search(row["shown_by"]) or "`tests/`" in row["shown_by"], row["promise"]
