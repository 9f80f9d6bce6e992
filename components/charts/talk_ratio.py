"""How talking and listening are divided between the parties."""

import plotly.graph_objects as go

from components import palette
from components.charts.frame import frame
from components.charts.timeline import row_name
from components.wording import MISSING, duration, percent
from services.domain.metrics import CallMetrics
from services.domain.speech import SpeakerRole, Transcript


def talk_ratio_figure(transcript: Transcript, metrics: CallMetrics) -> go.Figure:
    """Return one stacked bar of the parties' shares of all talk, both definitions in the hover."""
    colours = palette.speaker_colours(transcript)
    figure = go.Figure()
    for speaker in palette.role_first(transcript):
        figures = metrics.by_speaker.get(speaker.id)
        if figures is None or figures.talk_share_of_speech is None:
            continue
        share = figures.talk_share_of_speech
        figure.add_trace(
            go.Bar(
                orientation="h",
                name=row_name(speaker),
                y=[""],
                x=[share * 100],
                text=[percent(share) if share >= 0.08 else ""],
                textposition="inside",
                insidetextanchor="middle",
                textfont={"size": 15, "color": "#ffffff"},
                marker={"color": _deep(colours[speaker.id]), "line": {"width": 0}},
                hovertemplate=(
                    f"{row_name(speaker)}: {duration(figures.talk_ms)}<br>"
                    f"{percent(share, 1)} of all talk (overlap counts for both)<br>"
                    f"{percent(figures.talk_share_of_call, 1)} of the call<extra></extra>"
                ),
            )
        )
    frame(figure, height=92, legend=True)
    figure.update_layout(barmode="stack")
    figure.update_xaxes(range=[0, 100], showticklabels=False, showgrid=False, fixedrange=True)
    figure.update_yaxes(showticklabels=False, fixedrange=True)
    return figure


def talk_listen_text(transcript: Transcript, metrics: CallMetrics) -> str:
    """Return the agent's talk to listen ratio in words, as ``59 : 41``, or a dash."""
    agents = [s for s in transcript.speakers if s.role is SpeakerRole.AGENT]
    shares = [
        metrics.by_speaker[s.id].talk_share_of_speech for s in agents if s.id in metrics.by_speaker
    ]
    known = [s for s in shares if s is not None]
    if not known:
        return MISSING
    agent = round(sum(known) * 100)
    return f"{agent} : {100 - agent}"


def talk_ratio_text(transcript: Transcript, metrics: CallMetrics) -> str:
    """Return what the chart shows, in words."""
    parts = []
    for speaker in palette.role_first(transcript):
        figures = metrics.by_speaker.get(speaker.id)
        if figures:
            of_speech = percent(figures.talk_share_of_speech, 1)
            of_call = percent(figures.talk_share_of_call, 1)
            parts.append(f"{speaker.label}: {of_speech} of all talk, {of_call} of the call.")
    return " ".join(parts)


# White figures inside the bars need 4.5:1, which the charts' mid tones don't give.
_DEEP = {
    palette.AGENT: "#2563EB",
    palette.CUSTOMER: "#B45309",
    "#9B6DE0": "#7C3AED",
    "#16926B": "#0B7A57",
    "#C2578E": "#B03A78",
    "#7A8194": "#5F6675",
}


def _deep(colour: str) -> str:
    return _DEEP.get(colour, colour)
