"""English by Moonshine, on the beginning of a demo call."""

from pathlib import Path

import numpy as np
import pytest

from services.audio.recording import FRAMES_PER_MS, Samples
from services.domain.errors import WeightsDamaged, WeightsMissing
from services.engine.live.moonshine import Moonshine
from services.engine.live.quick import QuickCaptioner
from services.engine.live.vocabulary import Vocabulary
from services.engine.live.wording import NOTHING, SoFar
from services.engine.weights import caption_weights
from tests.contract.local_call import a_call


@pytest.fixture(scope="module")
def moonshine() -> Moonshine:
    return Moonshine(caption_weights())


@pytest.fixture(scope="module")
def sound() -> Samples:
    return np.frombuffer(a_call(1), "<i2").astype(np.float32) / np.float32(32768)


def part(sound: Samples, start_ms: int, end_ms: int) -> Samples:
    return sound[start_ms * FRAMES_PER_MS : end_ms * FRAMES_PER_MS]


def test_what_is_expected_changes_nothing_in_what_is_found(
    moonshine: Moonshine, sound: Samples
) -> None:
    samples = part(sound, 500, 3_300)
    plain = moonshine.decode(samples)
    assert len(plain.ids) == len(plain.log_probabilities) > 5
    for expected in (plain.ids, plain.ids[:4], (*plain.ids[:3], 7, 8, 9), (500, 600, 700)):
        assert moonshine.decode(samples, expected=expected).ids == plain.ids


def test_what_is_settled_stays(moonshine: Moonshine, sound: Samples) -> None:
    samples = part(sound, 500, 3_300)
    other = (500, 600)
    found = moonshine.decode(samples, settled=other, expected=other)
    assert found.ids[:2] == other


def test_a_line_is_heard_while_it_is_said(moonshine: Moonshine, sound: Samples) -> None:
    captioner = QuickCaptioner(moonshine)
    heard, shown = NOTHING, []
    for end_ms in range(900, 3_300, 200):
        heard = captioner.so_far(part(sound, 500, end_ms), heard)
        shown.append(" ".join(heard.text))
    assert shown[-1].startswith("Good morning")
    for earlier, later in zip(heard.text, heard.words, strict=False):
        assert later.startswith(earlier)
    whole = captioner.whole(part(sound, 500, 3_300), heard)
    assert [word.text for word in whole.words][-3:] == ["is", "Nora", "Fields."]
    assert all(0 < (word.confidence or 0) <= 1 for word in whole.words)
    assert whole.heard.shown == len(whole.words)


def test_a_shown_word_ends_without_the_mark_that_may_change() -> None:
    assert SoFar(words=("well,", "yes."), shown=2).text == ("well,", "yes")
    assert SoFar(words=("well,", "yes."), shown=0).text == ()


def test_words_are_read_from_tokens() -> None:
    texts = ["<unk>", "<s>", "</s>", "▁Good", "▁morn", "ing", ",", "▁50", "%", "▁"]
    vocabulary = Vocabulary([text.encode() for text in texts])
    words = vocabulary.words([3, 4, 5, 6, 7, 8])
    assert [word.text for word in words] == ["Good", "morning,", "50%"]
    assert [(word.first, word.tokens, word.ends) for word in words] == [
        (0, 1, 1),
        (1, 3, 4),
        (4, 5, 6),
    ]
    assert vocabulary.words([]) == ()


def test_a_missing_or_damaged_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing):
        Moonshine(tmp_path).load()
    (tmp_path / "tokenizer.bin").write_bytes(b"\xff")
    with pytest.raises(WeightsDamaged):
        Vocabulary.read(tmp_path / "tokenizer.bin")
