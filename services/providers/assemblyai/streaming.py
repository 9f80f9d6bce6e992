"""Live calls over streaming v3: one session for mixed sound, one for each of two channels."""

import threading
import time

from services import telemetry
from services.domain.calls import ProcessingOptions
from services.domain.errors import InvalidRequest, PartylineError
from services.domain.live import Gap, GapKind
from services.providers.assemblyai.access import AssemblyAIAccess
from services.providers.assemblyai.channel_stream import (
    GAP_LEAST_MS,
    ChannelStream,
    StreamListener,
)
from services.providers.assemblyai.connection import Connection
from services.providers.assemblyai.live_options import LIVE_OPTIONS, streaming_parameters
from services.providers.assemblyai.turns import Turns
from services.providers.assemblyai.two_channels import InTimeOrder, channels_of, speaker_on
from services.providers.capabilities import OptionValues
from services.providers.live import LiveFormat, LiveListener, LiveSession

__all__ = ["LIVE_CHANNELS", "LIVE_OPTIONS", "open_streaming"]

LIVE_CHANNELS = 2
RELEASE_EVERY_S = 0.05
CLOSE_S = 3.0


def open_streaming(
    access: AssemblyAIAccess,
    sound: LiveFormat,
    options: ProcessingOptions,
    values: OptionValues,
    listener: LiveListener,
) -> LiveSession:
    """Open a live call; it returns when the service is ready for sound on every channel.

    Raises a ProviderError when it can't begin, InvalidRequest for options that don't go together.
    """
    if not 1 <= sound.channels <= LIVE_CHANNELS:
        raise InvalidRequest("A live call has one or two channels.")
    session = StreamingSession(access, sound, options, values, listener)
    session.open()
    return session


class StreamingSession(LiveSession):
    """A live call at AssemblyAI.

    Of two channels one may be lost: the other goes on, and a gap marks what is missing. The call
    ends with an error when no channel is left.
    """

    def __init__(
        self,
        access: AssemblyAIAccess,
        sound: LiveFormat,
        options: ProcessingOptions,
        values: OptionValues,
        listener: LiveListener,
    ) -> None:
        """Make a stream for each channel; nothing is opened. Raises InvalidRequest."""
        super().__init__("assemblyai", sound, listener)
        self._access = access
        self._parameters = streaming_parameters(options, values, voices=sound.channels == 1)
        channels = range(sound.channels)
        self._order = InTimeOrder(channels, self.tell)
        self._streams = [self._stream(channel) for channel in channels]
        # Where each lost channel ends, in milliseconds of the call.
        self._lost: dict[int, int] = {}
        self._losing = threading.Lock()
        self._closing = threading.Event()
        self._releaser = threading.Thread(
            target=self._release_now_and_then, name="assemblyai-order", daemon=True
        )

    def open(self) -> None:
        """Connect all channels. Raises a ProviderError; then nothing stays open."""
        try:
            for stream in self._streams:
                stream.open()
        except PartylineError as error:
            telemetry.event("provider.live_refused", provider="assemblyai", error=error.code)
            self._over.set()
            self._close_impl()
            raise
        if self._has_channels:
            self._releaser.start()

    @property
    def _has_channels(self) -> bool:
        return self._sound.channels > 1

    def _send_impl(self, pcm: bytes) -> None:
        shares = channels_of(pcm, self._sound.channels) if self._has_channels else [pcm]
        for channel, share in enumerate(shares):
            if channel not in self._lost:
                self._streams[channel].send(share)

    def _finish_impl(self, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        living = [s for channel, s in enumerate(self._streams) if channel not in self._lost]
        for stream in living:
            stream.finish(deadline)
        for stream in living:
            stream.wait()
        for channel in range(self._sound.channels):
            self._order.leave(channel)
        with self._losing:
            lost = dict(self._lost)
        for channel, lost_ms in lost.items():
            if self.sent_ms - lost_ms >= GAP_LEAST_MS:
                self.tell(_lost_channel(channel, lost_ms, self.sent_ms))

    def _close_impl(self) -> None:
        self._closing.set()
        for stream in self._streams:
            stream.stop()
        for stream in self._streams:
            stream.join(CLOSE_S)
        if self._releaser.ident is not None:
            self._releaser.join(CLOSE_S)

    # --- the streams ----------------------------------------------------------------------------

    def _stream(self, channel: int) -> ChannelStream:
        """Return the stream of a channel; mixed sound has none, and voices that are told apart."""
        apart = self._has_channels
        turns = Turns(
            awaits_formatted=True,
            prefix=f"c{channel}.u" if apart else "u",
            speaker=speaker_on(channel) if apart else None,
        )
        listener = StreamListener(
            tell=lambda event: self._order.put(channel, event),
            lost=lambda error: self._lose(channel, error),
        )
        return ChannelStream(
            lambda heard: Connection(self._access, self._parameters, heard),
            turns,
            listener,
            channel=channel if apart else None,
        )

    def _lose(self, channel: int, error: PartylineError) -> None:
        """A stream is over before the call is; what was sent since its gap was told is missing."""
        self._order.leave(channel)
        with self._losing:
            self._lost[channel] = self._streams[channel].told_ms
            is_last = len(self._lost) == len(self._streams)
        telemetry.event("assemblyai.channel_lost", error=error.code, is_last=is_last)
        if is_last:
            self.fail(error)

    def _release_now_and_then(self) -> None:
        while not self._closing.wait(RELEASE_EVERY_S):
            self._order.release()


def _lost_channel(channel: int, start_ms: int, end_ms: int) -> Gap:
    return Gap(kind=GapKind.CHANNEL_LOST, start_ms=start_ms, end_ms=end_ms, channel=channel)
