"""How names, times and comments read in every export."""

from services.domain.calls import Call
from services.domain.edits import Comment
from services.domain.reviewed import ReviewedCall
from services.domain.speech import SpeakerRole, Transcript, Utterance

NOBODY = "Unknown speaker"
_ROLE_NAMES = {
    SpeakerRole.AGENT: "Agent",
    SpeakerRole.CUSTOMER: "Customer",
    SpeakerRole.UNKNOWN: "Unknown",
}


def speaker_label(transcript: Transcript, speaker_id: str | None) -> str:
    """Return the name shown for a speaker, on one line."""
    speaker = transcript.speaker(speaker_id)
    return one_line(speaker.label) or NOBODY if speaker else NOBODY


def role_name(role: SpeakerRole) -> str:
    """Return the role as people read it."""
    return _ROLE_NAMES[role]


def clock(at_ms: int) -> str:
    """Return ``m:ss``, from an hour on ``h:mm:ss``."""
    seconds = at_ms // 1000
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def timecode(at_ms: int, *, mark: str) -> str:
    """Return ``hh:mm:ss`` and three digits of milliseconds after the given decimal mark."""
    seconds, milliseconds = divmod(at_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{mark}{milliseconds:03}"


def one_line(text: str) -> str:
    """Return the text without line breaks, control characters and doubled blanks."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def part_line(transcript: Transcript) -> str | None:
    """Return which part of the recording was transcribed, None when all of it was."""
    part = transcript.part
    if part is None:
        return None
    return f"Transcribed from {clock(part.start_ms)} to {clock(part.end_ms)}"


def reviewed_line(call: Call) -> str | None:
    """Return when the call was reviewed and by whom, None when it wasn't."""
    if call.reviewed_at is None:
        return None
    when = f"Reviewed {call.reviewed_at:%Y-%m-%d %H:%M} UTC"
    return f"{when} by {one_line(call.reviewed_by)}" if call.reviewed_by else when


def comments_by_utterance(reviewed: ReviewedCall) -> dict[str, list[Comment]]:
    """Return each utterance's comments, oldest first; those without a line are left out."""
    known = {utterance.id for utterance in reviewed.transcript.utterances}
    found: dict[str, list[Comment]] = {}
    for comment in sorted(reviewed.edits.comments, key=lambda c: c.made_at):
        if comment.utterance_id in known:
            found.setdefault(comment.utterance_id, []).append(comment)
    return found


def loose_comments(reviewed: ReviewedCall) -> list[Comment]:
    """Return the comments whose line this transcript does not have, in order of the call."""
    known = {utterance.id for utterance in reviewed.transcript.utterances}
    loose = [c for c in reviewed.edits.comments if c.utterance_id not in known]
    return sorted(loose, key=lambda c: (c.start_ms, c.made_at))


def categories_line(reviewed: ReviewedCall) -> str | None:
    """Return "Categories: …" with the names of a call's categories, None without any."""
    names = [one_line(category.name or category.rule_id) for category in reviewed.categories]
    return f"Categories: {', '.join(names)}" if names else None


def category_names_at(reviewed: ReviewedCall, utterance: Utterance) -> list[str]:
    """Return the names of the categories that rest on an utterance."""
    return [
        one_line(category.name or category.rule_id)
        for category in reviewed.categories
        if any(evidence.utterance == utterance.id for evidence in category.evidence)
    ]
