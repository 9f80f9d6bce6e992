"""Every value a transcript can be made of, for round trips through a store."""

from datetime import UTC

from hypothesis import strategies as st

from services.domain.edits import CallEdits, Comment, TextCorrection
from services.domain.part import Part
from services.domain.speech import (
    Hold,
    PiiMention,
    Sentiment,
    Span,
    Speaker,
    SpeakerRole,
    Statement,
    Summary,
    SummaryOrigin,
    Transcript,
    Utterance,
    Word,
)
from services.domain.topics import Entity, LineTopics, Topic

# NUL and lone surrogates are no text; stores clean them away.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
ids = st.text("abcdef0123456789", min_size=1, max_size=8)
ms = st.integers(0, 2**40)
fractions = st.floats(-1, 1)
maybe_fractions = st.none() | fractions
moments = st.datetimes(timezones=st.just(UTC))


def several(values: st.SearchStrategy) -> st.SearchStrategy:
    """Up to three of these, as a tuple."""
    return st.lists(values, max_size=3).map(tuple)


words = st.builds(Word, text=texts, start_ms=ms, end_ms=ms, confidence=maybe_fractions)
sentiments = st.builds(Sentiment, score=fractions)
utterances = st.builds(
    Utterance,
    id=ids,
    speaker=st.none() | ids,
    start_ms=ms,
    end_ms=ms,
    text=texts,
    channel=st.none() | st.integers(0, 9),
    confidence=maybe_fractions,
    words=several(words),
    sentiment=st.none() | sentiments,
    provider_sentiment=st.none() | sentiments,
    is_backchannel=st.booleans(),
    pii=several(st.builds(PiiMention, start_char=ms, end_char=ms)),
)
statements = st.builds(
    Statement,
    text=texts,
    utterances=several(ids),
    who=st.none() | st.sampled_from(SpeakerRole),
    due=st.none() | texts,
)
origins = st.builds(
    SummaryOrigin,
    name=texts,
    took_ms=ms,
    tokens_in=st.none() | ms,
    tokens_out=st.none() | ms,
    cost=maybe_fractions,
    left_out=st.integers(0, 9),
    instead_of=st.none() | texts,
)
summaries = st.builds(
    Summary,
    reason=st.none() | statements,
    actions=several(statements),
    outcome=st.none() | statements,
    resolved=st.none() | st.booleans(),
    promises=several(statements),
    action_items=several(statements),
    next_steps=several(statements),
    evidence=several(ids),
    origin=st.none() | origins,
)
speakers = st.builds(
    Speaker,
    id=ids,
    label=texts,
    role_confidence=maybe_fractions,
    channel=st.none() | st.integers(0, 9),
    voice_id=st.none() | ids,
    voice_confidence=maybe_fractions,
)
transcripts = st.builds(
    Transcript,
    id=ids,
    provider=ids,
    duration_ms=ms,
    speakers=several(speakers),
    utterances=several(utterances),
    spans=several(st.builds(Span, speaker=ids, start_ms=ms, end_ms=ms)),
    holds=several(st.builds(Hold, start_ms=ms, end_ms=ms)),
    language=st.none() | ids,
    language_confidence=maybe_fractions,
    loudness_dbfs=st.dictionaries(ids, several(maybe_fractions), max_size=2),
    stages=st.dictionaries(ids, texts, max_size=2),
    summary=st.none() | summaries,
    redacted=st.booleans(),
    without_fillers=st.booleans(),
    part=st.none() | st.builds(Part, start_ms=ms, end_ms=ms),
    line_topics=several(
        st.builds(LineTopics, utterance=ids, probabilities=several(st.tuples(ids, fractions)))
    ),
    topics=several(st.builds(Topic, id=ids, confidence=fractions, utterances=several(ids))),
    entities=several(
        st.builds(
            Entity,
            text=texts,
            value=texts,
            utterance=ids,
            start_ms=ms,
            end_ms=ms,
            start_char=ms,
            end_char=ms,
            amount_minor=st.none() | ms,
            currency=st.none() | ids,
        )
    ),
)
edits = st.builds(
    CallEdits,
    transcript_id=st.none() | ids,
    version=st.just(0),
    names=st.dictionaries(ids, texts, max_size=2),
    roles=st.dictionaries(ids, st.sampled_from(SpeakerRole), max_size=2),
    merges=st.dictionaries(ids, ids, max_size=2),
    voices=st.dictionaries(ids, ids, max_size=2),
    corrections=several(
        st.builds(TextCorrection, utterance_id=ids, start_ms=ms, end_ms=ms, text=texts)
    ),
    comments=several(
        st.builds(
            Comment,
            id=ids,
            utterance_id=ids,
            start_ms=ms,
            end_ms=ms,
            text=texts,
            author=texts,
            made_at=moments,
        )
    ),
)
