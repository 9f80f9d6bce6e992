"""A look at the heads of many files in one bounded child."""

import io
import os
import signal
from collections.abc import Iterator

import pytest

from app.local_models import build_look
from app.settings import GivenSettings
from services.audio.apart.looking import BoundedLook
from services.domain.errors import DecoderCrashed, EmptyFile, NotAudio
from tests.unit.audio.sounds import encoded, tone


@pytest.fixture(scope="module")
def look() -> Iterator[BoundedLook]:
    made = build_look(GivenSettings())
    yield made
    made.close()


def test_one_child_looks_at_one_file_after_the_other(look: BoundedLook) -> None:
    good = encoded(tone(1.0), "wav", "pcm_s16le")
    for _ in range(3):
        look(io.BytesIO(good), suffix=".wav")
        with pytest.raises(NotAudio):
            look(io.BytesIO(b"no recording"))
        with pytest.raises(EmptyFile):
            look(io.BytesIO())
    child = look._child
    assert child is not None
    look(io.BytesIO(good))
    assert look._child is child


def test_after_one_that_ends_it_another_is_started(look: BoundedLook) -> None:
    class Deadly(io.BytesIO):
        """Ends the child as soon as it reads."""

        def read(self, size: int | None = -1) -> bytes:
            assert look._child is not None
            os.kill(look._child.pid, signal.SIGSEGV)
            return b"x"

    with pytest.raises(DecoderCrashed):
        look(Deadly(b"y" * 100))
    look(io.BytesIO(encoded(tone(1.0), "wav", "pcm_s16le")))


def test_what_goes_wrong_with_the_file_itself_is_raised_as_it_is(look: BoundedLook) -> None:
    class Gone(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(5, "gone")

    with pytest.raises(OSError, match="gone"):
        look(Gone(b"y" * 100))
    look(io.BytesIO(encoded(tone(1.0), "wav", "pcm_s16le")))
