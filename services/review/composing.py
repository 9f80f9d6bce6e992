"""What a person sees of a call: transcript, edits, names, figures and categories put together."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Protocol

from services.analysis.carrying import carry_edits
from services.analysis.covering import covered_stretches, mention_count
from services.analysis.edits import apply_edits
from services.analysis.labels import label_speakers, name_known_voices
from services.analysis.metrics import analyse
from services.analysis.topics import about_by_roles
from services.domain.calls import Call
from services.domain.edits import CallEdits
from services.domain.errors import InvalidRequest
from services.domain.reviewed import ReviewedCall
from services.domain.rules import Rule
from services.domain.speech import Transcript, Utterance
from services.understanding.rules.evaluate import evaluate
from services.understanding.rules.facts import facts_of
from services.understanding.typed import LineRedactor, safe_edits


class VoiceNames(Protocol):
    """Knows what known voices are called."""

    def names(self, org_id: str) -> Mapping[str, str]:
        """Return the name of each known voice of an organisation by the voice's id."""


class RuleBook(Protocol):
    """Knows the rules of an organisation."""

    def rules(self, org_id: str) -> tuple[Rule, ...]:
        """Return the rules of an organisation; the same value as long as they don't change."""


def reviewed(
    call: Call,
    transcript: Transcript,
    edits: CallEdits,
    voice_names: Mapping[str, str] = MappingProxyType({}),
    rules: Sequence[Rule] = (),
) -> ReviewedCall:
    """Return the call with the edits applied to this transcript and the figures recomputed.

    ``voice_names`` are those of known voices by their id; a person's own name for a speaker wins.
    ``rules`` are read on the edited transcript, so categories speak of what is shown.
    """
    edited = label_speakers(apply_edits(transcript, edits), call.details, named=edits.names)
    edited = name_known_voices(edited, voice_names, named=edits.names)
    edited = about_by_roles(edited)
    analysis = analyse(edited)
    return ReviewedCall(
        call=call,
        transcript=edited,
        analysis=analysis,
        edits=edits,
        covered=tuple(covered_stretches(transcript)),
        covered_mentions=mention_count(transcript),
        categories=evaluate(rules, facts_of(edited, analysis)) if rules else (),
    )


def carried_over(
    call: Call, edits: CallEdits, old: Transcript | None, new: Transcript, redactor: LineRedactor
) -> ReviewedCall:
    """Return the call with edits made on its old transcript carried over to the new one.

    When the new transcript is redacted, so are the edits: they may have been typed on unredacted
    text. That is read at its old place too, where the words around it are still all there.
    """
    if new.redacted and old is not None and not old.redacted:
        edits = safe_edits(redactor, old, edits)
    carried = carry_edits(edits, old, new) if old is not None else edits
    if new.redacted and not (old is not None and old.redacted):
        carried = safe_edits(redactor, new, carried)
    return reviewed(call, new, replace(carried, transcript_id=new.id))


def known_speaker(transcript: Transcript, speaker_id: str) -> None:
    """Raise InvalidRequest unless the speaker is part of the call."""
    if transcript.speaker(speaker_id) is None:
        raise InvalidRequest("This speaker is not part of the call.")


def known_utterance(transcript: Transcript, utterance_id: str) -> Utterance:
    """Return a line of the call. Raises InvalidRequest when it isn't there any more."""
    line = next((u for u in transcript.utterances if u.id == utterance_id), None)
    if line is None:
        raise InvalidRequest("This line is not part of the call any more.")
    return line
