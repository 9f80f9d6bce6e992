"""How many connections a process has to a server: those it needed, and they stay."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from sqlalchemy import Engine, event, text

from services.storage.database import SERVER_POOL_SIZE, open_engine, reading


@pytest.fixture
def server_engine(postgres: Engine) -> Iterator[Engine]:
    """An engine as every process opens one for its server."""
    engine = open_engine(postgres.url.render_as_string(hide_password=False))
    yield engine
    engine.dispose()


def test_no_connection_is_opened_twice(server_engine: Engine) -> None:
    opened: list[object] = []
    event.listen(server_engine, "connect", lambda connection, _: opened.append(connection))

    def use(most: int) -> None:
        with ExitStack() as held:
            for _ in range(most):
                held.enter_context(reading(server_engine))

    use(SERVER_POOL_SIZE)
    use(SERVER_POOL_SIZE)
    assert len(opened) == SERVER_POOL_SIZE


def test_who_finds_none_waits_for_one_that_is_given_back(server_engine: Engine) -> None:
    opened: list[object] = []
    event.listen(server_engine, "connect", lambda connection, _: opened.append(connection))

    def ask() -> int:
        with reading(server_engine) as connection:
            return connection.execute(text("SELECT 1")).scalar_one()

    with ThreadPoolExecutor(SERVER_POOL_SIZE) as threads:
        with ExitStack() as held:
            for _ in range(SERVER_POOL_SIZE):
                held.enter_context(reading(server_engine))
            answers = [threads.submit(ask) for _ in range(2 * SERVER_POOL_SIZE)]
        assert [answer.result() for answer in answers] == [1] * len(answers)
    assert len(opened) == SERVER_POOL_SIZE
