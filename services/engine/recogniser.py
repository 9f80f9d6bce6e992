"""From windows to words, batch by batch, so that a stop loses no finished batch."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from services.audio.recording import FRAMES_PER_MS, PcmReader
from services.domain.calls import Stage
from services.domain.errors import InvalidRequest
from services.domain.running import RunContext
from services.engine.guards import better, is_doubtful, is_no_speech, without_loops
from services.engine.heard import (
    Heard,
    HeardWord,
    LanguageGuess,
    words_from_json,
    words_to_json,
)
from services.engine.language import (
    FALLBACK_LANGUAGE,
    WINDOWS_ASKED,
    language_of_call,
    other_language,
)
from services.engine.unheard import WINDOWS_MS, Speech, gaps_without_words, only_in, windows_for
from services.engine.whisper import Decoding, Encoded, Whisper, WindowText, WindowWord
from services.engine.windows import WINDOW_MS, Window, pack

# Larger batches need more memory and are no faster.
BATCH = 4
LANGUAGE_KEY = "recognise.language"
FIRST_TRY = Decoding()
AGAIN = Decoding(beam_size=5)
SECOND_TRY = Decoding(beam_size=5, repetition_penalty=1.1, no_repeat_ngram=4)
FIRST_PASS_SHARE = 0.9
# A word that the alignment stretches over a pause is cut to this.
LONGEST_WORD_MS = 1_500

Words = dict[int | None, list[HeardWord]]


@dataclass(kw_only=True)
class _Task:
    """What stays the same over the batches of one call; the language once it is known.

    ``may_switch`` says that a window may be in another language than its call.
    """

    pcm: PcmReader
    context: RunContext
    muted: Speech
    hotwords: str | None
    guess: LanguageGuess | None
    may_switch: bool


class Recogniser:
    """Recognises the packed windows of a call with one Whisper model."""

    def __init__(self, whisper: Whisper) -> None:
        """Use ``whisper``, which loads itself when it is first needed."""
        self._whisper = whisper

    def recognise(
        self,
        pcm: PcmReader,
        speech: Speech,
        context: RunContext,
        *,
        language: str | None = None,
        vocabulary: Sequence[str] = (),
        muted: Speech | None = None,
        longest_ms: int = WINDOW_MS,
    ) -> tuple[tuple[Heard, ...], LanguageGuess | None]:
        """Return the words per channel and the language (None when nobody speaks).

        ``speech`` holds, per channel (None: the mix), the voiced intervals in milliseconds;
        ``muted`` those to silence (the other party's echo, music). A window is ``longest_ms``
        long at most, up to 30 s. Those found in ``context.checkpoints`` are not recognised again;
        each batch is remembered when done.
        Raises Cancelled between batches, InvalidRequest for a language the model doesn't know.
        """
        duration_ms = pcm.frames // FRAMES_PER_MS
        windows = [
            w
            for c, voiced in speech.items()
            for w in pack(voiced, channel=c, duration_ms=duration_ms, longest_ms=longest_ms)
        ]
        if not windows:
            return (), None
        task = _Task(
            pcm=pcm,
            context=context,
            muted=muted or {},
            hotwords=", ".join(vocabulary) or None,
            guess=self._known_language(language, context),
            may_switch=language is None and self._whisper.multilingual,
        )
        self._pass(task, windows, progress=(0.0, FIRST_PASS_SHARE))
        words = _by_channel(windows, context)
        for number in range(len(WINDOWS_MS)):
            words = self._listen_again(task, words, speech, number)
        context.report(Stage.RECOGNISE, 1.0)
        return tuple(Heard(channel=c, words=tuple(w)) for c, w in words.items()), task.guess

    def _listen_again(self, task: _Task, words: Words, speech: Speech, number: int) -> Words:
        """Recognise once more where somebody speaks and no words were found.

        ``number`` counts such attempts from 0. Whisper sometimes leaves out most of a window;
        a window of its own brings that back.
        """
        duration_ms = task.pcm.frames // FRAMES_PER_MS
        gaps = {c: gaps_without_words(words[c], speech[c], duration_ms) for c in words}
        windows = [
            window
            for c, found in gaps.items()
            for window in windows_for(
                found,
                speech[c],
                channel=c,
                duration_ms=duration_ms,
                attempt=number + 1,
            )
        ]
        share = (1.0 - FIRST_PASS_SHARE) / len(WINDOWS_MS)
        begin = FIRST_PASS_SHARE + share * number
        self._pass(task, windows, progress=(begin, begin + share), decoding=AGAIN)
        again = _by_channel(windows, task.context)
        return {
            c: sorted([*row, *only_in(again.get(c, ()), gaps[c])], key=_in_time)
            for c, row in words.items()
        }

    def _pass(
        self,
        task: _Task,
        windows: Sequence[Window],
        *,
        progress: tuple[float, float],
        decoding: Decoding = FIRST_TRY,
    ) -> None:
        """Recognise what the checkpoints don't hold yet, batch by batch, the longest first.

        A batch's windows are then alike in length, and the language is read off long ones.
        """
        pending = [w for w in windows if _checkpoint(w) not in task.context.checkpoints]
        pending.sort(key=lambda w: -w.duration_ms)
        begin, end = progress
        for start in range(0, len(pending), BATCH):
            done = (len(windows) - len(pending) + start) / len(windows)
            task.context.report(Stage.RECOGNISE, begin + (end - begin) * done)
            batch = pending[start : start + BATCH]
            found = self._batch(task, batch, decoding)
            for window, words in zip(batch, found, strict=True):
                task.context.checkpoints[_checkpoint(window)] = words_to_json(words)

    def _known_language(self, given: str | None, context: RunContext) -> LanguageGuess | None:
        if not self._whisper.multilingual:
            return LanguageGuess(code=FALLBACK_LANGUAGE, confidence=None)
        if given is not None:
            return LanguageGuess(code=_known(given, self._whisper.languages), confidence=None)
        remembered = context.checkpoints.get(LANGUAGE_KEY)
        if remembered is None:
            return None
        code, confidence = json.loads(remembered)
        return LanguageGuess(code=code, confidence=confidence)

    def _detect(self, encoded: Encoded, windows: Sequence[Window]) -> LanguageGuess:
        asked = slice(0, WINDOWS_ASKED)
        rows = self._whisper.language_probabilities(encoded[asked])
        return language_of_call(rows, [w.duration_ms for w in windows[asked]])

    def _batch(
        self, task: _Task, windows: Sequence[Window], decoding: Decoding
    ) -> list[tuple[HeardWord, ...]]:
        sounds = [w.read(task.pcm, task.muted.get(w.channel, ())) for w in windows]
        encoded = self._whisper.encode(sounds)
        if task.guess is None:
            task.guess = self._detect(encoded, windows)
            remember_language(task.guess, task.context)
        language = task.guess.code
        texts = self._whisper.decode(encoded, language, task.hotwords, decoding)
        found: list[list[WindowWord] | None] = [None] * len(windows)
        for index, text in enumerate(texts):
            if is_doubtful(text):
                again = encoded[index : index + 1]
                texts[index], spoken = self._second_try(task, again, windows[index], text)
                if spoken != language:
                    found[index] = self._aligned(again, texts[index:], windows[index:], spoken)[0]
        aligned = self._aligned(encoded, texts, windows, language)
        return [
            () if is_no_speech(text) else _placed(window, other if other is not None else row)
            for window, text, row, other in zip(windows, texts, aligned, found, strict=True)
        ]

    def _aligned(
        self,
        encoded: Encoded,
        texts: Sequence[WindowText],
        windows: Sequence[Window],
        language: str,
    ) -> list[list[WindowWord]]:
        count = len(encoded)
        lengths = [w.duration_ms for w in windows[:count]]
        return self._whisper.align(encoded, texts[:count], lengths, language)

    def _second_try(
        self, task: _Task, encoded: Encoded, window: Window, first: WindowText
    ) -> tuple[WindowText, str]:
        """Search a doubtful window once more, in the language it is in; return the better text."""
        assert task.guess is not None
        language = task.guess.code
        if task.may_switch:
            (row,) = self._whisper.language_probabilities(encoded)
            language = other_language(row, window.duration_ms, language) or language
        (second,) = self._whisper.decode(encoded, language, task.hotwords, SECOND_TRY)
        if language != task.guess.code:
            return second, language
        return better(first, second), language


def remember_language(guess: LanguageGuess, context: RunContext) -> None:
    """Let a run take the language of a call for known and detected."""
    context.checkpoints[LANGUAGE_KEY] = json.dumps([guess.code, guess.confidence]).encode()


def _checkpoint(window: Window) -> str:
    return f"recognise.{window.key}"


def _known(language: str, languages: frozenset[str]) -> str:
    code = language.lower().split("-")[0].split("_")[0]
    if code not in languages:
        raise InvalidRequest(
            "The speech model does not know this language; give a code such as en."
        )
    return code


def _in_time(word: HeardWord) -> tuple[int, int]:
    return word.start_ms, word.end_ms


def _by_channel(windows: Sequence[Window], context: RunContext) -> Words:
    words: Words = {}
    for window in windows:
        found = words_from_json(context.checkpoints[_checkpoint(window)])
        words.setdefault(window.channel, []).extend(found)
    return {c: sorted(row, key=_in_time) for c, row in words.items()}


def _placed(window: Window, words: Sequence[WindowWord]) -> tuple[HeardWord, ...]:
    """Move words from window time to the time of the recording, each inside one piece."""
    return without_loops(_joined([_place(window, word) for word in words]))


def _joined(words: Sequence[HeardWord]) -> list[HeardWord]:
    """Join what is written without a space to the word before it ("50" and "%").

    Languages that write no spaces at all keep their words apart.
    """
    joined: list[HeardWord] = []
    for word in words:
        before = joined[-1] if joined else None
        if before is None or word.text[:1].isspace() or not before.text[:1].isspace():
            joined.append(word)
            continue
        joined[-1] = HeardWord(
            text=before.text + word.text,
            start_ms=before.start_ms,
            end_ms=max(before.end_ms, word.end_ms),
            confidence=min(before.confidence, word.confidence),
        )
    return joined


def _place(window: Window, word: WindowWord) -> HeardWord:
    middle = window.source_ms((word.start_ms + word.end_ms) / 2)
    piece_start, piece_end = next(
        (p for p in window.pieces if p[0] <= middle < p[1]), window.pieces[-1]
    )
    start = max(window.source_ms(word.start_ms), piece_start)
    end = min(window.source_ms(word.end_ms, is_end=True), piece_end)
    start = max(start, end - LONGEST_WORD_MS)
    return HeardWord(
        text=word.text,
        start_ms=min(start, piece_end - 1),
        end_ms=max(end, min(start, piece_end - 1) + 1),
        confidence=min(1.0, max(0.0, word.confidence)),
    )
