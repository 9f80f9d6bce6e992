"""From a database to what looks for rules in all its calls: processes and what runs in them."""

import os
import sys
from collections.abc import Sequence
from functools import partial

from sqlalchemy import Engine

from app.local_models import CHILD_ENVIRONMENT
from app.settings import ROOT
from services.domain.rules import Rule
from services.storage.database import open_engine
from services.storage.swept_calls import SweptCalls
from services.sweeping.children import LookThrough, SweepChildren
from services.sweeping.sweeper import Sweeper
from services.understanding.rules.across import RulesAcross

COMMAND = (sys.executable, "-m", "app.sweeping")
AT_ONCE = 2


def build_sweep_children(engine: Engine) -> SweepChildren | None:
    """Return processes that look for rules on this database; None on a single core."""
    if (os.cpu_count() or 1) < AT_ONCE:
        return None
    return SweepChildren(
        COMMAND,
        folder=ROOT,
        environment={name: os.environ[name] for name in CHILD_ENVIRONMENT if name in os.environ},
        database_url=engine.url.render_as_string(hide_password=False),
        at_once=AT_ONCE,
    )


def prepare_sweeping(database_url: str, org_id: str, rules: Sequence[Rule]) -> LookThrough:
    """Return what looks for these rules in ranges of an organisation's calls. Raises BadRule."""
    sweeper = Sweeper(SweptCalls(open_engine(database_url)))
    return partial(sweeper.look_through, org_id, RulesAcross(rules))
