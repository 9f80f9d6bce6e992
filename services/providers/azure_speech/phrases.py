"""The answer of fast transcription as a transcript."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from services.audio.recording import ChannelLayout, Recording
from services.domain.ids import new_id
from services.domain.intervals import union
from services.domain.speech import Span, Speaker, Transcript, Utterance, Word
from services.domain.word_places import word_places
from services.providers.azure_speech.locales import language_of

ONE_VOICE = "s1"
RECOGNISED_BY = "azure fast transcription"
# Pauses shorter than this lie inside of what somebody says.
BRIDGED_MS = 300

Phrase = Mapping[str, Any]


def transcript_of(
    answer: Mapping[str, Any], recording: Recording, language: str | None, *, one_voice: bool
) -> Transcript:
    """Return the transcript that an answer holds.

    ``language`` is what was asked for, None when it was to be found out; with ``one_voice`` all is
    said by one person. Raises KeyError, TypeError or ValueError for an answer of another form.
    """
    separate = recording.layout is ChannelLayout.SEPARATE
    # A channel may be told where all were mixed, and a speaker where nobody asked.
    told_by = "channel" if separate else None if one_voice else "speaker"
    phrases = [p for p in answer["phrases"] if " ".join(str(p["text"]).split())]
    names = _names(phrases, told_by)
    lines = []
    for phrase in phrases:
        line = _utterance(phrase, recording.duration_ms)
        if line is not None:
            speaker = names.get(phrase.get(told_by)) if told_by else ONE_VOICE
            channel = phrase.get("channel") if separate else None
            lines.append(replace(line, speaker=speaker, channel=channel))
    lines.sort(key=lambda u: (u.start_ms, u.end_ms, u.speaker or ""))
    utterances = tuple(replace(u, id=f"u{n}") for n, u in enumerate(lines, start=1))
    speakers = {u.speaker: u.channel for u in utterances if u.speaker is not None}
    stages = {"recognition": RECOGNISED_BY}
    if speakers:
        stages["speakers"] = "azure channels" if separate else "azure voices"
    return Transcript(
        id=new_id(),
        provider="azure",
        duration_ms=recording.duration_ms,
        speakers=tuple(
            Speaker(id=name, label=f"Speaker {name[1:]}", channel=speakers[name])
            for name in sorted(speakers, key=lambda name: int(name[1:]))
        ),
        utterances=utterances,
        spans=spans_of(utterances),
        language=language or _heard_language(phrases),
        stages=stages,
    )


def _names(phrases: Sequence[Phrase], told_by: str | None) -> Mapping[Any, str]:
    """Return our name of each voice: by its channel, else by who speaks first."""
    if told_by == "channel":
        return {channel: f"s{channel + 1}" for channel in (0, 1)}
    told = sorted(phrases, key=lambda phrase: int(phrase["offsetMilliseconds"]))
    voices = dict.fromkeys(p["speaker"] for p in told if p.get("speaker") is not None)
    return {voice: f"s{number}" for number, voice in enumerate(voices, start=1)}


def _utterance(phrase: Phrase, duration_ms: int) -> Utterance | None:
    """Return a phrase as nobody's utterance; None when it lies outside of the recording."""
    start, end = _times(phrase)
    if start >= duration_ms or end <= 0:
        return None
    text = " ".join(str(phrase["text"]).split())
    words = tuple(_words(phrase.get("words") or (), duration_ms))
    if word_places(words, text) is None:
        words = ()
    if words:
        start, end = min(start, words[0].start_ms), max(end, *(w.end_ms for w in words))
    start, end = max(0, start), min(end, duration_ms)
    if start >= end:
        return None
    return Utterance(
        id="",
        speaker=None,
        start_ms=start,
        end_ms=end,
        text=text,
        confidence=_confidence(phrase.get("confidence")),
        words=words,
    )


def _words(told: Iterable[Phrase], duration_ms: int) -> Iterable[Word]:
    """Yield the words; the service tells no confidence for a word alone."""
    earliest = 0
    for word in told:
        start, end = _times(word)
        earliest = start = min(max(start, earliest), max(0, duration_ms - 1))
        end = max(start + 1, min(end, duration_ms))
        yield Word(text=" ".join(str(word["text"]).split()), start_ms=start, end_ms=end)


def _times(told: Phrase) -> tuple[int, int]:
    start = int(told["offsetMilliseconds"])
    return start, start + int(told["durationMilliseconds"])


def _confidence(told: Any) -> float | None:
    return None if told is None else round(min(1.0, max(0.0, float(told))), 3)


def spans_of(utterances: Sequence[Utterance]) -> tuple[Span, ...]:
    """Return where each speaker is heard: where the words are, else the whole utterance."""
    heard: dict[str, list[tuple[int, int]]] = {}
    for line in utterances:
        if line.speaker is not None:
            places = [(w.start_ms, w.end_ms) for w in line.words]
            heard.setdefault(line.speaker, []).extend(places or [(line.start_ms, line.end_ms)])
    spans = [
        Span(speaker=speaker, start_ms=start, end_ms=end)
        for speaker, places in heard.items()
        for start, end in union(places, bridge_ms=BRIDGED_MS)
    ]
    return tuple(sorted(spans, key=lambda s: (s.start_ms, s.end_ms, s.speaker)))


def _heard_language(phrases: Sequence[Phrase]) -> str | None:
    """Return the language in which most was said."""
    spoken: Counter[str] = Counter()
    for phrase in phrases:
        if phrase.get("locale"):
            spoken[language_of(phrase["locale"])] += int(phrase["durationMilliseconds"])
    return spoken.most_common(1)[0][0] if spoken else None
