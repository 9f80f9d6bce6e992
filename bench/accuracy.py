"""Scores the local pipeline against truth, beside plain faster-whisper.

``partyline bench accuracy [FOLDER…]`` takes every recording that has truth beside it, runs the
whole pipeline without redaction (redacted words would count as errors) and writes figures for
each file, for each kind of file and for all. On mono recordings faster-whisper's batched
pipeline with the same weights is scored in the same run. docs/accuracy.md explains the columns.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.commands.console import EXIT_BAD_INPUT, say
from bench.results import RESULTS, keep
from bench.scoring.calls import Score, pooled, score_call
from bench.scoring.corpus import Example, Search, find_examples
from bench.scoring.rows import row_of, tables
from bench.scoring.truth import BadTruth
from bench.scoring.words import Normalise, english
from services.domain.calls import ProcessingOptions
from services.domain.errors import BadAudio, InvalidRequest
from services.domain.reviewed import ReviewedCall
from services.domain.running import RunContext

if TYPE_CHECKING:
    from bench.batched_peer import BatchedPeer

DEMO = Path(__file__).resolve().parent.parent / "demo"
UNREDACTED = ProcessingOptions(redact=False)
SHOWN_AT_ONCE = (("WER", "wer"), ("peer's WER", "peer_wer"), ("DER", "der"))

Process = Callable[[Path], ReviewedCall]


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What a person asked for: recordings, the peer beside ours, and a folder for transcripts."""

    folders: Sequence[Path] = ()
    search: Search = field(default_factory=Search)
    peer: bool = True
    transcripts: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Scored:
    """The score of one recording."""

    name: str
    kind: str
    score: Score


def measure(wishes: Wishes, json_file: Path | None) -> int:
    """Measure, print tables, and write the figures; the exit status.

    Without ``json_file`` they are kept beside this script, under today's date. A recording or
    truth that can't be used costs one line, exit status 2, and not the others. Raises
    InvalidRequest when there is nothing to score, LibraryMissing.
    """
    normalise = english()
    examples, refused = _examples(wishes)
    if not examples and not refused:
        raise InvalidRequest("No recording in these folders has truth beside it.")
    scored: list[Scored] = []
    transcripts = TranscriptFolder(wishes.transcripts)
    desk = ScoringDesk(_pipeline(), normalise, _peer() if wishes.peer else None)
    for example in examples:
        try:
            reviewed = desk.process(example.audio)
        except BadAudio as error:
            say(f"{example.audio.name}: {error.user_message}")
            refused += 1
            continue
        scored.append(desk.score(example, reviewed))
        say(_one_line(scored[-1]))
        transcripts.keep(reviewed, example.audio.stem)
    if not scored:
        return EXIT_BAD_INPUT
    rows = rows_of(scored)
    print(tables(rows))
    today = datetime.now(UTC).date().isoformat()
    keep("accuracy", rows, json_file or RESULTS / f"accuracy-{today}.json")
    return EXIT_BAD_INPUT if refused else 0


class ScoringDesk:
    """Runs the pipeline, and on mono recordings the peer, and scores what comes out."""

    def __init__(self, process: Process, normalise: Normalise, peer: "BatchedPeer | None") -> None:
        """Use these; without a peer its figures stay empty."""
        self.process = process
        self._normalise = normalise
        self._peer = peer

    def score(self, example: Example, reviewed: ReviewedCall) -> Scored:
        """Score one recording that has been processed."""
        channels = reviewed.call.audio.channels if reviewed.call.audio else 1
        peer_text = None
        if self._peer and channels == 1 and example.truth.utterances:
            peer_text = self._peer.text_of(example.audio)
        return Scored(
            name=example.audio.name,
            kind=example.variant or ("mono" if channels == 1 else "two channels"),
            score=score_call(
                reviewed.transcript, example.truth, self._normalise, peer_text=peer_text
            ),
        )


def rows_of(scored: Sequence[Scored]) -> list[dict[str, Any]]:
    """Return a row for each recording, for each kind, and for all together."""
    rows = [row_of(one.name, one.kind, one.score) for one in scored]
    for kind in sorted({one.kind for one in scored}):
        own = [one.score for one in scored if one.kind == kind]
        rows.append(row_of(f"all {len(own)} {kind}", kind, pooled(own)))
    everything = pooled([one.score for one in scored])
    return [*rows, row_of(f"all {len(scored)}", "all", everything)]


class TranscriptFolder:
    """A folder of ``partyline.call/1`` files named after the recordings.

    Two recordings of one name, as ``a.wav`` and ``a.mp3``, make ``a.json`` and ``a-2.json``.
    """

    def __init__(self, folder: Path | None) -> None:
        """Write into this folder, or nowhere."""
        self._folder = folder
        self._written: Counter[str] = Counter()

    def keep(self, reviewed: ReviewedCall, stem: str) -> None:
        """Write one transcript, in place of one from an earlier measurement."""
        if self._folder is None:
            return
        from services.exports.call_json import write_json

        self._folder.mkdir(parents=True, exist_ok=True)
        self._written[stem] += 1
        name = stem if self._written[stem] == 1 else f"{stem}-{self._written[stem]}"
        (self._folder / f"{name}.json").write_text(write_json(reviewed), "utf-8")


def _examples(wishes: Wishes) -> tuple[list[Example], int]:
    """Return what is to be scored, and the number of recordings with truth of no use."""
    folders = wishes.folders or (DEMO,)
    for folder in folders:
        if not folder.is_dir():
            raise InvalidRequest("Give folders of recordings with truth beside them.")
    refused: list[Path] = []

    def refuse(audio: Path, error: BadTruth) -> None:
        say(f"{audio.name}: {error.user_message}")
        refused.append(audio)

    return list(find_examples(folders, wishes.search, refuse)), len(refused)


def _pipeline() -> Process:
    from app.settings import load_settings
    from app.wiring import build_models, build_providers
    from services.one_file import process_file

    settings = load_settings()
    provider, models = build_providers(settings).ready("local"), build_models(settings)

    def process(path: Path) -> ReviewedCall:
        return process_file(
            path,
            provider,
            UNREDACTED,
            models,
            RunContext(),
            working_folder=settings.working_folder,
            max_duration_ms=settings.max_duration_ms,
        )

    return process


def _peer() -> "BatchedPeer":
    from app.settings import load_settings
    from bench.batched_peer import BatchedPeer
    from services.engine.weights import ensure_weights

    settings = load_settings()
    paths = ensure_weights(settings.models_dir, whisper_model=settings.whisper_model)
    return BatchedPeer(paths.whisper, settings.threads)


def _one_line(scored: Scored) -> str:
    row = row_of(scored.name, scored.kind, scored.score)
    shown = [f"{name} {row[key]:.2%}" for name, key in SHOWN_AT_ONCE if row[key] is not None]
    if row["no_speech_n"]:
        shown.append(f"{row['no_speech_words']} words out of no speech")
    return f"{scored.name}: {', '.join(shown)}"
