"""How loud each speaker is over the call."""

import plotly.graph_objects as go

from components import palette
from components.charts.frame import frame, instants, time_axis
from components.charts.timeline import row_name
from components.wording import MISSING
from services.domain.speech import Transcript

DRAWN_POINTS = 900


def loudness_figure(transcript: Transcript) -> go.Figure:
    """Return a line per speaker in dBFS; long calls show the loudest second of each interval."""
    colours = palette.speaker_colours(transcript)
    figure = go.Figure()
    for speaker in palette.role_first(transcript):
        levels = transcript.loudness_dbfs.get(speaker.id, ())
        step = max(1, -(-len(levels) // DRAWN_POINTS))
        parts = [levels[n : n + step] for n in range(0, len(levels), step)]
        figure.add_trace(
            go.Scatter(
                mode="lines",
                name=row_name(speaker),
                x=instants([n * step * 1000 for n in range(len(parts))]),
                y=[max((v for v in part if v is not None), default=None) for part in parts],
                connectgaps=False,
                line={"color": colours[speaker.id], "width": 1.6},
                hovertemplate=f"{row_name(speaker)}: %{{y:.0f}} dBFS<extra></extra>",
            )
        )
    frame(figure, height=200, legend=True)
    figure.update_xaxes(**time_axis(transcript.duration_ms))
    figure.update_yaxes(ticksuffix=" dBFS", fixedrange=True, nticks=5)
    return figure


def loudness_text(transcript: Transcript) -> str:
    """Return each speaker's median loudness, in words."""
    parts = []
    for speaker in palette.role_first(transcript):
        known = sorted(v for v in transcript.loudness_dbfs.get(speaker.id, ()) if v is not None)
        middle = f"{known[len(known) // 2]:.0f} dBFS" if known else MISSING
        middle = middle.replace("-", "\N{MINUS SIGN}")
        parts.append(f"{speaker.label}: median {middle}.")
    return " ".join(parts)
