"""Machines for the tests, taken down afterwards whatever happened."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.engine.weights import ensure_weights
from tests.faults.machine import Machine


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Put the weights together once."""
    folder = tmp_path_factory.mktemp("models")
    ensure_weights(folder)
    return folder


@pytest.fixture
def machine(tmp_path: Path, models: Path) -> Iterator[Machine]:
    """Give a machine without processes."""
    made = Machine(folder=tmp_path, models=models)
    yield made
    made.close()
