"""The messages with which a streaming session tells its turns."""

from collections.abc import Iterator, Sequence
from typing import Any

from emulators.assemblyai.streaming_script import HeardTurn, HeardWord

Frame = dict[str, Any]


class TurnFrames:
    """Writes one session's turns; times are counted from where its sound begins in the call."""

    def __init__(
        self, *, labels: bool, formats: bool, start_ms: int, formatted_only: bool = False
    ) -> None:
        """Write labels and formatted turns as the session asked for them."""
        self._formatted_only = formatted_only
        self._labels = labels
        self._formats = formats
        self._start_ms = start_ms

    def partial(self, order: int, turn: HeardTurn, words: Sequence[HeardWord]) -> Frame:
        """Return a turn that goes on: all words but the last are final."""
        return self._turn(order, turn, words, ended=False, formatted=False)

    def ended(self, order: int, turn: HeardTurn, words: Sequence[HeardWord]) -> Iterator[Frame]:
        """Yield the end of a turn, unformatted and formatted, and what is revised after it."""
        if not self._formatted_only:
            yield self._turn(order, turn, words, ended=True, formatted=False)
        if self._formats:
            yield self._turn(order, turn, words, ended=True, formatted=True)
        if self._labels and turn.revised is not None and len(turn.revised) == len(words):
            yield self._revision(order, words, turn.revised)

    def _turn(
        self,
        order: int,
        turn: HeardTurn,
        words: Sequence[HeardWord],
        *,
        ended: bool,
        formatted: bool,
    ) -> Frame:
        final = len(words) if ended else len(words) - 1
        written = [
            self._word(word, is_final=n < final, formatted=formatted)
            for n, word in enumerate(words)
        ]
        frame: Frame = {
            "type": "Turn",
            "turn_order": order,
            "turn_is_formatted": formatted,
            "end_of_turn": ended,
            "transcript": " ".join(word["text"] for word in written[:final]),
            "end_of_turn_confidence": 0.9 if ended else 0.1,
            "words": written,
        }
        if self._labels:
            frame["speaker_label"] = turn.label
        return frame

    def _word(self, word: HeardWord, *, is_final: bool, formatted: bool) -> Frame:
        written: Frame = {
            "text": word.text if formatted else word.unformatted,
            "start": word.start_ms - self._start_ms,
            "end": word.end_ms - self._start_ms,
            "confidence": word.confidence,
            "word_is_final": is_final,
        }
        if self._labels and is_final and word.speaker is not None:
            written["speaker"] = word.speaker
        return written

    def _revision(
        self, order: int, words: Sequence[HeardWord], labels: Sequence[str | None]
    ) -> Frame:
        revised = [
            {**self._word(word, is_final=True, formatted=True), "speaker": label}
            for word, label in zip(words, labels, strict=True)
        ]
        counted = [label for label in labels if label is not None]
        most = max(counted, key=counted.count) if counted else None
        one = {"turn_order": order, "speaker_label": most, "words": revised}
        return {"type": "SpeakerRevision", "revisions": [one]}
