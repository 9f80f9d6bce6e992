"""What Azure Speech can do and be asked for, depending on how it is reached."""

from services.providers.azure_speech.access import AzureAccess
from services.providers.azure_speech.sending import MOST_DURATION_MS
from services.providers.capabilities import NO, Capabilities, OptionKind, ProviderOption

AUTO, FAST, CONVERSATION = "auto", "fast", "conversation"

_OPTIONS = (
    ProviderOption(
        name="mode",
        title="Kind of transcription",
        help=(
            "Fast transcription takes the whole recording at once. Conversation transcription "
            "streams it, as a live call is, and takes about half its length."
        ),
        choices=(
            (AUTO, "Fast where it is configured"),
            (FAST, "Fast transcription"),
            (CONVERSATION, "Conversation transcription"),
        ),
        default=AUTO,
    ),
    ProviderOption(
        name="profanity",
        title="Swear words",
        help="What stands in the text where somebody swears.",
        choices=(("masked", "Masked: s***"), ("removed", "Left out"), ("raw", "As spoken")),
        default="masked",
        live=True,
    ),
    ProviderOption(
        name="languages",
        title="Languages to choose from",
        help="Language codes with commas between them, such as en, es.",
        kind=OptionKind.TEXT,
        live=True,
    ),
    ProviderOption(
        name="detection",
        title="When the language is found out",
        help="Once at the start, or again and again in calls that change it (streamed calls only).",
        choices=(("start", "At the start"), ("always", "Throughout the call")),
        default="start",
        live=True,
    ),
    ProviderOption(
        name="participants",
        title="Recognise known voices at Azure",
        help=(
            "Known voices that have an Azure voice signature are recognised by Azure when all "
            "share one channel. Microsoft retired this on 28 March 2025: new resources may refuse "
            "it. Known voices on this machine do the same."
        ),
        kind=OptionKind.TOGGLE,
        default=NO,
        live=True,
    ),
    ProviderOption(
        name="speed",
        title="Speed of streaming",
        help=(
            "How many times faster than real time a recording is streamed; left empty, it is "
            "twice, as Azure's own client does. The service may refuse more."
        ),
        kind=OptionKind.NUMBER,
        least=1,
        most=100,
    ),
)


def capabilities_of(access: AzureAccess) -> Capabilities:
    """Return what can be done with this access."""
    return Capabilities(
        name="azure",
        title="Azure Speech",
        live=access.can_stream,
        live_channels=2,
        separate_channels=True,
        diarization=True,
        # Only fast transcription takes a number of speakers.
        expected_speakers=access.can_post,
        language_detection=True,
        vocabulary=True,
        max_duration_ms=None if access.can_stream else MOST_DURATION_MS,
        options=_OPTIONS,
    )
