"""What the set-up and the image promise, checked without running them."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENT_PAGES = ["requirements.txt", "requirements-dev.txt"]
SHELL_SCRIPTS = [
    "bin/_setup.sh",
    "bin/run",
    "bin/test",
    "bin/partyline",
    "bin/lock",
    "bin/audit-dependencies",
    ".ci/run",
]
STEPS = {"libraries", "build-tools", "runtime", "tests"}

PINNED = re.compile(r"^[a-z0-9][a-z0-9._-]*(\[[a-z0-9,_-]+\])?==[^\s;]+( ; [^\\]+)?( \\)?$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def requirements(page: str) -> Iterator[tuple[str, list[str]]]:
    """Each requirement line of a page with the lines that belong to it."""
    name, belongings = "", list[str]()
    for line in read(page).splitlines():
        if line.startswith("#") or not line:
            continue
        if line[0].isspace():
            belongings.append(line)
            continue
        if name:
            yield name, belongings
        name, belongings = line, []
    yield name, belongings


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~; ]", name, maxsplit=1)[0]).lower()


# ---------------------------------------------------------------- requirements


@pytest.mark.parametrize("page", REQUIREMENT_PAGES)
def test_every_requirement_is_pinned_and_hashed(page: str):
    for name, belongings in requirements(page):
        assert PINNED.match(name), name
        hashes = [line for line in belongings if not line.lstrip().startswith("#")]
        assert hashes, name
        assert all(HASH.match(line) for line in hashes), name


@pytest.mark.parametrize("page", [*REQUIREMENT_PAGES, "requirements.in", "requirements-dev.in"])
def test_no_requirement_page_names_an_index_or_a_host(page: str):
    text = read(page)
    assert "://" not in text
    assert not re.search(r"(?m)^\s*(--|-[if] )(?!hash)", text)
    assert not re.search(r"index-url|find-links|trusted-host|file:", text)


@pytest.mark.parametrize(
    ("asked", "locked"),
    [("requirements.in", "requirements.txt"), ("requirements-dev.in", "requirements-dev.txt")],
)
def test_what_is_asked_for_is_locked(asked: str, locked: str):
    wanted = {canonical(line) for line in read(asked).splitlines() if line[:1].isalnum()}
    assert wanted <= {canonical(name) for name, _ in requirements(locked)}


def test_one_version_of_a_package_for_everyone():
    runtime = dict(name.split(" ")[0].split("==") for name, _ in requirements("requirements.txt"))
    assert len(runtime) == len(list(requirements("requirements.txt")))
    for name, _ in requirements("requirements-dev.txt"):
        package, version = name.split(" ")[0].split("==")
        assert runtime.get(package, version) == version


def test_no_torch_in_the_default_install():
    assert not {"torch", "torchaudio"} & {
        canonical(name) for page in REQUIREMENT_PAGES for name, _ in requirements(page)
    }


# ---------------------------------------------------------------- shell scripts


@pytest.mark.parametrize("script", SHELL_SCRIPTS)
def test_shell_script_is_well_formed(script: str):
    bash = shutil.which("bash")
    assert bash
    checked = subprocess.run([bash, "-n", ROOT / script], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("script", [name for name in SHELL_SCRIPTS if name != "bin/_setup.sh"])
def test_entrances_can_be_executed(script: str):
    assert (ROOT / script).stat().st_mode & 0o111 == 0o111
    assert read(script).startswith("#!/usr/bin/env bash\n")


def test_entrances_share_one_set_up():
    for script in ("bin/run", "bin/partyline", "bin/test"):
        assert "/_setup.sh" in read(script)
    assert re.search(r"(?m)^setup_runtime$", read("bin/run"))
    assert re.search(r"(?m)^setup_runtime$", read("bin/partyline"))
    assert re.search(r"(?m)^setup_tests$", read("bin/test"))
    assert "exec ./bin/test" in read(".ci/run")


def test_packages_that_could_not_be_looked_up_are_not_taken_for_sound(tmp_path: Path):
    """The tool ends with 0 where an index tells of no vulnerability at all, for any package."""
    program = read("bin/audit-dependencies").split("<<'PYTHON'", 1)[1].split("\n", 1)[1]
    program, _ = program.split("\nPYTHON\n")
    flaw = {"id": "CVE-1", "fix_versions": ["2"]}
    unseen, sound = {"name": "a", "skip_reason": "?"}, {"name": "b", "version": "1", "vulns": []}
    cases = [
        ([sound], 0, ""),
        ([unseen], 2, ""),
        ([unseen, sound], 1, "page: a could not be looked up\n"),
        ([sound | {"vulns": [flaw]}], 1, "page: b 1: CVE-1, mended in 2\n"),
    ]
    found = tmp_path / "found"
    for packages, status, told in cases:
        found.write_text(json.dumps({"dependencies": packages}))
        command = [sys.executable, "-c", program, "page", found]
        done = subprocess.run(command, capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (status, told), done.stderr


def test_set_up_names_no_index():
    for script in SHELL_SCRIPTS:
        text = read(script)
        assert not re.search(r"(?<!--no-emit-)(index-url|find-links)|trusted-host|PIP_[A-Z]", text)
        assert "://" not in text.replace("http://localhost:8501", "")


def _setup(command: str, **environment: str) -> str:
    bash = shutil.which("bash")
    assert bash
    script = f'source "{ROOT}/bin/_setup.sh"; {command}'
    return subprocess.run(
        [bash, "-c", script],
        check=True,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", **environment},
    ).stdout


def test_pyaudio_is_kept_apart_and_nothing_is_lost():
    everything = [line for line in read("requirements.txt").splitlines() if line[:1].isalnum()]
    rest = _setup("requirements_for all").splitlines()
    alone = _setup("requirements_for only").splitlines()
    assert [line.split("==")[0] for line in alone if line[:1].isalnum()] == ["pyaudio"]
    assert any(HASH.match(line) for line in alone)
    assert sorted(everything) == sorted(line for line in [*rest, *alone] if line[:1].isalnum())
    assert not any("pyaudio==" in line for line in rest)


def test_set_up_is_deaf_to_another_environment():
    heard = _setup(
        'printf "%s|%s" "${PYTHONPATH:-}" "${PYTHONHOME:-}"', PYTHONPATH="x", PYTHONHOME="y"
    )
    assert heard == "|"


# ---------------------------------------------------------------- the image


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions with continuation lines joined."""
    text = "\n".join(line for line in read("Dockerfile").splitlines() if line[:1] != "#")
    joined = re.sub(r"\\\n\s*", " ", text)
    lines = [line.strip() for line in joined.splitlines() if line.strip()]
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in lines]


