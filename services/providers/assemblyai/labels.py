"""Speakers out of the labels that the service gives to voices."""

from collections.abc import Sequence

from services.domain.live import SpeakerTold
from services.domain.speech import Speaker
from services.providers.assemblyai.turn_words import LabelledWord


class Labels:
    """Who has which label, over all connections of a call.

    A label holds for one connection only. After a drop a voice is recognised by words that were
    heard over both connections, or else counts as new.
    """

    def __init__(self, alone: Speaker | None = None) -> None:
        """``alone`` is who is heard on a channel of its own, whatever the labels say."""
        self._alone = alone
        self._known: dict[tuple[int, str], str] = {}
        self._introduced: set[str] = set()
        self._connection = 0
        self._before: tuple[LabelledWord, ...] = ()

    def begin(self, before: Sequence[LabelledWord]) -> None:
        """Another connection opens; ``before`` are words that may be heard again over it."""
        self._connection += 1
        if before:
            self._before = tuple(before)

    def speaker(
        self, label: str | None, start_ms: int, end_ms: int
    ) -> tuple[str | None, list[SpeakerTold]]:
        """Return who says the word of this label, with an introduction at the first time."""
        if self._alone is not None:
            return self._alone.id, self._introduction(self._alone, start_ms)
        if label is None:
            return None, []
        key = (self._connection, label)
        if key not in self._known:
            # The place in the list is the number, so ids follow the order in which people speak.
            new = f"s{len(set(self._known.values())) + 1}"
            self._known[key] = self._heard_before(start_ms, end_ms) or new
        found = self._known[key]
        speaker = Speaker(id=found, label=f"Speaker {found.removeprefix('s')}")
        return found, self._introduction(speaker, start_ms)

    def _introduction(self, speaker: Speaker, at_ms: int) -> list[SpeakerTold]:
        if speaker.id in self._introduced:
            return []
        self._introduced.add(speaker.id)
        return [SpeakerTold(speaker=speaker, at_ms=at_ms)]

    def _heard_before(self, start_ms: int, end_ms: int) -> str | None:
        """Return who said these very moments over an earlier connection, None if nobody did."""
        for word in self._before:
            if word.start_ms < end_ms and start_ms < word.end_ms:
                return word.speaker
        return None
