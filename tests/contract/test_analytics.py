"""Cross-call figures equal a plain recomputation over all calls, on every database."""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from statistics import fmean, stdev

import pytest
from sqlalchemy import Engine

from services.domain.calls import CallDetails
from services.domain.errors import NotAudio
from services.domain.metrics import AnalysedTranscript
from services.domain.speech import (
    Sentiment,
    SentimentLabel,
    Span,
    Speaker,
    SpeakerRole,
    Summary,
    Transcript,
    Utterance,
)
from services.domain.together import (
    AnalyticsFilter,
    Average,
    CallsTogether,
    Period,
    Resolution,
)
from services.storage.analytics import Analytics
from services.storage.calls import CallStore
from services.storage.figures import CallFigures, figures_of
from services.storage.rollups import RollupStore
from services.storage.runs import RunStore
from services.storage.transcripts import TranscriptStore
from tests.contract.stores import ORG, OTHER, add, analysed

FIRST_DAY = date(2026, 4, 27)
AGENTS = ("Ann", "Bob", None)


@dataclass(frozen=True)
class Known:
    """A call as the recomputation sees it; ``figures`` None when it failed."""

    call_id: str
    day: date
    agent: str | None
    queue: str
    figures: CallFigures | None
    unhappy: float | None


def talk(rng: random.Random) -> Transcript:
    """A random talk, sometimes without a known role, without scores, or without any speech."""
    roles = rng.choice(
        [
            (SpeakerRole.AGENT, SpeakerRole.CUSTOMER),
            (SpeakerRole.UNKNOWN, SpeakerRole.UNKNOWN),
            (SpeakerRole.AGENT, SpeakerRole.UNKNOWN),
        ]
    )
    lines, at = [], 0
    for number in range(rng.randrange(0, 9)):
        at += rng.randrange(0, 6_000)
        end = at + rng.randrange(1, 5_000)
        score = rng.choice([None, rng.uniform(-1, 1)])
        lines.append(
            Utterance(
                id=f"u{number}",
                speaker=f"s{rng.randrange(2)}",
                start_ms=at,
                end_ms=end,
                text="well then",
                sentiment=score and Sentiment(label=SentimentLabel.NEUTRAL, score=score),
                is_backchannel=rng.random() < 0.1,
            )
        )
        at = end - rng.randrange(0, 500)
    return Transcript(
        id=f"{rng.getrandbits(80):x}",
        provider="scripted",
        duration_ms=max((u.end_ms for u in lines), default=0),
        speakers=tuple(
            Speaker(id=f"s{i}", label=f"Speaker {i}", role=role) for i, role in enumerate(roles)
        ),
        utterances=tuple(lines),
        summary=Summary(resolved=rng.choice([None, True, False])),
        spans=tuple(Span(speaker=u.speaker, start_ms=u.start_ms, end_ms=u.end_ms) for u in lines),
    )


@pytest.fixture
def known(engine: Engine) -> list[Known]:
    """Calls of two organisations in the store; those of one are told."""
    rng = random.Random(7)
    calls, runs, transcripts = CallStore(engine), RunStore(engine), TranscriptStore(engine)
    told = []
    for number in range(60):
        org_id = OTHER if number % 10 == 9 else ORG
        day, agent = FIRST_DAY + timedelta(days=rng.randrange(12)), rng.choice(AGENTS)
        queue = rng.choice(("Billing", "Sales"))
        started = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=9)
        details = CallDetails(agent_name=agent, queue=queue, started_at=started)
        made = add(calls, org_id=org_id, details=details)
        figures = None
        if number % 8 == 7:
            runs.fail(made.id, 1, NotAudio())
        else:
            spoken: AnalysedTranscript = analysed(talk(rng))
            transcripts.save(org_id, made.id, 1, spoken)
            figures = figures_of(made, spoken.transcript, spoken.analysis)
            assert transcripts.figures(org_id, made.id) == figures
        if org_id == ORG:
            unhappy = figures and figures.customer_sentiment_mean
            told.append(Known(made.id, day, agent, queue, figures, unhappy))
    return told


