"""Charts: pure functions from domain values to figures."""

from dataclasses import fields, replace
from datetime import date

import pytest

from components import palette
from components.call_view.timeline import clicked_place
from components.charts import team
from components.charts.loudness import loudness_figure
from components.charts.measures import MEASURES
from components.charts.sentiment import (
    MOST_MARKS,
    quarter_means,
    sentiment_figure,
    sentiment_text,
)
from components.charts.talk_ratio import talk_listen_text, talk_ratio_figure
from components.charts.timeline import PIECES, _dense_row, timeline_figure, timeline_text
from services.analysis.metrics import analyse
from services.domain.people import LOCAL_USER
from services.domain.speech import Hold, HoldKind, Span, Speaker, SpeakerRole
from services.domain.together import (
    Average,
    CallsTogether,
    GroupFigures,
    PeriodFigures,
    Resolution,
)
from tests.pages.samples import sample_transcript


@pytest.fixture
def reviewed(staged):
    """A call under review, with a hold and an overlap."""
    base = sample_transcript()
    lines = base.utterances
    overlapping = Span(speaker="s2", start_ms=lines[0].end_ms - 500, end_ms=lines[0].end_ms)
    transcript = replace(
        base,
        spans=(*base.spans, overlapping),
        holds=(Hold(start_ms=100, end_ms=400, kind=HoldKind.MUSIC),),
    )
    return staged.review.load(LOCAL_USER, staged.add_ready(transcript).id)


def test_timeline_has_a_row_each(reviewed):
    """A row for each speaker, agent first, one for overlaps; bars carry where to listen from."""
    figure = timeline_figure(reviewed)
    assert [t.name for t in figure.data] == ["Agent", "Customer", "Both at once"]
    agent = [s for s in reviewed.transcript.spans if s.speaker == "s1"]
    assert list(figure.data[0].customdata) == [s.start_ms for s in agent]
    assert list(figure.data[0].x) == [s.duration_ms for s in agent]
    assert str(figure.data[0].base[0]).startswith("1970-01-01T00:00:00.5")
    assert len(figure.layout.shapes) == 1
    assert "speaks" in timeline_text(reviewed)


def test_long_calls_show_how_much_is_spoken():
    """Too many stretches to draw: a bar for each piece, as thick as its share of speech.

    call    |----------------|----------------|  two of 400 pieces of 100 ms
    spoken  xxxxxxxx                 xxxx
    """
    row = _dense_row([(0, 50), (150, 175)], 100 * PIECES)
    assert row.intervals == [(0, 100), (100, 200)]
    assert row.texts == ["0:00 to 0:00: 50 % spoken", "0:00 to 0:00: 25 % spoken"]
    assert row.thickness == pytest.approx([0.35, 0.175])
    assert _dense_row([], 1000).intervals == []


def test_dense_row_across_pieces():
    """A stretch over several pieces fills those inside it."""
    row = _dense_row([(50, 350)], 100 * PIECES)
    assert row.intervals == [(0, 100), (100, 200), (200, 300), (300, 400)]
    assert [t.split(": ")[-1] for t in row.texts] == [
        "50 % spoken", "100 % spoken", "100 % spoken", "50 % spoken",
    ]  # fmt: skip


def test_talk_ratio_sums_to_the_whole(reviewed):
    """The bars are shares of all talk; the ratio in words agrees with them."""
    transcript, metrics = reviewed.transcript, reviewed.analysis.metrics
    figure = talk_ratio_figure(transcript, metrics)
    assert sum(t.x[0] for t in figure.data) == pytest.approx(100)
    assert talk_listen_text(transcript, metrics).startswith(f"{figure.data[0].x[0]:.0f} : ")
    nobody = replace(transcript, speakers=tuple(replace(s, role=SpeakerRole.UNKNOWN) for s in transcript.speakers))  # fmt: skip  # noqa: E501
    assert talk_listen_text(nobody, analyse(nobody).metrics) == "–"


def test_sentiment_marks_and_quarters(reviewed):
    """Labels differ by symbol, not only by colour; n stands beside every quarter."""
    figure = sentiment_figure(reviewed)
    marks = {t.name: t.marker.symbol for t in figure.data if t.mode == "markers"}
    assert marks == {"Positive": "triangle-up", "Neutral": "circle", "Negative": "triangle-down"}
    assert sum(n for _, n in quarter_means(reviewed.transcript)) == 2
    assert "n = 1" in sentiment_text(reviewed)


