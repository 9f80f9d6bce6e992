"""Who recognises live calls: in this process, or in one of its own (see child.py)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from services.domain.calls import CallDetails, ProcessingOptions
from services.live.reading.models import LiveModels
from services.live.reading.running import LiveCall
from services.live.reading.turns import Turns
from services.live.reading.voiced_sound import Ear
from services.live.recogniser.words import WordsRead, WordsReadHere, WordsSource
from services.live.telling.events import Told, ToldListener
from services.live.telling.read_back import ToldCaptions
from services.live.watching.options import WatchOptions
from services.providers.live import LiveFormat
from services.providers.registry import ProviderRegistry


@dataclass(frozen=True, kw_only=True)
class LiveOrder:
    """A live call as it is to be recognised: its sound is 16-bit PCM of so many channels.

    ``org_id`` is whose call it is, empty where it is nobody's.
    """

    options: ProcessingOptions
    details: CallDetails = field(default_factory=CallDetails)
    channels: int = 1
    org_id: str = ""


class Recognised(Protocol):
    """One session of a live call. Its methods are called by one thread, ``abort`` by any.

    The listener is told events one at a time, as docs/live.md has them; the last one is of type
    ``ended``, whatever ends the session. Times count from the session's first frame.
    """

    def send(self, pcm: bytes) -> None:
        """Send whole frames; waits while too much is on its way. Raises a PartylineError."""

    def finish(self) -> None:
        """End the sound; returns when the last words are told and all of it has been read."""

    def abort(self) -> None:
        """End it at once; what is under way is lost."""

    def not_recorded(self, start_ms: int, end_ms: int) -> None:
        """Tell, before it is sent, that silence stands for sound that was not recorded."""

    def summarise(self) -> None:
        """Ask for a summary of the call so far."""

    def speak(self, language: str | None) -> None:
        """Go on in another language, None to have it detected. Raises NotLive."""


class Recogniser(Protocol):
    """Opens sessions."""

    def open(self, order: LiveOrder, listener: ToldListener) -> Recognised:
        """Open a session. Raises the PartylineError that it meets, LiveFull with too many."""

    def read(self, order: LiveOrder, listener: ToldListener, known: Sequence[Told]) -> WordsRead:
        """Open a session that reads words which its owner gives; the order's provider heard them.

        ``known`` is what was told of the call before, by an earlier session. Raises as ``open``.
        """

    def prepare(self) -> None:
        """Load what sessions need, so that the first one opens soon. Raises a PartylineError."""

    def close(self) -> None:
        """Let go of everything; no session is open any more."""


class HereRecogniser:
    """Recognises in this process."""

    def __init__(
        self,
        providers: ProviderRegistry,
        models: Callable[[], LiveModels],
        watch: Callable[[str], WatchOptions] = lambda _org_id: WatchOptions(),
        ear: Callable[[], Ear] | None = None,
    ) -> None:
        """Use these providers and models; nothing is loaded yet. ``watch`` is asked per call,
        by its organisation.

        ``ear`` makes what tells voice from silence, as LiveCall has it.
        """
        self._providers = providers
        self._models = models
        self._watch = watch
        self._ear = ear
        self._turns = Turns()

    def open(self, order: LiveOrder, listener: ToldListener) -> "RecognisedHere":
        """Open a session. Raises what the provider refuses it with."""
        provider = self._providers.ready(order.options.provider)
        call = LiveCall(
            provider,
            order.options,
            self._models(),
            listener,
            details=order.details,
            watch=self._watch(order.org_id),
            ear=self._ear,
        )
        call.open(LiveFormat(channels=order.channels, org_id=order.org_id))
        return RecognisedHere(call)

    def read(self, order: LiveOrder, listener: ToldListener, known: Sequence[Told]) -> WordsRead:
        """Open a session that reads words."""
        source = WordsSource(order.options.provider)
        call = LiveCall(
            source,
            order.options,
            self._models(),
            listener,
            details=order.details,
            watch=self._watch(order.org_id),
            turns=self._turns,
        )
        before = ToldCaptions(known).transcript(
            order.options.provider, duration_ms=0, language=None, redacted=order.options.redact
        )
        if before is not None:
            call.remember(before)
        call.open(LiveFormat())
        return WordsReadHere(call, source)

    def prepare(self) -> None:
        """Do nothing: this process loads what it needs when it is needed."""

    def close(self) -> None:
        """Do nothing: there is nothing that outlives its sessions."""


class RecognisedHere:
    """A session in this process."""

    def __init__(self, call: LiveCall) -> None:
        """Take an opened call."""
        self._call = call

    def send(self, pcm: bytes) -> None:
        """Send whole frames of sound."""
        self._call.send(pcm)

    def finish(self) -> None:
        """End the sound and wait for the last words and for all that is read from them."""
        self._call.finish()

    def abort(self) -> None:
        """End it at once."""
        self._call.abort()

    def not_recorded(self, start_ms: int, end_ms: int) -> None:
        """Tell that the silence that comes stands for sound that was not recorded."""
        self._call.not_recorded(start_ms, end_ms)

    def summarise(self) -> None:
        """Ask for a summary of the call so far."""
        self._call.summarise()

    def speak(self, language: str | None) -> None:
        """Go on in another language."""
        self._call.speak(language)


def in_language(order: LiveOrder, language: str | None) -> LiveOrder:
    """Return the order in another language."""
    return replace(order, options=replace(order.options, language=language))
