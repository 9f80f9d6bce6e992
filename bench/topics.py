"""Scores the topics of calls against truth files that name them; nothing here is trained on.

Both the words as written and as a recogniser without punctuation gives them are scored, once with
the true roles and once with none known.
"""

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.results import keep, table
from services.analysis.topics import topics_of
from services.domain.speech import Speaker, SpeakerRole, Transcript, Utterance
from services.domain.topics import TOPIC_NAMES
from services.understanding.topics import TopicModel

PREFIX = "topic:"
MS_PER_S = 1_000


@dataclass(frozen=True, kw_only=True)
class KnownCall:
    """A call's words, its true topics, and those it may be said to have without being scored."""

    name: str
    transcript: Transcript
    topics: frozenset[str]
    ambiguous: frozenset[str]


def measure(folder: Path, json_file: Path | None) -> int:
    """Print and keep the figures; return the exit code, 1 when there is no truth."""
    calls = [call for path in sorted(folder.glob("*.json")) if (call := read_call(path))]
    if not calls:
        print("There is no truth with topics in this folder.")
        return 1
    model = TopicModel()
    model.probabilities(["Hello."])
    conditions: dict[str, Callable[[Transcript], Transcript]] = {
        "as written": lambda t: t,
        "as recognised": without_punctuation,
        "roles not known": without_roles,
    }
    rows = [score(name, calls, change, model) for name, change in conditions.items()]
    print(table(rows))
    keep("topics", rows, json_file)
    return 0


def read_call(path: Path) -> KnownCall | None:
    """Return the call in a truth file, None when it says nothing about topics."""
    truth = json.loads(path.read_text("utf-8"))
    expected = topics_in(truth.get("categories_expected", ()))
    if not expected:
        return None
    lines = tuple(_utterance(n, spoken) for n, spoken in enumerate(truth["utterances"]))
    roles = {u.speaker for u in lines}
    return KnownCall(
        name=path.stem,
        topics=expected,
        ambiguous=topics_in(truth.get("categories_ambiguous", ())),
        transcript=Transcript(
            id=path.stem,
            provider="truth",
            duration_ms=max(u.end_ms for u in lines),
            speakers=tuple(
                Speaker(id=r, label=r, role=SpeakerRole(r)) for r in sorted(filter(None, roles))
            ),
            utterances=lines,
            spans=(),
            language="en",
        ),
    )


def topics_in(categories: Sequence[str]) -> frozenset[str]:
    """Return the topics of this taxonomy among categories such as ``topic:fraud``."""
    named = {c.removeprefix(PREFIX) for c in categories if c.startswith(PREFIX)}
    return frozenset(named & set(TOPIC_NAMES))


def _utterance(number: int, spoken: Mapping[str, Any]) -> Utterance:
    return Utterance(
        id=f"u{number}",
        speaker=spoken["speaker"],
        start_ms=round(spoken["start_s"] * MS_PER_S),
        end_ms=round(spoken["end_s"] * MS_PER_S),
        text=spoken["text"],
        is_backchannel=spoken.get("is_backchannel", False),
    )


def without_punctuation(transcript: Transcript) -> Transcript:
    """Return the transcript as a recogniser without punctuation and capitals gives it."""
    lines = tuple(
        replace(u, text=re.sub(r"[^\w' ]", "", u.text.lower())) for u in transcript.utterances
    )
    return replace(transcript, utterances=lines)


def without_roles(transcript: Transcript) -> Transcript:
    """Return the transcript with nobody known as agent or customer."""
    speakers = tuple(replace(s, role=SpeakerRole.UNKNOWN) for s in transcript.speakers)
    return replace(transcript, speakers=speakers)


def score(
    name: str,
    calls: Sequence[KnownCall],
    change: Callable[[Transcript], Transcript],
    model: TopicModel,
) -> dict[str, Any]:
    """Return how many first topics are right and how many topics were right, wrong and missed."""
    first = right = wrong = missed = abstained = 0
    began = time.perf_counter()
    for call in calls:
        found = [t.id for t in topics_of(model.mark(change(call.transcript)))]
        first += bool(found) and found[0] in call.topics
        abstained += not found
        right += len(call.topics.intersection(found))
        wrong += len(set(found) - call.topics - call.ambiguous)
        missed += len(call.topics.difference(found))
    taken_ms = (time.perf_counter() - began) * MS_PER_S
    return {
        "condition": name,
        "calls": len(calls),
        "first right": first,
        "abstained": abstained,
        "topics right": right,
        "wrong": wrong,
        "missed": missed,
        "ms a call": round(taken_ms / len(calls), 1),
    }