def test_sentiment_of_a_day_of_talk_is_drawn_without_webgl(reviewed):
    """Browsers without it would show nothing; what is left out is told."""
    line = next(u for u in reviewed.transcript.utterances if u.sentiment)
    lines = tuple(
        replace(line, id=f"u{n}", start_ms=n * 2_000, end_ms=n * 2_000 + 1_000)
        for n in range(MOST_MARKS * 2 + 1)
    )
    transcript = replace(reviewed.transcript, utterances=lines, duration_ms=len(lines) * 2_000)
    long = replace(reviewed, transcript=transcript)
    figure = sentiment_figure(long)
    assert {trace.type for trace in figure.data} == {"scatter"}
    (marks,) = (t for t in figure.data if t.mode == "markers")
    assert MOST_MARKS / 2 < len(marks.x) <= MOST_MARKS
    assert f"at most {MOST_MARKS:,} are drawn" in sentiment_text(long)
    assert "are drawn" not in sentiment_text(reviewed)


def test_loudness_keeps_silence_empty(reviewed):
    """A second in which a speaker is silent has no value."""
    assert loudness_figure(reviewed.transcript).data[0].y[1] is None


def test_first_of_each_role_has_its_colour():
    """Roles keep their colours when roles are swapped or a third voice joins."""
    speakers = (
        Speaker(id="x", label="X"),
        Speaker(id="c", label="C", role=SpeakerRole.CUSTOMER),
        Speaker(id="a", label="A", role=SpeakerRole.AGENT),
    )
    transcript = replace(sample_transcript(), speakers=speakers)
    colours = palette.speaker_colours(transcript)
    assert (colours["a"], colours["c"]) == (palette.AGENT, palette.CUSTOMER)
    assert [s.id for s in palette.role_first(transcript)] == ["a", "c", "x"]


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("background", ["#ffffff", "#0b1214"])
def test_chart_colours_stand_out(background):
    """Graphics keep 3:1 to the background of both themes (WCAG 1.4.11)."""
    used = [palette.AGENT, palette.CUSTOMER, *palette.OTHERS, *palette.OF_SENTIMENT.values()]
    for colour in used:
        light, dark = sorted([luminance(colour), luminance(background)], reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 3, colour


def test_team_charts_say_their_n():
    """Means stand with spread and n; too few calls are not compared; a chart has its limits."""
    few, many = Average(mean=0.5, pooled=0.4, spread=0.1, n=3), Average(mean=0.25, spread=0.1, n=40)
    groups = [
        GroupFigures(name=name, **figures(talk))
        for name, talk in (("<Dana>", many), ("Ben", few), (None, Average()))
    ]
    talk = MEASURES["talk"]
    figure = team.comparison_figure(groups, talk)
    assert (list(figure.data[0].y), list(figure.data[0].x)) == (["Ben", "‹Dana›"], [50.0, 25.0])
    assert list(figure.data[0].marker.color) == [palette.MARK, palette.AGENT]
    assert list(figure.data[0].error_x.array) == [10.0, 10.0]
    text = team.comparison_text(groups, talk)
    assert text == "‹Dana›: 25.0 % ± 10.0 %, n = 40. Ben: 50.0 % ± 10.0 %, n = 3."
    assert "1 of 2 have n below 20" in team.caution(groups, talk)
    assert team.comparison_rows(groups)[2]["Agent's talk share"] == "–"
    crowd = [replace(groups[0], name=f"A{n:02}") for n in range(20)]
    assert len(team.comparison_figure(crowd, talk).data[0].y) == team.MOST_BARS
    days = [PeriodFigures(day=date(2026, 11, 12), **figures(few))]
    assert [t.y[0] for t in team.calls_figure(days).data] == [3, 1]
    assert list(team.course_figure(days, talk).data[0].customdata[0]) == ["50.0 %", 3]
    assert team.course_text([], talk) == "Agent's talk share is not known in this selection."


def figures(talk: Average) -> dict[str, object]:
    """Figures of four calls whose talk share is this and in which nothing else is known."""
    return {
        **{f.name: Average() for f in fields(CallsTogether)},
        "calls": 4,
        "failed": 1,
        "transcribed": 3,
        "duration_ms": 9,
        "negative_utterances": 0,
        "customer_utterances": 0,
        "agent_share_of_speech": talk,
        "resolution": Resolution(),
    }


def test_the_same_bar_can_be_clicked_again():
    """The second click takes the selection off, and means the same place."""
    assert clicked_place([{"customdata": [4_200]}], None) == 4_200
    assert clicked_place([], 4_200) == 4_200
    assert clicked_place([{"customdata": None}], 4_200) is None
    assert clicked_place([], None) is None
