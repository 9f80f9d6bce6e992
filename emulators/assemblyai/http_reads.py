"""What can be read of a finished transcript beside itself: sentences, subtitles, searches."""

import math
from collections.abc import Callable, Sequence
from string import punctuation
from typing import Any

from emulators.assemblyai.http_answers import CONFIDENCE, Line, sentences, utterance
from emulators.assemblyai.http_jobs import Job

Json = dict[str, Any]

MOST_PHRASE_WORDS = 5
LINES_A_PARAGRAPH = 4


def read_sentences(job: Job, shown: Sequence[Line]) -> Json:
    """Return the transcript in sentences."""
    return {"sentences": [utterance(line) for line in sentences(shown)], **_frame(job)}


def read_paragraphs(job: Job, shown: Sequence[Line]) -> Json:
    """Return the transcript in paragraphs of a few lines each."""
    groups = [shown[at : at + LINES_A_PARAGRAPH] for at in range(0, len(shown), LINES_A_PARAGRAPH)]
    paragraphs = []
    for group in groups:
        words = [word for line in group for word in utterance(line)["words"]]
        paragraphs.append(
            {
                "text": " ".join(line.text for line in group),
                "start": words[0]["start"],
                "end": words[-1]["end"],
                "confidence": CONFIDENCE,
                "words": words,
            }
        )
    return {"paragraphs": paragraphs, **_frame(job)}


def search_words(shown: Sequence[Line], phrases: Sequence[str]) -> Json:
    """Return where words and phrases of up to five words are said."""
    words = [word for line in shown for word in line.words]
    bare = [word.text.casefold().strip(punctuation) for word in words]
    matches = []
    for phrase in phrases:
        sought = phrase.casefold().split()
        places = [at for at in range(len(bare)) if sought and bare[at : at + len(sought)] == sought]
        if places:
            matches.append(
                {
                    "text": phrase,
                    "count": len(places),
                    "timestamps": [
                        [words[at].start_ms, words[at + len(sought) - 1].end_ms] for at in places
                    ],
                    "indexes": places,
                }
            )
    return {"total_count": sum(m["count"] for m in matches), "matches": matches}


def write_subtitles(shown: Sequence[Line], *, vtt: bool) -> str:
    """Return subtitles as SRT or WebVTT, a caption for each sentence."""
    clock = _vtt_clock if vtt else _srt_clock
    captions = []
    for number, line in enumerate(sentences(shown), start=1):
        times = f"{clock(line.words[0].start_ms)} --> {clock(line.words[-1].end_ms)}"
        captions.append(f"{times}\n{line.text}\n" if vtt else f"{number}\n{times}\n{line.text}\n")
    return ("WEBVTT\n\n" if vtt else "") + "\n".join(captions)


def _frame(job: Job) -> Json:
    duration_ms = job.sound.duration_ms if job.sound else 0
    return {"id": job.id, "confidence": CONFIDENCE, "audio_duration": math.ceil(duration_ms / 1000)}


def _srt_clock(ms: int) -> str:
    return _vtt_clock(ms).replace(".", ",")


def _vtt_clock(ms: int) -> str:
    seconds, ms = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{ms:03}"


READERS: dict[str, Callable[[Job, Sequence[Line]], Json]] = {
    "sentences": read_sentences,
    "paragraphs": read_paragraphs,
}
