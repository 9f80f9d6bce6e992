"""Encrypted streams: what comes back, and what is noticed."""

import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain.errors import DataDamaged, DiskFull, WrongKey
from services.storage import encryption
from services.storage.encryption import (
    CHUNK_BYTES,
    DataKey,
    EncryptedReader,
    EncryptedWriter,
    plain_size,
)

KEY = DataKey(bytes(range(32)))
HEADER = 32
SEALED = CHUNK_BYTES + 16

#  0        32                    32+S              32+2S
#  | header | chunk 0 | tag | chunk 1 | tag | ... | last | tag |


class MemorySink(io.BytesIO):
    """Keeps what is written, and how it ended."""

    ending = ""

    def commit(self) -> None:
        self.ending = "committed"

    def abort(self) -> None:
        self.ending = "aborted"


def encrypt(plain: bytes, *, pieces: int = 1 << 30, purpose: str = "original") -> bytes:
    sink = MemorySink()
    with EncryptedWriter(sink, KEY, purpose=purpose) as writer:
        for start in range(0, len(plain), pieces):
            writer.write(plain[start : start + pieces])
    assert sink.ending == "committed"
    return sink.getvalue()


def open_stream(stored: bytes, *, key: DataKey = KEY, purpose: str = "original") -> EncryptedReader:
    return EncryptedReader(lambda a, b: stored[a:b], len(stored), key, purpose=purpose)


def read_all(stored: bytes, **how: object) -> bytes:
    return io.BufferedReader(open_stream(stored, **how)).read()


NOISE = random.Random(1).randbytes(2 * CHUNK_BYTES + 777)
SIZES = [0, 1, 15, 16, 17, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES]


@pytest.mark.parametrize("size", SIZES)
def test_every_size_comes_back(size: int) -> None:
    stored = encrypt(NOISE[:size], pieces=300_001)
    assert read_all(stored) == NOISE[:size]
    assert plain_size(len(stored)) == size == open_stream(stored).size
    assert NOISE[:16] not in stored


