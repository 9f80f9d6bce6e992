"""New speakers for a transcript from anywhere: its words stay, who says them is heard anew."""

from collections.abc import Sequence
from dataclasses import replace

from services.audio.recording import Recording
from services.domain.calls import ProcessingOptions, Stage
from services.domain.ids import new_id
from services.domain.intervals import Interval, covered_ms
from services.domain.running import RunContext
from services.domain.speech import Transcript, Utterance
from services.engine.engine import EngineHolder, LocalEngine
from services.engine.pieces import Piece, line_of, pieces_of
from services.engine.speakers.attribution import attribute
from services.engine.utterances import lines_of, numbered
from services.engine.who_speaks import Party, who_speaks, with_parties

LEFT_OUT = frozenset({"roles", "sentiment", "personal_data", "summary", "known_voices"})


class LocalLabeller:
    """Tells speakers apart on this machine; the models are loaded at the first transcript."""

    def __init__(self, engine: EngineHolder) -> None:
        """Share the engine with whoever else recognises in this process."""
        self._engine = engine

    def relabel(
        self,
        recording: Recording,
        transcript: Transcript,
        options: ProcessingOptions,
        context: RunContext,
    ) -> Transcript:
        """Return the transcript with new speakers. Raises Cancelled, WeightsMissing …."""
        return relabel(self._engine.get(), recording, transcript, options, context)


def relabel(
    engine: LocalEngine,
    recording: Recording,
    transcript: Transcript,
    options: ProcessingOptions,
    context: RunContext,
) -> Transcript:
    """Return a new transcript of the same words with speakers found on the recording.

    Words keep text, time and confidence; ``provider``, language and ``redacted`` stay. Speakers,
    utterances, spans, holds and loudness are new. Roles, known voices, sentiment, backchannels and
    summary are left out, in ``stages`` too: they spoke of the old lines. Of a line that stays, what
    the provider says of its sentiment stays. Raises Cancelled.
    """
    context.report(Stage.SPEAKERS, 0.0)
    found = who_speaks(engine.activity, engine.diarizer, recording, options, context)
    parties = found.parties
    pieces = pieces_of(transcript.utterances, until_ms=recording.duration_ms)
    kept = {part: by for part, by in transcript.stages.items() if part not in LEFT_OUT}
    relabelled = replace(
        transcript,
        id=new_id(),
        duration_ms=recording.duration_ms,
        utterances=_lines(pieces, given_to(pieces, parties, found.unsure), parties),
        stages={**kept, "speakers": found.how, "holds": "local levels"},
        summary=None,
    )
    relabelled = with_parties(relabelled, parties, found.music, found.pcm)
    context.report(Stage.SPEAKERS, 1.0)
    return relabelled


def given_to(
    pieces: Sequence[Piece], parties: Sequence[Party], nobodys: Sequence[Interval] = ()
) -> list[int | None]:
    """Return, per piece, the index of the party that says it, None when that can't be told.

    ``pieces`` are in order of time. A word may follow the sentence it stands in; what stays whole
    goes to whoever says most of it. What was recognised on a party's own channel stays with that
    party wherever it is heard there, even when the other one is louder.
    """
    voices = [p.spans for p in parties]
    own = {p.channel: at for at, p in enumerate(parties) if p.channel is not None}
    given: list[int | None] = []
    for piece, following in zip(pieces, attribute(pieces, voices, nobodys), strict=True):
        at = own.get(piece.origin.channel) if piece.origin.channel is not None else None
        if at is not None and covered_ms((piece.start_ms, piece.end_ms), voices[at]):
            given.append(at)
        else:
            given.append(following if piece.is_one_word else attribute([piece], voices)[0])
    return given


def _lines(
    pieces: Sequence[Piece], given: Sequence[int | None], parties: Sequence[Party]
) -> tuple[Utterance, ...]:
    said = [
        [p for p, at in zip(pieces, given, strict=True) if at == index]
        for index in (*range(len(parties)), None)
    ]
    formed = []
    for index, line in lines_of(said):
        speaker, channel = (
            (parties[index].speaker, parties[index].channel)
            if index < len(parties)
            else (None, None)
        )
        formed += [line_of(part, speaker, channel) for part in _whole_ones_apart(line)]
    return numbered(formed)


def _whole_ones_apart(line: Sequence[Piece]) -> list[list[Piece]]:
    """Part a line around utterances that stay whole, so that no line knows half of its words."""
    parts: list[list[Piece]] = []
    for at, piece in enumerate(line):
        if at == 0 or piece.is_whole or line[at - 1].is_whole:
            parts.append([])
        parts[-1].append(piece)
    return parts
