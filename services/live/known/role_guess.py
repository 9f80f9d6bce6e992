"""Who seems to be the agent and who the customer while a call goes on."""

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from services.analysis.labels import label_speakers
from services.analysis.roles import assign_roles, told_roles
from services.domain.calls import CallDetails
from services.domain.speech import Speaker, SpeakerRole, Transcript

SURE_FROM = 0.95
"""So sure (0..1) what is said must be to take back a guess, and that after two lines running."""
TIMES_RUNNING = 2


class RoleGuess:
    """Guesses roles from the lines so far, as ``assign_roles`` does, and stays with its guess.

    A guess is never given up for none, and exchanged only for another one that is sure twice
    running. The beginning of a call tells: later lines are left to its end. Used by one thread,
    but for ``as_guessed``.
    """

    LINES: ClassVar[int] = 60

    def __init__(self, details: CallDetails, by_channel: Sequence[SpeakerRole] = ()) -> None:
        """Begin with no guess; ``by_channel`` are roles that were told, which nothing exchanges."""
        self._details = details
        self._by_channel = by_channel
        self._guess: dict[str, Speaker] = {}
        self._read: tuple[tuple[str | None, ...], ...] = ()
        self._against = 0

    def as_guessed(self, speaker: Speaker) -> Speaker:
        """Return the speaker with the guess at the role, if there is one and nobody knows it."""
        guess = self._guess.get(speaker.id)
        if guess is None or speaker.role is not SpeakerRole.UNKNOWN:
            return speaker
        label = speaker.label if speaker.voice_id else guess.label
        return replace(speaker, role=guess.role, role_confidence=guess.role_confidence, label=label)

    def look(self, opening: Transcript) -> tuple[Speaker, ...]:
        """Read the first lines; return the speakers whose role or label is another one now.

        Its speakers are those that the provider tells.
        """
        lines = ((u.id, u.speaker, u.text) for u in opening.utterances)
        read = (tuple(s.id for s in opening.speakers), *lines)
        if read == self._read:
            return ()
        self._read = read
        before = {speaker.id: self.as_guessed(speaker) for speaker in opening.speakers}
        self._weigh(assign_roles(told_roles(opening, self._by_channel), self._details))
        after = map(self.as_guessed, opening.speakers)
        return tuple(s for s in after if (s.role, s.label) != _known(before[s.id]))

    def _weigh(self, found: Transcript) -> None:
        roles = {s.id: s.role for s in found.speakers if s.role is not SpeakerRole.UNKNOWN}
        if not roles:
            return
        if any(self._guess[s].role is not role for s, role in roles.items() if s in self._guess):
            sure = min(s.role_confidence or 0.0 for s in found.speakers if s.id in roles)
            self._against = self._against + 1 if sure >= SURE_FROM else 0
            if self._against < TIMES_RUNNING:
                return
        self._against = 0
        labelled = label_speakers(found, self._details)
        kept = {s: one for s, one in self._guess.items() if s not in roles}
        self._guess = {**kept, **{s.id: s for s in labelled.speakers if s.id in roles}}


def _known(speaker: Speaker) -> tuple[SpeakerRole, str]:
    return (speaker.role, speaker.label)
