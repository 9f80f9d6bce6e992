"""A master key that a command gives, in bounded time, and of which nothing is told."""

import sys
from pathlib import Path

import pytest

from services.domain.errors import KeyCommandFailed, PartylineError, WrongKey
from services.storage import key_sources
from services.storage.key_sources import KeyFile, key_of_command, load_master_key
from services.storage.keys import MasterKey

KEY = "ab" * 32
NO_FILE = Path("none")


def command(script: str) -> str:
    return f'{sys.executable} -c "{script}"'


def test_a_command_gives_the_key_once_a_process(tmp_path: Path) -> None:
    told = tmp_path / "told"
    asked = command(f"print('{KEY}'); open('{told}', 'a').write('x')")
    for _ in range(3):
        key = load_master_key(None, asked, NO_FILE)
    assert key.key_id == MasterKey(bytes.fromhex(KEY)).key_id
    assert told.read_text() == "x"
    # What is set wins, and nothing is run.
    other = load_master_key("cd" * 32, "/bin/false", NO_FILE)
    assert other.key_id != key.key_id
    assert not NO_FILE.exists()


@pytest.mark.parametrize(
    ("script", "kind", "words"),
    [
        (command("import sys; print('secret'); sys.exit(3)"), KeyCommandFailed, "status 3"),
        ("/no/such/program", KeyCommandFailed, "can't be run"),
        ('"unclosed', KeyCommandFailed, "can't be run"),
        ("", KeyCommandFailed, "can't be run"),
        (command("print('secret')"), WrongKey, "32 bytes"),
        (command("import time; print('secret', flush=1); time.sleep(60)"), KeyCommandFailed, "2 s"),
    ],
)  # fmt: skip
def test_a_command_that_fails_ends_in_one_sentence(
    script: str,
    kind: type[PartylineError],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(key_sources, "COMMAND_WITHIN_S", 2.0)
    with pytest.raises(kind, match=words) as caught:
        MasterKey.from_text(key_of_command(script))
    assert "secret" not in str(caught.value)
    assert "secret" not in "".join(capfd.readouterr())


def test_a_replacement_that_broke_off_is_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "key"
    before = KeyFile(path).current().key_id
    # Killed after the old key was put aside and before the new one took its place.
    (tmp_path / "key.previous").hardlink_to(path)
    file = KeyFile(path)
    assert file.replace()
    assert not file.replace()
    after = file.current().key_id
    assert after != before
    assert {one.name for one in tmp_path.iterdir()} == {"key", "key.previous"}
    for key_id in (before, after):
        found = KeyFile(path).find(key_id)
        assert found is not None
        assert found.key_id == key_id
    assert KeyFile(path).find("other") is None
