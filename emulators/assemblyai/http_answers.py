"""A finished transcript as the service returns it, made of the script and the request's fields."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from string import punctuation
from typing import Any

from emulators.assemblyai.http_audio import Sound
from emulators.assemblyai.http_dialogue import HeardLine, HeardWord

Json = dict[str, Any]

CONFIDENCE = 0.94
SENTIMENT_CONFIDENCE = 0.87
MODEL = "universal-3-pro"
_SENTENCE_END = re.compile(r"[.?!]$")
_LETTER = re.compile(r"\w")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One utterance as it is answered."""

    speaker: str | None
    channel: str | None
    sentiment: str
    words: tuple[HeardWord, ...]

    @property
    def text(self) -> str:
        """The words in a row."""
        return " ".join(word.text for word in self.words)


def answered_lines(
    heard: Sequence[HeardLine], asked: Mapping[str, Any], sound: Sound
) -> list[Line]:
    """Return what was heard as this request wants it: speakers, fillers, swearing, spelling."""
    letters = _Letters(asked)
    lines = []
    for line in heard:
        who = line.script.who
        channel = _channel(who, sound) if asked.get("multichannel") else None
        speaker = channel if asked.get("multichannel") else letters.of(who)
        words: Sequence[HeardWord] = line.words
        if not asked.get("disfluencies"):
            words = [word for word in words if not word.is_filler]
        if asked.get("filter_profanity"):
            words = [_starred(word) if word.is_profane else word for word in words]
        for pair in asked.get("custom_spelling") or ():
            words = _respelled(words, pair["from"], pair["to"])
        if words:
            lines.append(
                Line(
                    speaker=speaker,
                    channel=channel,
                    sentiment=line.script.sentiment,
                    words=tuple(words),
                )
            )
    return lines


class _Letters:
    """Names voices A, B, … in the order in which they are heard, as many as are expected."""

    def __init__(self, asked: Mapping[str, Any]) -> None:
        self._wanted = bool(asked.get("speaker_labels"))
        bounds = asked.get("speaker_options") or {}
        least = bounds.get("min_speakers_expected") or 1
        most = bounds.get("max_speakers_expected") or 26
        self._count = asked.get("speakers_expected") or min(max(2, least), most)
        self._turns = 0

    def of(self, who: int | str | None) -> str | None:
        if not self._wanted or not isinstance(who, int):
            return who if self._wanted and isinstance(who, str) else None
        if who == 0 or self._count == 1:
            return "A"
        self._turns += 1
        return chr(ord("A") + 1 + (self._turns - 1 + who - 1) % (self._count - 1))


def _channel(who: int | str | None, sound: Sound) -> str:
    return str(1 + (who if isinstance(who, int) else 0) % sound.channels)


def redacted(lines: Sequence[Line], asked: Mapping[str, Any]) -> list[Line]:
    """Return the lines without the personal data that the request's policies name."""
    if not asked.get("redact_pii"):
        return list(lines)
    policies = set(asked["redact_pii_policies"])
    named = asked.get("redact_pii_sub") == "entity_name"
    return [replace(line, words=tuple(_hidden(line.words, policies, named))) for line in lines]


def _hidden(words: Sequence[HeardWord], policies: set[str], named: bool) -> Iterator[HeardWord]:
    for entity, run in groupby(words, key=lambda word: word.entity):
        held = list(run)
        if entity is None or held[0].policy not in policies:
            yield from held
        elif named:
            last = held[-1].text
            after = last[len(last.rstrip(punctuation)) :]
            text = f"[{str(held[0].policy).upper()}]{after}"
            yield replace(held[0], text=text, end_ms=held[-1].end_ms)
        else:
            yield from (replace(word, text=_LETTER.sub("#", word.text)) for word in held)


