"""What a store of the words of phone calls promises, on every database."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select, update

from services.domain.calls import ProcessingOptions
from services.domain.errors import NotFound, WrongKey
from services.domain.ids import new_id
from services.domain.live_calls import LiveSource, LiveState, RunningCall
from services.domain.phone import PhoneFacts, PhoneService, PhoneWay
from services.storage.database import forget_log
from services.storage.keys import MasterKey
from services.storage.live_calls import LiveCallStore
from services.storage.phone_tables import PHONE_KEYS, PHONE_WORDS
from services.storage.phone_words import PhoneWordStore
from tests.contract.stores import MASTER_KEY, ORG

NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
SECRET = "marmalade invoice"
LINE = {"type": "final", "n": 3, "id": "u1", "text": SECRET, "words": [{"text": "Zoë \x00\ud800"}]}
SPEAKER = {"type": "speaker", "n": 4, "id": "s1", "label": "Speaker 1", "channel": None}


@pytest.fixture
def words(engine: Engine) -> PhoneWordStore:
    """The store under test."""
    return PhoneWordStore(engine, MASTER_KEY)


@pytest.fixture
def live(engine: Engine) -> LiveCallStore:
    """Where the calls are that the words belong to."""
    return LiveCallStore(engine)


def phone_call(live: LiveCallStore) -> str:
    call_id = new_id()
    facts = PhoneFacts(service=PhoneService.ACS, way=PhoneWay.PLACED, connection_id=call_id)
    live.add(
        RunningCall(
            id=call_id,
            org_id=ORG,
            owner="nora",
            name="Harbor",
            source=LiveSource.PHONE,
            state=LiveState.RECORDING,
            options=ProcessingOptions(provider="acs"),
            channels=1,
            began_at=NOW,
            heartbeat_at=NOW,
            process="web-1",
            phone=facts,
        )
    )
    return call_id


def rows(engine: Engine) -> tuple[int, int]:
    with engine.connect() as connection:
        return tuple(
            connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (PHONE_KEYS, PHONE_WORDS)
        )


def test_words_come_back_in_the_order_in_which_they_were_told(words, live):
    call_id, other = phone_call(live), phone_call(live)
    words.append(call_id, [LINE, SPEAKER])
    words.append(other, [{"type": "language", "language": "de"}])
    words.append(call_id, [])
    words.append(call_id, [{**LINE, "type": "revised"}])
    assert words.read(call_id) == [LINE, SPEAKER, {**LINE, "type": "revised"}]
    assert words.read(other) == [{"type": "language", "language": "de"}]


def test_a_call_without_words_has_none(words, live):
    assert words.read(phone_call(live)) == words.read("unknown") == []
    assert words.key("unknown") is None


def test_another_process_reads_them(words, live, engine):
    call_id = phone_call(live)
    words.append(call_id, [LINE])
    again = PhoneWordStore(engine, MASTER_KEY)
    assert again.read(call_id) == [LINE]
    again.append(call_id, [SPEAKER])
    assert words.read(call_id) == [LINE, SPEAKER]


def test_one_key_serves_all_words_of_a_call(words, live):
    call_id, other = phone_call(live), phone_call(live)
    words.append(call_id, [LINE])
    key = words.key(call_id)
    words.append(call_id, [LINE])
    words.append(other, [LINE])
    assert words.key(call_id) == key != words.key(other)
    assert MASTER_KEY.unwrap(key, call_id)


def test_words_of_a_call_that_is_not_held_are_refused(words, live, engine):
    call_id = phone_call(live)
    words.append(call_id, [LINE])
    live.remove(call_id)
    for gone in (call_id, "unknown"):
        with pytest.raises(NotFound):
            words.append(gone, [LINE])
    assert rows(engine) == (0, 0)


def test_deleting_leaves_no_row_and_no_key(words, live, engine):
    call_id, other = phone_call(live), phone_call(live)
    for one in (call_id, other):
        words.append(one, [LINE])
        words.append(one, [SPEAKER])
    words.delete(call_id)
    words.delete(call_id)
    assert (words.read(call_id), words.key(call_id)) == ([], None)
    assert words.read(other) == [LINE, SPEAKER]
    assert rows(engine) == (1, 2)


def test_words_go_with_the_row_of_their_call(words, live, engine):
    call_id = phone_call(live)
    words.append(call_id, [LINE])
    assert live.remove(call_id)
    assert rows(engine) == (0, 0)


def test_deleting_takes_part_in_a_transaction(words, live, calls):
    call_id = phone_call(live)
    words.append(call_id, [LINE])

    def delete_and_fail() -> None:
        with calls.transaction() as connection:
            words.delete(call_id, connection=connection)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        delete_and_fail()
    assert words.read(call_id) == [LINE]


def test_many_at_once_lose_nothing(words, live):
    call_id = phone_call(live)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda n: words.append(call_id, [{"n": n}, {"n": -n}]), range(40)))
    told = [event["n"] for event in words.read(call_id)]
    assert sorted(told[::2]) == list(range(40))
    assert [-n for n in told[::2]] == told[1::2]


def test_another_installation_can_not_read_them(words, live, engine):
    call_id = phone_call(live)
    words.append(call_id, [LINE])
    stranger = PhoneWordStore(engine, MasterKey(bytes(32)))
    with pytest.raises(WrongKey):
        stranger.read(call_id)
    with pytest.raises(WrongKey):
        stranger.append(call_id, [LINE])
    assert words.read(call_id) == [LINE]


def test_words_that_were_changed_or_moved_are_left_out(words, live, engine):
    call_id = phone_call(live)
    for n in range(4):
        words.append(call_id, [{"n": n}])
    mine = PHONE_WORDS.c
    with engine.begin() as connection:
        stored = {row.n: row.content for row in connection.execute(select(PHONE_WORDS))}
        changes = {2: stored[3], 4: stored[4][:-1] + bytes([stored[4][-1] ^ 1])}
        for n, content in changes.items():
            connection.execute(update(PHONE_WORDS).where(mine.n == n).values(content=content))
    assert words.read(call_id) == [{"n": 0}, {"n": 2}]


def test_words_can_not_be_read_in_the_database(words, live, engine, tmp_path):
    """Neither while the call goes on nor afterwards; on PostgreSQL the rows are looked at."""
    call_id = phone_call(live)
    words.append(call_id, [LINE, SPEAKER])
    with engine.connect() as connection:
        contents = connection.execute(select(PHONE_WORDS.c.content)).scalars().all()
    assert contents
    assert not any(SECRET.encode() in content or b"final" in content for content in contents)
    if engine.dialect.name != "sqlite":
        return
    forget_log(engine)
    assert b"Harbor" in raw_bytes(tmp_path)
    assert SECRET.encode() not in raw_bytes(tmp_path)
    assert b"marmalade" not in raw_bytes(tmp_path)
    live.remove(call_id)
    forget_log(engine)
    assert contents[0] not in raw_bytes(tmp_path)


def raw_bytes(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted((folder / "data").iterdir()))
