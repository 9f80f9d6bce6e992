"""``partyline rules`` and ``partyline analyse --rules``."""

from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from app.cli import app
from app.settings import Settings
from app.wiring import build_rules
from services.reading_rules import read_by_book
from services.storage.calls import CallStore
from services.storage.categories import CategoryStore
from services.storage.database import open_engine
from services.storage.schema import migrate
from services.storage.transcripts import TranscriptStore
from services.understanding.rules.ready_made import ready_made_rules
from tests.contract.stores import ORG, add, analysed

UPSET = "rules:\n- id: upset\n  name: Upset\n  when: {said: really upset}\n"


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The database of an installation with two calls in which somebody is upset."""
    monkeypatch.setenv("PARTYLINE_DATA_DIR", str(tmp_path))
    engine = open_engine(f"sqlite:///{tmp_path / 'partyline.db'}")
    migrate(engine)
    for _ in range(2):
        made = add(CallStore(engine))
        TranscriptStore(engine, read_by_book).save(ORG, made.id, 1, analysed())
    yield engine
    engine.dispose()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "upset.yaml"
    path.write_text(UPSET)
    return path


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def test_files_are_read_by_the_rules_of_this_installation(
    engine: Engine, file: Path, tmp_path: Path
) -> None:
    run("rules", "import", file)
    assert "upset" in {rule.id for rule in build_rules(Settings(data_dir=tmp_path))}
    fresh = tmp_path / "fresh"
    assert build_rules(Settings(data_dir=fresh)) == ready_made_rules()
    assert not fresh.exists()


def test_rules_are_taken_in_applied_and_listed(engine: Engine, file: Path) -> None:
    assert run("rules", "check", file).output == "1 rule, all of them usable.\n"
    assert "1 changed" in run("rules", "import", file).output
    assert "Nothing changed" in run("rules", "import", file).output
    ran = run("analyse", "--rules", "--rule", "upset")
    assert ran.exit_code == 0
    assert ran.stdout.splitlines()[1].split() == ["Upset", "2", "100.0%"]
    assert CategoryStore(engine).counts(ORG)["upset"] == 2
    listed = next(x for x in run("rules", "list").output.splitlines() if x.startswith("upset"))
    assert listed.split() == ["upset", "event", "on", "own", "2", "Upset"]
    assert "id: upset" in run("rules", "export", "upset").output


def test_rules_of_a_file_are_only_counted(engine: Engine, file: Path) -> None:
    before = CategoryStore(engine).counts(ORG)
    ran = run("analyse", "--rules", "--yaml", file)
    assert (ran.exit_code, ran.stdout.splitlines()[-1]) == (0, "2 calls looked at.")
    assert CategoryStore(engine).counts(ORG) == before


@pytest.mark.parametrize(
    "words",
    [
        ("analyse",),
        ("analyse", "--rules", "--rule", "nobody"),
        ("rules", "check", "/nowhere.yaml"),
        ("rules", "export", "nobody"),
    ],
)
def test_what_cannot_be_done_is_one_line(engine: Engine, words: tuple[str, ...]) -> None:
    ran = run(*words)
    assert ran.exit_code == 2
    assert ran.stderr.count("\n") == 1


def test_a_bad_rule_is_named_by_its_line(engine: Engine, file: Path) -> None:
    file.write_text(UPSET.replace("really upset", '"(open"'))
    ran = run("rules", "import", file)
    assert ran.exit_code == 2
    assert "Line 4" in ran.stderr
    assert "upset" not in run("rules", "list").output