def covered_stretches(lines: Sequence[Line], asked: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Return where personal data is spoken, in milliseconds."""
    policies = set(asked.get("redact_pii_policies") or ())
    return [(w.start_ms, w.end_ms) for line in lines for w in line.words if w.policy in policies]


def finished(lines: Sequence[Line], asked: Mapping[str, Any], sound: Sound) -> Json:
    """Return the fields that a completed transcript has beyond those of the request."""
    shown = redacted(lines, asked)
    words = [_word(word, line) for line in shown for word in line.words]
    answer: Json = {
        "text": " ".join(line.text for line in shown),
        "words": words,
        "utterances": None,
        "confidence": CONFIDENCE if words else 0.0,
        "audio_duration": math.ceil(sound.duration_ms / 1000),
        "speech_model_used": (asked.get("speech_models") or [asked.get("speech_model") or MODEL])[
            0
        ],
    }
    if asked.get("multichannel"):
        answer["audio_channels"] = sound.channels
    if asked.get("multichannel") or asked.get("speaker_labels"):
        answer["utterances"] = [utterance(line) for line in shown]
    if asked.get("sentiment_analysis"):
        answer["sentiment_analysis_results"] = [
            {
                **_spoken(sentence),
                "sentiment": sentence.sentiment,
                "confidence": SENTIMENT_CONFIDENCE,
            }
            for sentence in sentences(shown)
        ]
    if asked.get("summarization"):
        answer["summary"] = _summary(lines, str(asked.get("summary_type") or "bullets"))
    if asked.get("redact_pii_return_unredacted"):
        answer["unredacted_text"] = " ".join(line.text for line in lines)
    return answer


def utterance(line: Line) -> Json:
    """Return one line with its words."""
    return {**_spoken(line), "words": [_word(word, line) for word in line.words]}


def sentences(lines: Sequence[Line]) -> Iterator[Line]:
    """Yield the sentences of all lines."""
    for line in lines:
        begun: list[HeardWord] = []
        for word in line.words:
            begun.append(word)
            if _SENTENCE_END.search(word.text):
                yield replace(line, words=tuple(begun))
                begun = []
        if begun:
            yield replace(line, words=tuple(begun))


def _spoken(line: Line) -> Json:
    return {
        "text": line.text,
        "start": line.words[0].start_ms,
        "end": line.words[-1].end_ms,
        "confidence": CONFIDENCE,
        "speaker": line.speaker,
        "channel": line.channel,
    }


def _word(word: HeardWord, line: Line) -> Json:
    return {
        "text": word.text,
        "start": word.start_ms,
        "end": word.end_ms,
        "confidence": CONFIDENCE,
        "speaker": line.speaker,
        "channel": line.channel,
    }


def _starred(word: HeardWord) -> HeardWord:
    return replace(word, text=_LETTER.sub("*", word.text))


def _respelled(words: Sequence[HeardWord], heard: Sequence[str], wanted: str) -> list[HeardWord]:
    """Write phrases another way; what is sought knows neither case nor punctuation."""
    phrases = [phrase.casefold().split() for phrase in heard]
    written: list[HeardWord] = []
    at = 0
    while at < len(words):
        bare = [w.text.casefold().strip(punctuation) for w in words[at:]]
        found = next((len(p) for p in phrases if p and bare[: len(p)] == p), 0)
        if not found:
            written.append(words[at])
            at += 1
            continue
        last = words[at + found - 1]
        after = last.text[len(last.text.rstrip(punctuation)) :]
        written.append(replace(words[at], text=f"{wanted}{after}", end_ms=last.end_ms))
        at += found
    return written


def _summary(lines: Sequence[Line], kind: str) -> str:
    """Say what the call was about; like the real one it takes no notice of redaction."""
    names = [
        " ".join(w.text.strip(punctuation) for w in run)
        for line in lines
        for entity, run in groupby(line.words, key=lambda w: w.entity if w.policy else None)
        if entity is not None
    ]
    caller = names[1] if len(names) > 1 else "A customer"
    points = [
        f"{caller} called because a bill was higher than the month before.",
        "A discount had ended without notice and was renewed.",
        "A corrected bill will be sent by Friday.",
    ]
    if kind in {"bullets", "bullets_verbose"}:
        return "\n".join(f"- {point}" for point in points)
    return " ".join(points) if kind == "paragraph" else points[0]
