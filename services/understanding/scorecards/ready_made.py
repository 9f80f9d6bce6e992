"""The scorecard that every installation starts with."""

from dataclasses import replace
from functools import cache
from pathlib import Path

from services.domain.scorecards import Scorecard
from services.understanding.scorecards.yaml_form import scorecards_from_yaml

_SHIPPED = Path(__file__).with_name("ready_made.yaml")


@cache
def ready_made_scorecards() -> tuple[Scorecard, ...]:
    """Return the ready-made scorecards; nobody changes them, people make copies."""
    cards = scorecards_from_yaml(_SHIPPED.read_text("utf-8"))
    return tuple(replace(card, shipped=True) for card in cards)