# Small chunks make many borders cheap to reach; the format is the same.
@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of 64 bytes."""
    monkeypatch.setattr(encryption, "CHUNK_BITS", 6)
    monkeypatch.setattr(encryption, "CHUNK_BYTES", 64)
    monkeypatch.setattr(encryption, "SEALED_CHUNK_BYTES", 80)


@pytest.mark.usefixtures("small_chunks")
def test_any_range_of_any_stream() -> None:
    reads = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 200)), max_size=8)

    @settings(max_examples=150, deadline=None)
    @given(plain=st.binary(max_size=330), pieces=st.integers(1, 200), reads=reads)
    def check(plain: bytes, pieces: int, reads: list[tuple[int, int]]) -> None:
        stored = encrypt(plain, pieces=pieces)
        assert plain_size(len(stored)) == len(plain)
        touched: list[tuple[int, int]] = []

        def read_range(start: int, stop: int) -> bytes:
            touched.append((start, stop))
            return stored[start:stop]

        raw = EncryptedReader(read_range, len(stored), KEY, purpose="original")
        reader = io.BufferedReader(raw, 1)
        for start, count in reads:
            touched.clear()
            reader.seek(start)
            assert reader.read(count) == plain[start : start + count]
            first, last = start // 64, (start + max(count, 1)) // 64
            for begin, end in touched:
                assert (begin - HEADER) % 80 == 0
                assert end - begin <= 80
                assert first <= (begin - HEADER) // 80 <= last

    check()


@pytest.mark.usefixtures("small_chunks")
def test_any_change_is_noticed() -> None:
    @settings(max_examples=150, deadline=None)
    @given(size=st.integers(0, 300), at=st.integers(0, 2**16), bit=st.integers(0, 7))
    def check(size: int, at: int, bit: int) -> None:
        stored = bytearray(encrypt(NOISE[:size]))
        stored[at % len(stored)] ^= 1 << bit
        with pytest.raises((DataDamaged, WrongKey)):
            read_all(bytes(stored))

    check()


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 128, 200])
def test_any_cut_and_any_addition_is_noticed(size: int) -> None:
    stored = encrypt(NOISE[:size])
    longer = encrypt(NOISE[: size + 64])
    assert read_all(stored) == NOISE[:size]
    for length in range(len(stored)):
        with pytest.raises(DataDamaged):
            read_all(stored[:length])
    for added in (b"\0", b"\0" * 16, b"\0" * 80, longer[len(stored) :], stored[HEADER:]):
        with pytest.raises(DataDamaged):
            read_all(stored + added)


def chunks_of(stored: bytes) -> list[bytes]:
    return [stored[i : i + SEALED] for i in range(HEADER, len(stored), SEALED)]


def test_moved_and_exchanged_chunks_are_noticed() -> None:
    stored, other = encrypt(NOISE), encrypt(NOISE)
    header, (a, b, last) = stored[:HEADER], chunks_of(stored)
    foreign = chunks_of(other)[0]
    assert read_all(header + a + b + last) == NOISE
    for parts in ((b, a, last), (a, a, last), (foreign, b, last), (a, last), (a, b, b)):
        with pytest.raises(DataDamaged):
            read_all(header + b"".join(parts))
    with pytest.raises(DataDamaged):
        read_all(other[:HEADER] + a + b + last)


def test_damage_leaves_the_rest_readable() -> None:
    stored = bytearray(encrypt(NOISE))
    stored[HEADER + SEALED] ^= 1
    reader = io.BufferedReader(open_stream(bytes(stored)))
    assert reader.read(1000) == NOISE[:1000]
    reader.seek(2 * CHUNK_BYTES)
    assert reader.read() == NOISE[2 * CHUNK_BYTES :]
    reader.seek(CHUNK_BYTES)
    with pytest.raises(DataDamaged):
        reader.read(1)


def test_another_key_and_another_purpose_do_not_open() -> None:
    stored = encrypt(NOISE[:100])
    with pytest.raises(WrongKey):
        open_stream(stored, key=DataKey(bytes(32)))
    with pytest.raises(DataDamaged):
        read_all(stored, purpose="playback")


@pytest.mark.parametrize("stored", [b"", b"RIFF", b"RIFF" + bytes(60), bytes(2 * SEALED)])
def test_what_is_no_encrypted_stream_is_damaged(stored: bytes) -> None:
    with pytest.raises(DataDamaged):
        open_stream(stored)


def test_seeking_like_any_file() -> None:
    reader = open_stream(encrypt(NOISE[:1000]))
    assert (reader.readable(), reader.seekable(), reader.writable()) == (True, True, False)
    assert reader.seek(-10, io.SEEK_END) == 990
    assert reader.read(100) == NOISE[990:1000]
    assert reader.read(100) == b""
    assert reader.seek(5) == 5
    assert reader.seek(5, io.SEEK_CUR) == reader.tell() == 10
    assert reader.seek(5000) == 5000
    assert reader.read(1) == b""
    with pytest.raises(ValueError, match="negative"):
        reader.seek(-1)
    reader.close()
    with pytest.raises(ValueError, match="closed"):
        reader.read(1)


def test_a_writer_that_is_not_closed_forgets_everything() -> None:
    broken, aborted, dropped = MemorySink(), MemorySink(), MemorySink()

    def break_off() -> None:
        with EncryptedWriter(broken, KEY, purpose="original") as writer:
            writer.write(b"x")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    writer = EncryptedWriter(aborted, KEY, purpose="original")
    assert (writer.write(bytearray(b"abc")), writer.tell(), writer.writable()) == (3, 3, True)
    writer.abort()
    writer.close()
    with pytest.raises(ValueError, match="closed"):
        writer.write(b"x")
    EncryptedWriter(dropped, KEY, purpose="original").write(b"x")
    assert [sink.ending for sink in (broken, aborted, dropped)] == ["aborted"] * 3


def test_a_sink_that_is_full_at_the_end_is_aborted() -> None:
    class FullSink(MemorySink):
        def commit(self) -> None:
            raise DiskFull

    sink = FullSink()
    writer = EncryptedWriter(sink, KEY, purpose="original")
    writer.write(b"x")
    with pytest.raises(DiskFull):
        writer.close()
    assert sink.ending == "aborted"
    assert writer.closed
