"""Sound is kept until it is understood, and no longer than there is room for."""

from services.providers.assemblyai.unheard import BYTES_PER_MS, UnheardSound


def sound(start_ms: int, end_ms: int) -> bytes:
    """Return sound in which every millisecond is told by its first byte."""
    return b"".join(bytes([n % 251]) + bytes(BYTES_PER_MS - 1) for n in range(start_ms, end_ms))


def test_sound_is_taken_in_pieces_that_are_long_enough() -> None:
    kept = UnheardSound(1_000)
    kept.add(sound(0, 40))
    assert kept.take(50, 100) is None
    kept.add(sound(40, 170))
    assert kept.take(50, 100) == sound(0, 100)
    assert kept.take(50, 100) == sound(100, 170)
    assert kept.take(1, 100) is None
    assert (kept.passed_ms, kept.end_ms) == (170, 170)


def test_going_back_gives_all_that_was_not_forgotten() -> None:
    kept = UnheardSound(1_000)
    kept.add(sound(0, 200))
    kept.take(50, 100)
    kept.take(50, 100)
    kept.forget(130)
    assert kept.rewind() == 130
    assert kept.take(50, 1_000) == sound(130, 200)


def test_what_was_not_taken_is_not_forgotten() -> None:
    kept = UnheardSound(1_000)
    kept.add(sound(0, 200))
    kept.take(50, 100)
    kept.forget(180)
    assert kept.take(50, 1_000) == sound(100, 200)
    assert kept.rewind() == 100


def test_of_what_was_sent_the_oldest_makes_room() -> None:
    kept = UnheardSound(100)
    kept.add(sound(0, 250))
    kept.take(50, 80)
    kept.take(50, 80)
    assert kept.end_ms == 250
    assert kept.rewind() == 60
    assert kept.take(50, 1_000) == sound(60, 250)


def test_what_waits_to_be_sent_is_never_dropped() -> None:
    kept = UnheardSound(100)
    kept.add(sound(0, 250))
    kept.add(sound(250, 900))
    assert kept.take(50, 1_000) == sound(0, 900)


def test_going_back_is_to_a_whole_millisecond() -> None:
    kept = UnheardSound(100)
    kept.add(sound(0, 100) + bytes(10))
    kept.take(1, 200)
    assert kept.rewind() == 1
    assert kept.take(50, 1_000) == sound(1, 100) + bytes(10)


def test_quiet_ends_where_the_first_loud_piece_begins() -> None:
    loud = (3_000).to_bytes(2, "little") * (BYTES_PER_MS // 2 * 100)
    kept = UnheardSound(1_000)
    kept.add(bytes(BYTES_PER_MS * 200) + loud + bytes(BYTES_PER_MS * 100) + loud)
    for _ in range(5):
        kept.take(50, 100)
    assert kept.quiet_until_ms(0) == 200
    assert kept.quiet_until_ms(250) == 400
    assert kept.quiet_until_ms(450) == 500
    assert kept.rewind() == 0
    assert kept.quiet_until_ms(0) == 0
