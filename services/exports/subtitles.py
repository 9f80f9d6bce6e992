"""Subtitles: SRT and WebVTT, cut into readable cues by the times of the words.

Who reviewed the call stands in WebVTT as a NOTE; SRT has no place for what is not shown.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.domain.edits import Comment
from services.domain.reviewed import ReviewedCall
from services.domain.speech import Utterance, Word
from services.exports.wording import (
    comments_by_utterance,
    loose_comments,
    one_line,
    reviewed_line,
    speaker_label,
    timecode,
)

LONGEST_CHARACTERS = 84
LONGEST_CUE_MS = 7_000
SHORTEST_CUE_MS = 1


@dataclass(frozen=True, kw_only=True)
class Cue:
    """One subtitle: an interval and the text shown in it."""

    start_ms: int
    end_ms: int
    text: str


def write_srt(reviewed: ReviewedCall) -> str:
    """Return SRT; every cue starts with the speaker's name, comments follow in brackets."""
    comments = comments_by_utterance(reviewed)
    blocks: list[str] = []
    for utterance in reviewed.transcript.utterances:
        label = speaker_label(reviewed.transcript, utterance.speaker)
        notes = [f"[{_note(comment)}]" for comment in comments.get(utterance.id, [])]
        for at, cue in enumerate(cues_of(utterance)):
            lines = [f"{label}: {cue.text}", *(notes if at == 0 else ())]
            blocks.append(_srt_block(len(blocks) + 1, cue, lines))
    for comment in loose_comments(reviewed):
        cue = Cue(start_ms=comment.start_ms, end_ms=comment.end_ms, text="")
        blocks.append(_srt_block(len(blocks) + 1, cue, [f"[{_note(comment)}]"]))
    return "\n".join(blocks)


def write_vtt(reviewed: ReviewedCall) -> str:
    """Return WebVTT with a voice tag on every cue and comments as NOTE blocks."""
    comments = comments_by_utterance(reviewed)
    blocks = ["WEBVTT\n"]
    mark = reviewed_line(reviewed.call)
    blocks += [f"NOTE {_escaped(mark)}\n"] if mark else []
    blocks += [f"NOTE {_escaped(_note(comment))}\n" for comment in loose_comments(reviewed)]
    for utterance in reviewed.transcript.utterances:
        label = _escaped(speaker_label(reviewed.transcript, utterance.speaker))
        notes = comments.get(utterance.id, [])
        blocks += [f"NOTE {_escaped(_note(comment))}\n" for comment in notes]
        for cue in cues_of(utterance):
            times = f"{timecode(cue.start_ms, mark='.')} --> {timecode(cue.end_ms, mark='.')}"
            blocks.append(f"{times}\n<v {label}>{_escaped(cue.text)}</v>\n")
    return "\n".join(blocks)


def cues_of(utterance: Utterance) -> list[Cue]:
    """Cut an utterance into cues that fit on two lines; without word times it stays whole."""
    text = one_line(utterance.text)
    if not text:
        return []
    tokens = text.split()
    if len(tokens) != len(utterance.words):
        return [_cue(utterance.start_ms, utterance.end_ms, text)]
    pieces = list(_pieces(tokens, utterance.words))
    return [
        _cue(
            utterance.start_ms if at == 0 else utterance.words[first].start_ms,
            utterance.end_ms if at == len(pieces) - 1 else utterance.words[last].end_ms,
            " ".join(tokens[first : last + 1]),
        )
        for at, (first, last) in enumerate(pieces)
    ]


def _pieces(tokens: Sequence[str], words: Sequence[Word]) -> Iterator[tuple[int, int]]:
    """Yield (first, last) token positions; a sentence's end is preferred once half is filled."""
    first, length = 0, 0
    for at, token in enumerate(tokens):
        too_long = length + 1 + len(token) > LONGEST_CHARACTERS
        too_late = words[at].end_ms - words[first].start_ms > LONGEST_CUE_MS
        sentence_ended = at > 0 and tokens[at - 1][-1] in ".?!" and length > LONGEST_CHARACTERS // 2
        if at > first and (too_long or too_late or sentence_ended):
            yield first, at - 1
            first, length = at, 0
        length += len(token) + 1
    yield first, len(tokens) - 1


def _cue(start_ms: int, end_ms: int, text: str) -> Cue:
    start_ms = max(0, start_ms)
    return Cue(start_ms=start_ms, end_ms=max(end_ms, start_ms + SHORTEST_CUE_MS), text=text)


def _srt_block(number: int, cue: Cue, lines: Sequence[str]) -> str:
    times = f"{timecode(cue.start_ms, mark=',')} --> {timecode(cue.end_ms, mark=',')}"
    # An arrow inside the text would look like the line of times to many readers.
    body = "\n".join(line.replace("-->", "->") for line in lines)
    return f"{number}\n{times}\n{body}\n"


def _note(comment: Comment) -> str:
    return f"Comment by {one_line(comment.author)}: {one_line(comment.text)}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
