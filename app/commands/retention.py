"""``partyline retention``."""

import json
from dataclasses import asdict

from app.commands.console import EXIT_BAD_INPUT, operator, say
from app.settings import Settings
from app.wiring import build_services
from services.domain.retention import Kept, RetentionCounts, RetentionPeriod


def show_retention(settings: Settings) -> int:
    """Print what is set and the last runs."""
    services = build_services(settings)
    try:
        desk = services.keeping.retention
        periods, runs = desk.periods(operator(settings)), desk.runs(operator(settings))
    finally:
        services.close()
    if not periods:
        print("No period is set: everything stays for ever.")
    for period in periods:
        days = "for ever" if period.days is None else f"{period.days} days"
        print(f"{period.kind.value:<12} {period.queue or 'all queues':<24} {days}")
    for run in runs:
        state = "finished" if run.finished_at else "not finished"
        print(f"{run.began_at:%Y-%m-%d %H:%M} UTC  {state}  {told(run.counts)}")
    return 0


def set_retention(settings: Settings, kind: Kept, days: str, queue: str | None) -> int:
    """Set, or take away, how long something stays. Raises InvalidRequest."""
    services = build_services(settings)
    try:
        desk = services.keeping.retention
        if days == "unset":
            desk.unset(operator(settings), kind, queue)
        else:
            count = None if days == "forever" else int(days)
            desk.set(operator(settings), RetentionPeriod(kind=kind, days=count, queue=queue))
    finally:
        services.close()
    return 0


def preview_retention(settings: Settings, *, as_json: bool) -> int:
    """Print what the next run would delete."""
    services = build_services(settings)
    try:
        counts = services.keeping.retention.preview(operator(settings))
    finally:
        services.close()
    print(json.dumps(asdict(counts)) if as_json else f"The next run would delete {told(counts)}.")
    return 0


def run_retention(settings: Settings, *, as_json: bool) -> int:
    """Delete what is due now; 2 while another process does."""
    services = build_services(settings)
    try:
        run = services.keeping.keeper.run(settings.org)
        services.index.remove_deleted_words()
    finally:
        services.close()
    if run is None:
        say("partyline: another process is at it already.")
        return EXIT_BAD_INPUT
    print(json.dumps(asdict(run.counts)) if as_json else f"Deleted: {told(run.counts)}.")
    return 0


def told(counts: RetentionCounts) -> str:
    """Return counts as people read them."""
    return (
        f"audio of {counts.audio} calls, text of {counts.text} calls, {counts.calls} whole calls, "
        f"{counts.voiceprints} voiceprints; {counts.held} are on hold"
    )