FILTERS = [
    AnalyticsFilter(),
    AnalyticsFilter(
        first_day=FIRST_DAY + timedelta(days=2), last_day=FIRST_DAY + timedelta(days=7)
    ),
    AnalyticsFilter(agents=("Ann",), first_day=FIRST_DAY + timedelta(days=1)),
    AnalyticsFilter(
        agents=("Ann", "Bob"), queues=("Sales",), last_day=FIRST_DAY + timedelta(days=9)
    ),
    AnalyticsFilter(agents=("Nobody",)),
]


def chosen(known: Iterable[Known], wanted: AnalyticsFilter) -> list[Known]:
    return [
        k
        for k in known
        if (wanted.first_day is None or k.day >= wanted.first_day)
        and (wanted.last_day is None or k.day <= wanted.last_day)
        and (not wanted.agents or k.agent in wanted.agents)
        and (not wanted.queues or k.queue in wanted.queues)
    ]


Rate = Callable[[CallFigures], tuple[float | None, float]]


# Rates are kept in parts of a hundred thousand, lengths in tenths of a second.
ROUNDED = 1e-5


def average(known: Iterable[Known], rate: Rate) -> Average:
    pairs = [rate(k.figures) for k in known if k.figures]
    defined = [(part, whole) for part, whole in pairs if part is not None and whole > 0]
    if not defined:
        return Average()
    made = mean_of([part / whole for part, whole in defined])
    pooled = sum(p for p, _ in defined) / sum(w for _, w in defined)
    return replace(made, pooled=pytest.approx(pooled, abs=ROUNDED))


def mean_of(values: list[float], within: float = ROUNDED) -> Average:
    if not values:
        return Average()
    return Average(
        mean=pytest.approx(fmean(values), abs=within),
        spread=pytest.approx(stdev(values), abs=within) if len(values) > 1 else None,
        n=len(values),
    )


def of_call(f: CallFigures) -> tuple[float | None, float]:
    return f.agent_talk_ms, f.duration_ms


def of_speech(f: CallFigures) -> tuple[float | None, float]:
    return f.agent_talk_ms, f.all_talk_ms


def sentiment(f: CallFigures) -> tuple[float | None, float]:
    return f.customer_sentiment_sum, f.customer_sentiment_count


def check_together(found: CallsTogether, calls: list[Known]) -> None:
    figures = [k.figures for k in calls if k.figures]
    assert (found.calls, found.transcribed) == (len(calls), len(figures))
    assert found.failed == len(calls) - len(figures)
    assert found.duration_ms == sum(f.duration_ms for f in figures)
    assert found.negative_utterances == sum(f.negative_utterances for f in figures)
    assert found.customer_utterances == sum(f.customer_sentiment_count for f in figures)
    assert found.handle_ms == mean_of([f.duration_ms for f in figures], within=100)
    assert found.agent_share_of_call == average(calls, of_call)
    assert found.agent_share_of_speech == average(calls, of_speech)
    assert found.customer_sentiment == average(calls, sentiment)
    for name in ("non_talk", "dead_air", "hold"):
        share = average(calls, lambda f, name=name: (getattr(f, f"{name}_ms"), f.duration_ms))
        assert getattr(found, f"{name}_share") == share
    for name in ("agent_interruptions", "customer_interruptions", "sentiment_trend"):
        own = [value for f in figures if (value := getattr(f, name)) is not None]
        assert getattr(found, name) == mean_of(own)
    verdicts = [f.resolved for f in figures if f.resolved is not None]
    assert found.resolution == Resolution(resolved=sum(verdicts), known=len(verdicts))


