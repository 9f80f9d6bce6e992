"""What holds for every test."""

import gc
import logging
from collections.abc import Generator, Iterator
from itertools import groupby
from pathlib import Path

import pytest

from tests import done_once, new_databases

HERE = Path(__file__).parent
# Of all files those that take longest; whoever takes them last, takes them alone.
LONGEST = (
    "test_storms.py",
    "test_every_page.py",
    "test_kills.py",
    "test_live_recorder.py",
    "test_types.py",
)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage among what is collected, neither meanwhile nor during the tests.

    Thousands of tests and the modules they stand in stay to the end. Going through them again and
    again took more than half of the time of collecting them.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put files in the order in which those who run them side by side are done soonest.

    Browsers keep the processors busy, and killed processes are waited for: one of these after one
    of those, in proportion, then whatever else is slow. The many quick files come last, so that
    all have something to do to the end.
    """
    files = [(path, list(own)) for path, own in groupby(items, key=lambda item: item.path)]
    folders: dict[str, list[Path]] = {}
    for path, own in files:
        if path.name in LONGEST or any(item.get_closest_marker("slow") for item in own):
            folders.setdefault(path.relative_to(HERE).parts[0], []).append(path)
    for paths in folders.values():
        paths.sort(key=lambda path: path.name not in LONGEST)
    long = ("browser", "faults")
    places = {
        path: (folder not in long, number / len(paths))
        for folder, paths in folders.items()
        for number, path in enumerate(paths)
    }
    files.sort(key=lambda file: places.get(file[0], (True, 1.0)))
    items[:] = [item for _, own in files for item in own]


@pytest.fixture(autouse=True)
def the_log_stays_as_it_was() -> Iterator[None]:
    """Put the log back: a command that runs in this process would set it for all later tests.

    It would also leave them the standard error of its own test, which is closed afterwards.
    """
    log, factory = logging.getLogger("partyline"), logging.getLogRecordFactory()
    handlers, level, propagate = list(log.handlers), log.level, log.propagate
    yield
    log.handlers[:], log.propagate = handlers, propagate
    log.setLevel(level)
    logging.setLogRecordFactory(factory)


@pytest.fixture(scope="session", autouse=True)
def what_is_always_the_same_is_done_once() -> Iterator[None]:
    """Spare most tests the history of the schema, and what their process has found out before."""
    with (
        new_databases.copied(),
        done_once.statements_compiled(),
        done_once.certificates_read(),
        done_once.commands_put_together(),
        done_once.components_found(),
        done_once.models_loaded(),
    ):
        yield