def last_stage() -> list[tuple[str, str]]:
    everything = instructions()
    start = max(i for i, (word, _) in enumerate(everything) if word == "FROM")
    return everything[start:]


def test_image_is_made_by_the_steps_of_bin_run():
    runs = [rest for word, rest in instructions() if word == "RUN"]
    steps = [step for rest in runs for step in re.findall(r"bash bin/_setup\.sh (\S+)", rest)]
    assert steps == ["libraries", "build-tools", "runtime", "libraries"]
    assert set(steps) <= STEPS
    body = read("bin/_setup.sh")
    function = re.search(r"(?ms)^set_up\(\) \{$(.*?)^\}$", body)
    assert function
    # every preparation bin/run makes has its step in the image
    assert re.findall(r"(?m)^    (prepare_\w+)$", function[1]) == [
        "prepare_libraries",
        "prepare_build_tools",
    ]
    # But for one thing, which only those need who have a server: its client, for backups.
    installed = [more for rest in runs for more in re.findall(r"\binstall (-y [^&]*)", rest)]
    assert [more.split() for more in installed] == [
        ["-y", "--no-install-recommends", "postgresql-client-15"]
    ]
    assert not any(re.search(r"\bpip install", rest) for rest in runs)


def test_every_step_of_the_set_up_exists():
    offered = re.search(r"(?s)case \$\{1:-\} in(.*?)esac", read("bin/_setup.sh"))
    assert offered
    assert set(re.findall(r"(?m)^    ([a-z-]+)\)", offered[1])) == STEPS


def test_what_the_image_copies_exists_and_is_not_ignored():
    ignored = {line for line in read(".dockerignore").splitlines() if line and line[0] != "#"}
    for word, rest in instructions():
        if word != "COPY" or rest.startswith("--from="):
            continue
        source = rest.split()[0]
        assert (ROOT / source).exists()
        assert source not in ignored
    for needed in (
        "bin",
        "requirements.txt",
        ".streamlit",
        "app",
        "pages",
        "components",
        "services",
    ):
        assert needed not in ignored
    for secret in (".git", ".venv", "data", ".streamlit/secrets.toml"):
        assert secret in ignored


def test_image_has_the_entrance_of_bin_run_and_no_root():
    stage = last_stage()
    words = [word for word, _ in stage]
    assert dict(stage)["ENTRYPOINT"] == '["./bin/run"]'
    assert dict(stage)["USER"] not in {"root", "0"}
    assert words.index("USER") > max(i for i, word in enumerate(words) if word in {"RUN", "COPY"})


def test_image_keeps_its_data_in_a_volume_and_is_watched():
    stage = dict(last_stage())
    environment = dict(pair.split("=", 1) for pair in stage["ENV"].split())
    assert stage["VOLUME"] == environment["PARTYLINE_DATA_DIR"] == "/data"
    assert environment["HOST"] == "0.0.0.0"
    assert stage["EXPOSE"] == environment["PORT"]
    assert "/healthz" in stage["HEALTHCHECK"]


def test_image_does_not_open_itself_to_everyone():
    assert not any("PARTYLINE_ALLOW_ANONYMOUS" in rest for _, rest in instructions())
    assert "PARTYLINE_ALLOW_ANONYMOUS" in read("Dockerfile")


def test_image_runs_a_supported_python():
    bases = {rest.split()[0] for word, rest in instructions() if word == "FROM"}
    assert len(bases) == 1
    version = re.match(r"python:(3\.\d+)-slim", bases.pop())
    assert version
    assert version[1] in {"3.11", "3.12", "3.13"}
