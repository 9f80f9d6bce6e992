"""Who takes part in a phone call: raw identifiers become speakers of the call."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from services.domain.speech import Speaker, SpeakerRole

MOST_PARTICIPANTS = 50
_PHONE = "4:"
_USER = "8:"


@dataclass(frozen=True, kw_only=True)
class Participant:
    """What is known of a participant beforehand: who they are by their raw identifier."""

    raw_id: str = field(repr=False)
    label: str | None = None
    role: SpeakerRole = SpeakerRole.UNKNOWN


def raw_id_of_number(number: str) -> str:
    """Return the raw identifier of a phone number such as +14255550123."""
    return _PHONE + number


def number_of(raw_id: str) -> str | None:
    """Return the phone number of a raw identifier, None for who is at none."""
    return raw_id.removeprefix(_PHONE) if is_number(raw_id) else None


def is_number(raw_id: str) -> bool:
    """Say whether a raw identifier is that of a phone number."""
    return raw_id.startswith(_PHONE)


class OtherEnd:
    """Who is at the other end of a call: the customer, told beforehand or found in the call."""

    def __init__(
        self, *, own: str | None = None, caller: str | None = None, name: str | None = None
    ) -> None:
        """Take the raw identifier of our own number, and who is at the other end if that is known.

        ``caller`` is a number or a raw identifier, ``name`` what they call themselves.
        """
        self._own = own
        self.customer: Participant | None = None
        if caller:
            raw_id = caller if ":" in caller else raw_id_of_number(caller)
            self.customer = _customer(raw_id, name)

    def found(self, raw_ids: Iterable[str]) -> Participant | None:
        """Return who of these must be the customer, None when that is known, or nobody is.

        It is who is at a number that isn't ours.
        """
        if self.customer is not None:
            return None
        at_numbers = (one for one in raw_ids if is_number(one) and one != self._own)
        raw_id = next(at_numbers, None)
        self.customer = _customer(raw_id) if raw_id else None
        return self.customer


class Participants:
    """Gives speakers of a call, in the order in which they are heard.

    A raw identifier holds a phone number or an account: it goes no further than this. Speakers are
    s1, s2 …, labelled so until somebody says who they are.
    """

    def __init__(
        self, known: Iterable[Participant] = (), heard: Mapping[str, Speaker] | None = None
    ) -> None:
        """Take what is known beforehand, and who was heard already, by their raw identifiers."""
        self._known = {one.raw_id: one for one in known}
        self._speakers = dict(heard or {})

    def hear(self, raw_id: str) -> tuple[Speaker | None, bool]:
        """Return the speaker of a raw identifier, and whether they are heard for the first time.

        None for one more than a call can have.
        """
        if raw_id in self._speakers:
            return self._speakers[raw_id], False
        if len(self._speakers) >= MOST_PARTICIPANTS:
            return None, False
        speaker = self._speaker(raw_id, len(self._speakers) + 1)
        self._speakers[raw_id] = speaker
        return speaker, True

    def raw_id_of(self, speaker_id: str) -> str | None:
        """Return the raw identifier of a speaker."""
        return next((raw for raw, one in self._speakers.items() if one.id == speaker_id), None)

    def know(self, participant: Participant) -> Speaker | None:
        """Take who a participant is; return the speaker when they were heard and are told anew."""
        self._known[participant.raw_id] = participant
        before = self._speakers.get(participant.raw_id)
        if before is None:
            return None
        speaker = self._speaker(participant.raw_id, int(before.id.removeprefix("s")))
        self._speakers[participant.raw_id] = speaker
        return speaker if speaker != before else None

    def _speaker(self, raw_id: str, number: int) -> Speaker:
        known = self._known.get(raw_id)
        role = known.role if known else self._role_of_others(raw_id)
        return Speaker(
            id=f"s{number}",
            label=(known.label if known else None) or f"Speaker {number}",
            role=role,
            role_confidence=1.0 if known and role is not SpeakerRole.UNKNOWN else None,
        )

    def _role_of_others(self, raw_id: str) -> SpeakerRole:
        """Return who somebody is of whom only the kind is known.

        Where the customer is known to be at a number, a user of our own resource is the agent.
        """
        has_customer = any(one.role is SpeakerRole.CUSTOMER for one in self._known.values())
        is_ours = has_customer and raw_id.startswith(_USER)
        return SpeakerRole.AGENT if is_ours else SpeakerRole.UNKNOWN


def _customer(raw_id: str, name: str | None = None) -> Participant:
    return Participant(raw_id=raw_id, label=name, role=SpeakerRole.CUSTOMER)
