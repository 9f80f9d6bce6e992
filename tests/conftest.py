"""What holds for every test."""

import logging
from collections.abc import Iterator

import pytest


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
