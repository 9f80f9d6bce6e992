"""The transcript as plain text to read or paste."""

from services.domain.reviewed import ReviewedCall
from services.exports.wording import (
    categories_line,
    clock,
    comments_by_utterance,
    loose_comments,
    one_line,
    part_line,
    reviewed_line,
    role_name,
    speaker_label,
)


def write_txt(reviewed: ReviewedCall) -> str:
    """Return a header, then one line an utterance with its time and speaker; comments indented."""
    transcript = reviewed.transcript
    comments = comments_by_utterance(reviewed)
    lines = [one_line(reviewed.call.source_name), f"Duration {clock(transcript.duration_ms)}"]
    lines += filter(None, (part_line(transcript), reviewed_line(reviewed.call)))
    lines += [f"{one_line(s.label)} ({role_name(s.role)})" for s in transcript.speakers]
    lines += filter(None, (categories_line(reviewed),))
    lines.append("")
    for utterance in transcript.utterances:
        label = speaker_label(transcript, utterance.speaker)
        lines.append(f"[{clock(utterance.start_ms)}] {label}: {one_line(utterance.text)}")
        lines += [
            f"    > {one_line(comment.author)}: {one_line(comment.text)}"
            for comment in comments.get(utterance.id, [])
        ]
    loose = loose_comments(reviewed)
    if loose:
        lines += ["", "Comments without a line in this transcript"]
        lines += [
            f"[{clock(comment.start_ms)}] {one_line(comment.author)}: {one_line(comment.text)}"
            for comment in loose
        ]
    return "\n".join(lines) + "\n"