def check_figures(analytics: Analytics, known: list[Known], wanted: AnalyticsFilter) -> None:
    calls = chosen(known, wanted)
    check_together(analytics.team(ORG, wanted), calls)
    agents = analytics.by_agent(ORG, wanted)
    assert [a.name for a in agents] == [n for n in AGENTS if any(k.agent == n for k in calls)]
    for agent in agents:
        check_together(agent, [k for k in calls if k.agent == agent.name])
    queues = analytics.by_queue(ORG, wanted)
    assert [q.name for q in queues] == sorted({k.queue for k in calls})
    for queue in queues:
        check_together(queue, [k for k in calls if k.queue == queue.name])


def check_courses(
    analytics: Analytics, known: list[Known], wanted: AnalyticsFilter, by: Period
) -> None:
    calls = chosen(known, wanted)

    def place(day: date) -> date:
        return day if by is Period.DAY else day - timedelta(days=day.weekday())

    course = analytics.per_period(ORG, wanted, by)
    assert [point.day for point in course] == sorted({place(k.day) for k in calls})
    for point in course:
        check_together(point, [k for k in calls if place(k.day) == point.day])


def check_extremes(engine: Engine, known: list[Known], wanted: AnalyticsFilter) -> None:
    analytics, calls = Analytics(engine), chosen(known, wanted)
    silent = sorted(
        (-k.figures.longest_silence_ms, k.call_id)
        for k in calls
        if k.figures and k.figures.longest_silence_ms
    )
    found = analytics.longest_silences(ORG, wanted, limit=4)
    assert [row.call.id for row in found] == [call_id for _, call_id in silent[:4]]
    unhappy = sorted(
        (k.unhappy, k.call_id) for k in calls if k.unhappy is not None and k.unhappy < 0
    )
    found = analytics.most_negative(ORG, wanted, limit=4)
    assert [row.call.id for row in found] == [call_id for _, call_id in unhappy[:4]]


# One database for all filters: filling it takes longer than asking.
def test_all_figures_equal_their_recomputation(
    engine: Engine, known: list[Known], monkeypatch: pytest.MonkeyPatch
) -> None:
    noted, rows = Analytics(engine), Analytics(engine, from_rows=True)
    for wanted in FILTERS:
        check_extremes(engine, known, wanted)
        for analytics in (noted, rows):
            check_figures(analytics, known, wanted)
            for by in Period:
                check_courses(analytics, known, wanted, by)
    before = [noted.by_agent(ORG, wanted) for wanted in FILTERS]
    assert RollupStore(engine).fold() > 0
    assert [noted.by_agent(ORG, wanted) for wanted in FILTERS] == before
    assert [rows.by_agent(ORG, wanted) for wanted in FILTERS] == before
    # Weeks are read as such however few they are, with the days before and after.
    monkeypatch.setattr("services.storage.stretches.FEWEST_WEEKS", 1)
    for wanted in FILTERS:
        check_figures(noted, known, wanted)
        check_courses(noted, known, wanted, Period.WEEK)


def test_deleting_and_moving_calls_reaches_the_figures(engine: Engine, known: list[Known]) -> None:
    calls, analytics = CallStore(engine), Analytics(engine)
    gone, moved, *rest = [k for k in known if k.figures]
    calls.delete(ORG, gone.call_id)
    details = calls.get(ORG, moved.call_id).details
    calls.update_details(ORG, moved.call_id, replace(details, agent_name="Cleo"))
    own = [replace(moved, agent="Cleo")]
    [cleo] = analytics.by_agent(ORG, AnalyticsFilter(agents=("Cleo",)))
    assert cleo.agent_share_of_call == average(own, of_call)
    assert analytics.team(ORG).agent_share_of_call == average([*own, *rest], of_call)


def test_no_calls_make_no_figures(engine: Engine) -> None:
    analytics = Analytics(engine)
    team = analytics.team(ORG)
    assert (team.calls, team.transcribed, team.failed, team.duration_ms) == (0, 0, 0, 0)
    assert team.customer_sentiment == Average()
    assert (team.resolution.share, team.handle_ms.is_comparable) == (None, False)
    assert analytics.by_agent(ORG) == analytics.per_period(ORG) == []
