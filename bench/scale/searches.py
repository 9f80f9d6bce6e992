"""The newest 50 lines that hold words: common and rare ones, phrases, with filters."""

import random
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, select

from app.seeding.words import brands, words
from bench.scale.timing import spread, timed_ms
from services.domain.searching import LineFilter, read_query
from services.domain.speech import SpeakerRole
from services.storage.calls import CallStore
from services.storage.search import SearchIndex
from services.storage.search_tables import SHOWN_UTTERANCES

QUERIES_OF_A_KIND = 25


def measured(engine: Engine, scale: Any, folder: Path) -> Iterator[Mapping[str, Any]]:
    """Yield how long searches of each kind take."""
    chance, index, org_id = random.Random("searches"), SearchIndex(engine), scale.history.org_id
    calls = CallStore(engine)
    agents, queues = calls.agents(org_id), calls.queues(org_id)
    last = scale.history.calendar.last_day
    with engine.connect() as connection:
        lines = connection.execute(select(func.count()).select_from(SHOWN_UTTERANCES)).scalar_one()
    rare = brands()[len(brands()) // 2 :]
    kinds: dict[str, tuple[list[str], LineFilter | None]] = {
        "common word": (["the", "it", "that", "for", "you"], None),
        "rare word": (list(chance.sample(rare, 50)), None),
        "two words": ([f"{p} {t}" for p in words("place") for t in words("thing")[:5]], None),
        "phrase": (['"thank you for calling"', '"is there anything else"', '"on hold"'], None),
        "beginning": ([f"{word[:4]}*" for word in chance.sample(rare, 30)], None),
        "common word, one agent": (["the", "it", "that"], LineFilter(agents=agents[:1])),
        "word, customer, 30 days": (
            ["router", "refund", "broken"],
            LineFilter(
                said_by=SpeakerRole.CUSTOMER, first_day=last - timedelta(days=29), last_day=last
            ),
        ),
        "phrase, one queue": (['"how can i help"', '"let me have a look"'],
                              LineFilter(queues=queues[:1])),
    }  # fmt: skip
    taken: list[float] = []
    for name, (queries, among) in kinds.items():
        mine = [
            timed_ms(partial(index.newest, org_id, read_query(query), among))
            for query in chance.choices(queries, k=QUERIES_OF_A_KIND)
        ]
        taken += mine
        yield {"what": f"search: {name}", **spread(mine)}
    yield {"what": "search", **spread(taken), "note": f"newest 50 of {lines:,} lines"}
