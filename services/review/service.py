"""A call as a person reviews it: the active transcript with the person's edits, and its figures.

Changes are edits, apart from what the provider delivered; stored figures are recomputed with them.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from services.access.authority import Authority
from services.analysis.edits import apply_edits
from services.domain.acts import Act
from services.domain.calls import Call, CallDetails
from services.domain.edits import CallEdits, Comment, TextCorrection
from services.domain.errors import EditConflict, InvalidRequest, NotFound, VoiceNotFound
from services.domain.ids import new_id
from services.domain.people import User
from services.domain.reviewed import ReviewedCall, ShownSpeaker, version_of
from services.domain.rules import Rule
from services.domain.speech import SpeakerRole, Transcript
from services.exports import Export, ExportFormat, export
from services.review.composing import (
    RuleBook,
    VoiceNames,
    known_speaker,
    known_utterance,
    reviewed,
)
from services.review.recent import RecentCalls
from services.storage.calls import CallStore
from services.storage.scores import ScoreStore
from services.storage.transcripts import TranscriptStore
from services.understanding.typed import LineRedactor, safe_comment, safe_edits

MAX_NAME_CHARS = 80
MAX_TEXT_CHARS = 10_000
EDIT_ATTEMPTS = 3
RECENT_CALLS = 8
ANSWERED_WITHIN_MS = 120_000

EditChange = Callable[[CallEdits, Transcript], CallEdits]


class ReviewService:
    """Loads calls for review and carries out what the reviewer does to them.

    ``redactor`` reads corrected lines and comments of redacted calls, so that a person's typing
    can't bring personal data back. ``known_voices`` names recognised speakers; None: nobody.
    ``scores`` go into exports.
    ``rule_book`` has the rules by which calls get their categories; None: none.
    """

    def __init__(
        self,
        calls: CallStore,
        transcripts: TranscriptStore,
        redactor: LineRedactor,
        known_voices: VoiceNames | None = None,
        rule_book: RuleBook | None = None,
        scores: ScoreStore | None = None,
        *,
        authority: Authority,
    ) -> None:
        """Work on these stores."""
        self._authority = authority
        self._calls = calls
        self._transcripts = transcripts
        self._redactor = redactor
        self._known_voices = known_voices
        self._scores = scores
        self._rule_book = rule_book
        self._recent = RecentCalls[ReviewedCall](RECENT_CALLS)

    def load(self, user: User, call_id: str) -> ReviewedCall:
        """Return the call for review.

        Raises NotFound, NotReady when it has no transcript, and TextNotShown for a call that is
        not redacted to whoever may not read that.
        """
        try:
            call = self._authority.reached(user, call_id)
        except NotFound:
            self._recent.forget(call_id)
            raise
        shown = self._readable(user, call, Act.CALL_VIEWED)
        self._authority.allow(user, Act.CALL_VIEWED, call_id)
        return shown

    def _readable(self, user: User, call: Call, act: Act) -> ReviewedCall:
        shown = self._composed(user, call)
        self._authority.check_text(user, act, call.id, redacted=shown.transcript.redacted)
        return shown

    def _composed(self, user: User, call: Call) -> ReviewedCall:
        call_id = call.id
        try:
            edits = self._transcripts.edits(user.org_id, call_id)
            names = self._voice_names(user)
            known = frozenset(names.items())
            rules = self._rules(user)
            version = (call.active_transcript_id, edits.version, call.details, known, rules)
            shown = self._recent.get(call_id, version)
            if shown is None:
                transcript = self._transcripts.active(user.org_id, call_id)
                shown = reviewed(call, transcript, edits, names, rules)
                if shown.transcript.id == call.active_transcript_id:
                    self._recent.put(call_id, version, shown)
        except NotFound:
            self._recent.forget(call_id)
            raise
        return replace(shown, call=call)

    def rename(self, user: User, call_id: str, speaker: str, name: str) -> ReviewedCall:
        """Give a speaker a name; an empty one takes the given name away again."""
        name = " ".join(name.split())[:MAX_NAME_CHARS]

        def change(edits: CallEdits, transcript: Transcript) -> CallEdits:
            known_speaker(transcript, speaker)
            names = {k: v for k, v in edits.names.items() if k != speaker}
            return replace(edits, names={**names, speaker: name} if name else names)

        return self._edit(user, call_id, change)

    def set_role(self, user: User, call_id: str, speaker: str, role: SpeakerRole) -> ReviewedCall:
        """Set a speaker's role by hand."""

        def change(edits: CallEdits, transcript: Transcript) -> CallEdits:
            known_speaker(transcript, speaker)
            return replace(edits, roles={**edits.roles, speaker: role})

        return self._edit(user, call_id, change)

    def set_voice(self, user: User, speaker: ShownSpeaker, voice_id: str) -> ReviewedCall:
        """Say that a speaker is a known voice, whatever was recognised; its name is shown then.

        A name given by hand before is taken away. Raises VoiceNotFound, EditConflict when the call
        has changed since the speaker was shown.
        """

        def change(edits: CallEdits, transcript: Transcript) -> CallEdits:
            if voice_id not in self._voice_names(user):
                raise VoiceNotFound
            if version_of(transcript, edits) != speaker.version:
                raise EditConflict
            known_speaker(transcript, speaker.id)
            names = {k: v for k, v in edits.names.items() if k != speaker.id}
            return replace(edits, names=names, voices={**edits.voices, speaker.id: voice_id})

        return self._edit(user, speaker.call_id, change)

    def swap_roles(self, user: User, call_id: str) -> ReviewedCall:
        """Make every agent a customer and every customer an agent.

        Of exactly two speakers with only one role known, the other takes the opposite.
        """
        opposite = {
            SpeakerRole.AGENT: SpeakerRole.CUSTOMER,
            SpeakerRole.CUSTOMER: SpeakerRole.AGENT,
        }

        def change(edits: CallEdits, transcript: Transcript) -> CallEdits:
            shown = apply_edits(transcript, edits).speakers
            roles = {s.id: opposite[s.role] for s in shown if s.role in opposite}
            if not roles:
                raise InvalidRequest("Set the role of one speaker first.")
            if len(shown) == 2 and len(roles) == 1:
                (known, role), *_ = roles.items()
                other = next(s.id for s in shown if s.id != known)
                roles[other] = opposite[role]
            return replace(edits, roles={**edits.roles, **roles})

        return self._edit(user, call_id, change)

    def merge(self, user: User, call_id: str, speaker: str, into: str) -> ReviewedCall:
        """Treat all that ``speaker`` says as said by ``into``."""

        def change(edits: CallEdits, transcript: Transcript) -> CallEdits:
            shown = {s.id for s in apply_edits(transcript, edits).speakers}
            if speaker == into or not {speaker, into} <= shown:
                raise InvalidRequest("Choose two different speakers of this call.")
            moved = {k: into if v == speaker else v for k, v in edits.merges.items()}
            return replace(edits, merges={**moved, speaker: into})

        return self._edit(user, call_id, change)

    def unmerge(self, user: User, call_id: str, speaker: str) -> ReviewedCall:
        """Undo all merges into ``speaker``."""

        def change(edits: CallEdits, transcript: Transcript) -> CallEdits:
            kept = {k: v for k, v in edits.merges.items() if v != speaker and k != speaker}
            return replace(edits, merges=kept)

        return self._edit(user, call_id, change)

    def correct(self, user: User, call_id: str, utterance_id: str, text: str) -> ReviewedCall:
        """Replace the text of a line; an empty one gives back the recognised text."""
        text = " ".join(text.split())[:MAX_TEXT_CHARS]

        def change(edits: CallEdits, transcript: Transcript) -> CallEdits:
            line = known_utterance(transcript, utterance_id)
            others = tuple(c for c in edits.corrections if c.utterance_id != utterance_id)
            if not text:
                return replace(edits, corrections=others)
            correction = TextCorrection(
                utterance_id=line.id, start_ms=line.start_ms, end_ms=line.end_ms, text=text
            )
            changed = replace(edits, corrections=(*others, correction))
            if transcript.redacted:
                # What has been typed in answer to a question depends on how the question reads.
                answers = (line.start_ms, line.end_ms + ANSWERED_WITHIN_MS)
                changed = safe_edits(self._redactor, transcript, changed, within=answers)
            if changed.corrections[-1].text == line.text:
                return replace(changed, corrections=changed.corrections[:-1])
            return changed

        return self._edit(user, call_id, change)

    def comment(self, user: User, call_id: str, utterance_id: str, text: str) -> ReviewedCall:
        """Put a comment on a line."""
        text = text.strip()[:MAX_TEXT_CHARS]
        if not text:
            raise InvalidRequest("The comment is empty.")

        def change(edits: CallEdits, transcript: Transcript) -> CallEdits:
            line = known_utterance(transcript, utterance_id)
            comment = Comment(
                id=new_id(),
                utterance_id=line.id,
                start_ms=line.start_ms,
                end_ms=line.end_ms,
                text=text,
                author=user.name,
                made_at=datetime.now(UTC),
            )
            if transcript.redacted:
                comment = safe_comment(self._redactor, transcript, edits, comment)
            return replace(edits, comments=(*edits.comments, comment))

        return self._edit(user, call_id, change)

    def delete_comment(self, user: User, call_id: str, comment_id: str) -> ReviewedCall:
        """Take a comment away."""

        def change(edits: CallEdits, transcript: Transcript) -> CallEdits:
            return replace(edits, comments=tuple(c for c in edits.comments if c.id != comment_id))

        return self._edit(user, call_id, change)

    def mark_reviewed(self, user: User, call_id: str, done: bool) -> ReviewedCall:
        """Mark the call as reviewed by this person, or as not reviewed."""
        self._authority.call(user, call_id, Act.CALL_EDITED)
        self._calls.mark_reviewed(user.org_id, call_id, by=user.name if done else None)
        return self.load(user, call_id)

    def set_details(self, user: User, call_id: str, details: CallDetails) -> ReviewedCall:
        """Replace what is known about the call besides its sound, and its figures with it.

        It is returned even when it has left the person's reach by that.
        """
        self._authority.call(user, call_id, Act.CALL_EDITED)
        changed = self._calls.update_details(user.org_id, call_id, details)
        self._transcripts.save_figures(user.org_id, call_id, self._composed(user, changed).analysed)
        return self._readable(user, changed, Act.CALL_VIEWED)

    def export(self, user: User, call_id: str, wanted: ExportFormat) -> Export:
        """Return the call in this format, with all edits in it. Raises as ``load`` does."""
        call = self._authority.permitted(user, call_id, Act.CALL_EXPORTED)
        shown = self._readable(user, call, Act.CALL_EXPORTED)
        self._authority.note(user, Act.CALL_EXPORTED, call_id, format=wanted.value)
        if self._scores is not None:
            shown = replace(shown, scores=self._scores.of_call(user.org_id, call_id))
        return export(shown, wanted)

    def _edit(self, user: User, call_id: str, change: EditChange) -> ReviewedCall:
        """Apply one change on top of the newest edits and store the call's figures with it.

        When somebody else's edit came in between, the change is made again on top of theirs.
        """
        self._authority.permitted(user, call_id, Act.CALL_EDITED)
        for attempt in range(1, EDIT_ATTEMPTS + 1):
            call = self._authority.reached(user, call_id)
            transcript = self._transcripts.active(user.org_id, call_id)
            redacted = transcript.redacted
            self._authority.check_text(user, Act.CALL_EDITED, call_id, redacted=redacted)
            if attempt == 1:
                self._authority.note(user, Act.CALL_EDITED, call_id)
            newest = self._transcripts.edits(user.org_id, call_id)
            edits = change(replace(newest, transcript_id=transcript.id), transcript)
            shown = reviewed(call, transcript, edits, self._voice_names(user), self._rules(user))
            try:
                saved = self._transcripts.save_edits(
                    user.org_id, call_id, edits, shown=shown.analysed
                )
            except EditConflict:
                if attempt == EDIT_ATTEMPTS:
                    raise
            else:
                return replace(shown, edits=saved)
        raise EditConflict

    def _voice_names(self, user: User) -> Mapping[str, str]:
        return self._known_voices.names(user.org_id) if self._known_voices else {}

    def _rules(self, user: User) -> tuple[Rule, ...]:
        return self._rule_book.rules(user.org_id) if self._rule_book else ()
