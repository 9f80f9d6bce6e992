"""Why no more sound of a stream is wanted."""

from enum import StrEnum

from services.live.recording.line import LineNotice


class Over(StrEnum):
    """What has become of the call, as the stream's service is to learn it."""

    STOPPED = "stopped"
    """Its sound is complete: somebody here has ended it."""
    TAKEN_OVER = "taken_over"
    """Another connection goes on with it."""
    LOST = "lost"
    """This process doesn't hold it any more."""
    FAILED = "failed"
    """It could not begin, or its sound can't be kept."""


BY_NOTICE = {
    LineNotice.STOPPED: Over.STOPPED,
    LineNotice.TAKEN_OVER: Over.TAKEN_OVER,
    LineNotice.LOST: Over.LOST,
}
