"""``partyline people`` and ``partyline tokens``: what they do, and how they refuse."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import app


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARTYLINE_DATA_DIR", str(tmp_path))


def run(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, arguments)
    return done.exit_code, done.stdout, done.stderr


def listed(*more: str) -> list[dict[str, object]]:
    status, out, _ = run("people", "list", "--json", *more)
    assert status == 0
    told: list[dict[str, object]] = json.loads(out)["people"]
    return told


def test_a_person_is_added_changed_and_switched_off() -> None:
    assert run("people", "list")[1] == "Nobody has been given access yet.\n"
    added = ["people", "add", "Nora@example.com", "--role", "supervisor", "--queue", "Billing"]
    assert run(*added, "--right", "read_audit")[0] == 0
    nora = listed()[0]
    assert (nora["email"], nora["role"], nora["queues"], nora["rights_beside"]) == (
        "nora@example.com",
        "supervisor",
        ["Billing"],
        ["read_audit"],
    )
    assert run("people", "set", "nora@example.com", "--role", "admin", "--all-calls")[0] == 0
    assert (listed()[0]["role"], listed()[0]["all_calls"]) == ("admin", True)
    assert "off" in run("people", "disable", str(nora["id"]))[1]
    assert listed()[0]["disabled"] is True
    assert run("people", "sign-out-everywhere", "nora@example.com")[0] == 0
    assert run("people", "enable", "nora@example.com")[0] == 0
    assert listed()[0]["disabled"] is False
    assert listed("--org", "other") == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["people", "add", "nora"], "no e-mail address"),
        (["people", "add"], "Say who it is"),
        (["people", "add", "a@b.c", "--subject", "x"], "Say who it is"),
        (["people", "add", "--subject", "x"], "PARTYLINE_OIDC_ISSUER"),
        (["people", "add", "--identity", "x"], "64"),
        (["people", "set", "nobody@example.com", "--role", "admin"], "no such person"),
        (["tokens", "revoke", "none"], "no such token"),
        (["tokens", "add", "x", "--days", "0"], "days"),
    ],
)
def test_what_cannot_be_done_is_one_line(arguments: list[str], sentence: str) -> None:
    status, out, err = run(*arguments)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert sentence in err


def test_a_token_is_written_alone_and_once() -> None:
    status, secret, about = run("tokens", "add", "Export", "--role", "supervisor")
    assert status == 0
    assert secret.startswith("ply_")
    assert secret.strip() not in about
    status, told, _ = run("tokens", "list")
    assert "Export" in told
    assert secret.strip() not in told
    token_id = told.split()[0]
    assert run("tokens", "revoke", token_id)[0] == 0
    assert "revoked" in run("tokens", "list")[1]
