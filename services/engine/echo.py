"""The other party's echo on a channel: too faint to be anybody's own voice."""

import numpy as np

from services.audio.levels import LEVEL_FRAME_MS, Levels
from services.engine.voiced import Mask

# Without a measured leak, a voice this far below the other party's is no voice of its own.
DEFAULT_LEAK_DB = -33.0
MARGIN_DB = 9.0
# An echo may come a little later than its origin, and a room lets it ring on.
SPREAD_MS = 120
AUDIBLE_DBFS = -55.0


def echo_frames(own: Levels, other: Levels, leak_db: float | None) -> Mask:
    """Mark the 10 ms frames of a channel that hold nothing above the other party's echo.

    ``leak_db`` is the echo's level against its origin (negative), None when none was measured.
    """
    from scipy.ndimage import maximum_filter1d

    limit_db = DEFAULT_LEAK_DB if leak_db is None else leak_db + MARGIN_DB
    loudest = maximum_filter1d(other, 2 * SPREAD_MS // LEVEL_FRAME_MS + 1)
    smooth = maximum_filter1d(own, 3)
    return np.asarray((loudest > AUDIBLE_DBFS) & (smooth < loudest + limit_db), dtype=bool)
