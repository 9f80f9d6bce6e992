"""``backup``, ``restore``, ``erase`` and ``usage`` as people give them."""

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from app.settings import Settings
from app.wiring import build_services
from services.domain.calls import CallDetails, ProcessingOptions
from services.domain.people import LOCAL_USER
from services.upkeep.manifest import BackupManifest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def partyline(commands, tmp_path):
    """Run the command on a data folder of its own."""
    environment = {
        **{k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG"}},
        "PYTHONPATH": str(ROOT),
        "PARTYLINE_DATA_DIR": str(tmp_path / "data"),
    }

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        return commands.run(arguments, env=environment, cwd=tmp_path)

    return run


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one sentence of a command that refused."""
    [line] = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (2, "")
    return line


def test_a_customer_is_counted_then_backed_up_then_erased(partyline, tmp_path):
    services = build_services(Settings(data_dir=tmp_path / "data", scripted_provider=True))
    with services.intake.begin(LOCAL_USER, "call.wav") as incoming:
        incoming.write(b"sound of somebody")
        details = CallDetails(customer_ref="C-1")
        incoming.commit(ProcessingOptions(provider="scripted"), details)
    services.close()

    # A disk that isn't mounted is not taken for a place in which nothing is left.
    for asked in (
        ("erase", "verify", "--customer", "C-1", "--backup", "b"),
        ("backup", "list", "b"),
    ):
        assert "no such backup" in refused(partyline(*asked))
    assert not (tmp_path / "b").exists()
    counted = partyline("erase", "--customer", "C-1")
    assert counted.returncode == 0, counted.stderr
    assert "1 calls" in counted.stdout
    assert "--yes" in counted.stdout
    used = partyline("usage", "--json")
    assert used.returncode == 0, used.stderr
    told = json.loads(used.stdout)
    assert (told["sound"]["files"], told["growth"][0]["calls"], told["minutes"]) == (1, 1, [])
    assert "stored sound" in partyline("usage").stdout
    made = partyline("backup", "b", "--json", "--with-key")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["calls"] == 1
    assert "can hear every call" in made.stderr
    [key] = (tmp_path / "b" / "keys").iterdir()
    assert key.read_text() == (tmp_path / "data" / "partyline.key").read_text()
    assert "all whole" in partyline("backup", "verify", "b").stdout
    assert "1 calls" in partyline("backup", "list", "b").stdout
    assert "Choose an empty place" in refused(partyline("restore", "b"))

    erased = partyline("erase", "--customer", "C-1", "--yes", "--json")
    told = json.loads(erased.stdout)
    assert (told["erased"], told["calls"], told["sound_files"]) == (True, 1, 1)
    assert "Backups made before" in erased.stderr
    assert "Nothing is stored" in partyline("erase", "--customer", "C-1").stdout

    back = partyline("restore", "b")
    assert back.returncode == 0, back.stderr
    # What was erased stays away, though the backup was made before.
    assert "Nothing is stored" in partyline("erase", "--customer", "C-1").stdout
    for part in (tmp_path / "b" / "objects").rglob("*"):
        if part.is_file():
            part.write_bytes(b"damaged")
    damaged = partyline("backup", "verify", "b")
    assert (damaged.returncode, damaged.stdout.count("damaged: ")) == (2, 1)
    left = partyline("erase", "verify", "--customer", "C-1", "--backup", "b")
    assert (left.returncode, "FOUND in backup" in left.stdout) == (1, True), left.stderr
    scrubbed = partyline("backup", "scrub", "b")
    assert "taken out of 1 backups, 1 sound files" in scrubbed.stdout, scrubbed.stderr
    assert partyline("backup", "verify", "b").returncode == 0
    left = partyline("erase", "verify", "--customer", "C-1", "--backup", "b")
    assert (left.returncode, "Nothing is left." in left.stdout) == (0, True), left.stdout
    assert partyline("backup", "prune", "b", "--keep", "1").stdout == "0 backups deleted\n"


def test_a_backup_of_an_earlier_version_is_restored_by_who_says_so(partyline, tmp_path):
    services = build_services(Settings(data_dir=tmp_path / "data", scripted_provider=True))
    with services.intake.begin(LOCAL_USER, "call.wav") as incoming:
        incoming.write(b"sound of somebody")
        incoming.commit(ProcessingOptions(provider="scripted"), CallDetails())
    services.close()
    assert partyline("backup", "b").returncode == 0
    [file] = (tmp_path / "b").glob("backups/*/manifest.json")
    manifest = BackupManifest.from_json(file.read_bytes())
    file.write_bytes(replace(manifest, signature=None).to_json())
    (tmp_path / "b" / "erased").unlink()
    for part in (tmp_path / "data").glob("partyline.db*"):
        part.unlink()

    assert "not signed" in partyline("backup", "list", "b").stdout
    verified = partyline("backup", "verify", "b")
    assert (verified.returncode, "not signed" in verified.stdout) == (2, True)
    assert "--unsigned takes it all the same" in refused(partyline("restore", "b"))
    back = partyline("restore", "b", "--unsigned")
    assert (back.returncode, back.stdout) == (0, f"{file.parent.name}: 1 calls restored\n")
    assert "nobody vouches for what was restored" in back.stderr
    assert json.loads(partyline("usage", "--json").stdout)["growth"][0]["calls"] == 1


def test_where_there_is_nothing(partyline, tmp_path):
    assert "no database of calls" in refused(partyline("backup", "b"))
    assert "no database of calls" in refused(partyline("usage"))
    assert "no such backup" in refused(partyline("restore", "b"))
    assert "no such backup" in refused(partyline("backup", "verify", "b", "--backup", "../x"))
    by_address = (tmp_path / "b").as_uri()
    for asked in (["list", "b"], ["list", by_address], ["prune", "b", "--keep", "1"]):
        assert "no such backup" in refused(partyline("backup", *asked))
    assert not (tmp_path / "b").exists()
    assert not (tmp_path / "data" / "partyline.db").exists()
