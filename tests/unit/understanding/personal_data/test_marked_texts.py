"""The texts that come with the bench: what has to be found in them, and what must be left alone."""

from pathlib import Path

import pytest

from bench.personal_data import TEXTS, count, our_finding
from bench.scoring.marked_texts import HARMLESS, read_marked
from bench.scoring.mentions import MentionCounts
from services.domain.speech import PiiType
from services.understanding.redaction import Redactor

NAMES_AND_ADDRESSES = (PiiType.PERSON, PiiType.ADDRESS)


@pytest.fixture(scope="module")
def redactor() -> Redactor:
    return Redactor()


@pytest.fixture(scope="module", params=sorted(f.name for f in TEXTS.glob("*.txt")))
def counts(request: pytest.FixtureRequest, redactor: Redactor) -> MentionCounts:
    texts = read_marked(Path(TEXTS / request.param))
    assert any(text.form == HARMLESS for text in texts)
    return count(texts, our_finding(redactor))


def test_numbers_and_dates_are_found(counts: MentionCounts) -> None:
    others = [kind for kind in PiiType if kind not in NAMES_AND_ADDRESSES]
    mentions = sum(counts.mentions(kind=kind) for kind in others)
    covered = sum(counts.mentions(kind=kind) * (counts.coverage(kind=kind) or 0) for kind in others)
    assert covered / mentions >= 0.98


@pytest.mark.parametrize("kind", NAMES_AND_ADDRESSES)
def test_names_and_addresses_are_found(counts: MentionCounts, kind: PiiType) -> None:
    recall = counts.recall(kind=kind)
    assert recall is None or recall >= 0.9


def test_little_else_is_taken_out(counts: MentionCounts) -> None:
    assert counts.precision is not None
    assert counts.precision >= 0.95
    assert counts.touched <= 0.03 * counts.harmless


def test_the_texts_are_many_enough() -> None:
    texts = [text for name in ("tuned", "held_out") for text in read_marked(TEXTS / f"{name}.txt")]
    mentions = [m.type for text in texts for own in text.truth for m in own]
    assert len(mentions) >= 400
    assert sum(text.form == HARMLESS for text in texts) >= 250
    # Only services elsewhere find other kinds.
    assert set(mentions) == set(PiiType) - {PiiType.OTHER}
