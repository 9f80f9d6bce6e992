"""Calls with known participants: a meeting whose members are recognised by their signatures.

Microsoft retired the cloud side of this on 28 March 2025; the SDK still speaks it, and resources
that still have it answer. Everybody else in the call is told apart as a guest.
"""

from collections.abc import Sequence
from typing import Any

from services.domain.errors import ProviderRejected
from services.domain.ids import new_id
from services.domain.voices import VoiceSignature


def meeting_recogniser(
    config: Any, stream: Any, participants: Sequence[VoiceSignature]
) -> tuple[Any, Any]:
    """Return a recogniser that has joined a meeting, and the meeting, which has to live as long.

    Raises ProviderRejected for a signature that the SDK can't read.
    """
    from azure.cognitiveservices.speech import transcription

    # This class of the SDK prints a line when it starts; standard output is for transcripts.
    transcription.print = _say_nothing
    config.set_property_by_name("ConversationTranscriptionInRoomAndOnline", "true")
    config.set_property_by_name("DifferentiateGuestSpeakers", "true")
    meeting = transcription.Meeting(config, new_id())
    recogniser = transcription.MeetingTranscriber(stream)
    recogniser.join_meeting_async(meeting).get()
    for one in participants:
        try:
            someone = transcription.Participant(one.voice_id, one.language, one.signature)
            meeting.add_participant_async(someone).get()
        except RuntimeError:
            raise ProviderRejected("A voice signature is not in the form it should be.") from None
    return recogniser, meeting


def _say_nothing(*_words: object) -> None:
    """Stand in for print."""
