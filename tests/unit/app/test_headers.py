"""What browsers are told with every answer."""

from pathlib import Path

import pytest
import streamlit

from app.headers import BARE_POLICY, SecurityHeaders, page_script_hashes


def policy_of(path: str, host: str = "localhost:8501", **about: object) -> dict[str, str]:
    told = dict(SecurityHeaders(**about).of(path, host))  # type: ignore[arg-type]
    parts = told[b"content-security-policy"].decode().split("; ")
    return {name: sources for name, _, sources in (part.partition(" ") for part in parts)}


def test_pages_run_their_own_scripts_and_nothing_inline() -> None:
    policy = policy_of("/calls", script_hashes=("'sha256-abc'",))
    assert policy["script-src"] == "'self' blob: 'wasm-unsafe-eval' 'sha256-abc'"
    assert policy["default-src"] == "'self'"
    assert policy["object-src"] == "'none'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'self'"
    assert policy["connect-src"] == "'self' ws://localhost:8501 wss://localhost:8501"
    assert "'unsafe-eval'" not in str(policy)


@pytest.mark.parametrize("host", ["a.test; script-src *", "a.test\r\nX: y", "*", "", "a b", "ü"])
def test_a_host_that_is_none_adds_nothing_to_the_policy(host: str) -> None:
    assert policy_of("/", host)["connect-src"] == "'self'"


@pytest.mark.parametrize("path", ["/-/review/x", "/api/v1/calls", "/webhooks/a/b"])
def test_our_own_routes_may_load_nothing(path: str) -> None:
    told = dict(SecurityHeaders().of(path, "localhost"))
    assert told[b"content-security-policy"].decode() == BARE_POLICY


def test_only_the_encrypted_name_is_told_to_stay_encrypted() -> None:
    headers = SecurityHeaders(encrypted_host="calls.example")
    assert b"strict-transport-security" in dict(headers.of("/", "Calls.example:443"))
    assert b"strict-transport-security" not in dict(headers.of("/", "localhost:8501"))
    assert b"strict-transport-security" not in dict(SecurityHeaders().of("/", "calls.example"))


def test_the_framework_s_page_has_inline_scripts_that_are_known(tmp_path: Path) -> None:
    index = Path(streamlit.__file__).parent / "static" / "index.html"
    assert len(page_script_hashes(index)) >= 1
    page = tmp_path / "page.html"
    page.write_text('<script>let a</script><script src="b.js"></script><script type="x">c</script>')
    assert len(page_script_hashes(page)) == 2
