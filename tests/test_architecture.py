"""Imports go down only, and every module has its floor."""

import ast
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_type_hints

import pytest
from importlinter.api import read_configuration
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

from app.wiring import Services

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = str(ROOT / "pyproject.toml")


def imported_modules(source: Path) -> Iterator[str]:
    """Dotted names a file imports, wherever in the file, relative ones made absolute."""
    package = source.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(source.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            stem = ".".join(part for part in (base, node.module) if part)
            yield stem
            yield from (f"{stem}.{alias.name}" for alias in node.names)


def python_files(folder: str) -> list[Path]:
    """Python files below a folder of the checkout."""
    return sorted((ROOT / folder).rglob("*.py"))


@pytest.fixture(autouse=True)
def _loggers_stay_on() -> Iterator[None]:
    """The linter sets logging up its own way and switches all other loggers off."""
    yield
    for name in logging.root.manager.loggerDict:
        logging.getLogger(name).disabled = False


def test_contracts_are_kept(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "path", list(sys.path))
    status = lint_imports(config_filename=PYPROJECT, no_cache=True, no_logo=True)
    assert status == EXIT_STATUS_SUCCESS, capsys.readouterr().out


def test_a_broken_contract_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    upside_down = tmp_path / "upside-down.toml"
    upside_down.write_text(
        '[tool.importlinter]\nroot_packages = ["services"]\n'
        "[[tool.importlinter.contracts]]\n"
        'name = "upside down"\ntype = "layers"\ncontainers = ["services"]\n'
        'layers = ["domain", "storage"]\n'
    )
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "path", list(sys.path))
    status = lint_imports(config_filename=str(upside_down), no_cache=True, no_logo=True)
    assert status != EXIT_STATUS_SUCCESS


def test_every_module_of_app_has_a_floor():
    contracts = read_configuration(PYPROJECT)["contracts_options"]
    (floors,) = [contract for contract in contracts if contract["id"] == "floors"]
    named = {name.strip(" ()") for layer in floors["layers"] for name in layer.split("|")}
    present = {
        f"app.{path.stem}"
        for path in (ROOT / "app").iterdir()
        if (path.suffix == ".py" and path.stem != "__init__") or (path / "__init__.py").exists()
    }
    assert present <= named, "name these in the contract 'floors' of pyproject.toml"


@pytest.mark.parametrize("source", python_files("services/domain"), ids=lambda path: path.stem)
def test_domain_stands_on_the_standard_library(source: Path):
    outside = {
        name
        for name in imported_modules(source)
        if name.partition(".")[0] not in sys.stdlib_module_names
        and not f"{name}.".startswith("services.domain.")
        and name != "services"
    }
    assert not outside


def _providers() -> list[Path]:
    """Return the files and packages that hold a provider; all providers share the others."""
    parts = [
        path
        for path in (ROOT / "services" / "providers").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    ]
    return [path for path in parts if any("(SpeechProvider)" in s.read_text() for s in _of(path))]


def _of(provider: Path) -> list[Path]:
    return [provider] if provider.suffix == ".py" else sorted(provider.rglob("*.py"))


def test_the_providers_are_found() -> None:
    assert {path.stem for path in _providers()} >= {
        "assemblyai",
        "azure_speech",
        "local",
        "scripted",
    }


@pytest.mark.parametrize("provider", _providers(), ids=lambda path: path.stem)
def test_a_provider_knows_no_other_and_only_local_looks_into_the_engine(provider: Path):
    others = {f"services.providers.{path.stem}" for path in _providers() if path != provider}
    barred = others if provider.stem == "local" else others | {"services.engine"}
    for source in _of(provider):
        assert not barred & set(imported_modules(source))


# What asks for no call: a request made before, what waits, a notice of a provider.
READS_A_STORE = {
    ("app/api/calls/adding.py", "request_keys"),
    ("app/routes/measures.py", "run_counts"),
    ("app/routes/webhooks.py", "notices"),
}


def test_pages_and_routes_go_past_no_service_to_a_store():
    """What people see and do is decided by services, which know who asks."""
    hints = get_type_hints(Services)
    stores = {
        name
        for name, kind in hints.items()
        if getattr(kind, "__module__", "").startswith("services.storage")
    } | {"engine"}
    assert {"calls", "runs", "transcripts", "vault"} <= stores
    read = {
        (str(source.relative_to(ROOT)), node.attr)
        for folder in ("pages", "components", "app/routes", "app/api", "app/session")
        for source in python_files(folder)
        for node in ast.walk(ast.parse(source.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in stores and _is_services(node.value)
    }
    assert read == READS_A_STORE


def _is_services(node: ast.expr) -> bool:
    """Tell whether this is a process's services, as pages and routes name them."""
    if isinstance(node, ast.Call):
        return _is_services(node.func)
    name = node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")
    return name in {"services", "here", "get_services", "process_services"}
