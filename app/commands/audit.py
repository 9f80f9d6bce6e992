"""``partyline audit``."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.commands.console import operator, say
from app.settings import Settings
from app.wiring.auditing import audit_tools
from app.wiring.upkeep import existing_backups
from services.auditing.table import csv_lines
from services.domain.acts import Act, Outcome
from services.domain.audit_trail import (
    AuditQuery,
    BreakKind,
    ChainBreak,
    ChainCheck,
    KeptEntry,
    NotedHead,
)
from services.domain.errors import FileUnreadable, InvalidRequest

EXIT_BROKEN = 1
ALL = sys.maxsize
KINDS = {
    BreakKind.CHANGED: "was changed",
    BreakKind.MISSING: "is missing",
    BreakKind.OUT_OF_ORDER: "stands at the wrong place",
    BreakKind.CUT: "and all after it are missing at the end",
    BreakKind.FORGED: "was not written by this installation, or not at this place",
}


def query_of(
    who: str | None,
    acts: Sequence[Act] | None,
    subject: str | None,
    outcome: Outcome | None,
    since: datetime | None,
    until: datetime | None,
    limit: int | None,
) -> AuditQuery:
    """Return what the options of a command ask for; their times are in UTC."""
    return AuditQuery(
        who=who,
        acts=tuple(acts or ()),
        subject=subject,
        outcome=outcome,
        since=since and since.replace(tzinfo=UTC),
        until=until and until.replace(tzinfo=UTC),
        limit=limit or ALL,
    )


def verify_audit(settings: Settings, head: Path | None, backup: str | None) -> int:
    """Check all chains; 1 when one is broken. Raises what reading the noted heads raises."""
    noted = [*_heads_in(head), *_heads_of_backups(settings, backup)]
    if (head or backup) and not noted:
        raise InvalidRequest("No head of an audit is noted there.")
    with audit_tools(settings) as tools:
        found = tools.verifier.check(noted)
    for one in found:
        print(_told(one))
    if not found:
        print("nothing has been written down yet")
    return EXIT_BROKEN if any(one.broken for one in found) else 0


def print_heads(settings: Settings) -> int:
    """Print one JSON object a line for each organisation."""
    with audit_tools(settings) as tools:
        for one in tools.reader.heads():
            told = {"organisation": one.org_id, "sequence": one.sequence, "hash": one.hash}
            print(json.dumps(told))
    return 0


def list_audit(settings: Settings, org_id: str | None, wanted: AuditQuery) -> int:
    """Print the newest entries, one a line."""
    with audit_tools(settings) as tools:
        for entry in tools.desk.export(operator(settings, org_id), wanted):
            print(_line(entry))
    return 0


def export_audit(settings: Settings, org_id: str | None, wanted: AuditQuery) -> int:
    """Write entries as CSV; how many goes to standard error."""
    count = 0

    def counted(entries: Iterable[KeptEntry]) -> Iterator[KeptEntry]:
        nonlocal count
        for entry in entries:
            count += 1
            yield entry

    with audit_tools(settings) as tools:
        for line in csv_lines(counted(tools.desk.export(operator(settings, org_id), wanted))):
            sys.stdout.write(line)
    say(f"{count} entries")
    return 0


def cut_audit(settings: Settings, org_id: str | None, days: int) -> int:
    """Cut entries older than so many days."""
    with audit_tools(settings) as tools:
        count = tools.desk.cut(operator(settings, org_id), datetime.now(UTC) - timedelta(days=days))
    print(f"{count} entries cut")
    return 0


def resume_audit(settings: Settings, org_id: str | None) -> int:
    """Let an audit go on whose head was changed."""
    with audit_tools(settings) as tools:
        went_on = tools.desk.resume(operator(settings, org_id))
    print("the audit goes on" if went_on else "nothing keeps the audit from going on")
    return 0


def _heads_in(file: Path | None) -> list[NotedHead]:
    if file is None:
        return []
    try:
        lines = [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]
        return [
            NotedHead(org_id=one["organisation"], sequence=int(one["sequence"]), hash=one["hash"])
            for one in lines
        ]
    except OSError as error:
        raise FileUnreadable("It is the one with the noted heads.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidRequest("The file of noted heads is not one.") from error


def _heads_of_backups(settings: Settings, place: str | None) -> list[NotedHead]:
    if place is None:
        return []
    return [head for manifest in existing_backups(settings, place).all() for head in manifest.audit]


def _told(check: ChainCheck) -> str:
    if check.broken is not None:
        return f"{check.org_id}: BROKEN, {_broken(check.broken)}"
    begun = f", the first of {check.first_at:%Y-%m-%d %H:%M} UTC" if check.first_at else ""
    told = f"{check.org_id}: {check.entries} entries as written{begun}"
    if check.cut_through:
        told += f", those up to {check.cut_through} were cut when their time was over"
    if check.resumed_after is not None:
        told += f", made to go on by hand after entry {check.resumed_after}: its end was changed"
    return told


def _broken(broken: ChainBreak) -> str:
    if broken.sequence is None:
        what = "is missing" if broken.kind is BreakKind.CUT else "was changed or can't be opened"
        return f"the head of the chain {what} ({broken.kind.value})"
    return f"entry {broken.sequence} {KINDS[broken.kind]} ({broken.kind.value})"


def _line(entry: KeptEntry) -> str:
    told = [
        f"{entry.sequence:>7}",
        f"{entry.at:%Y-%m-%d %H:%M:%S}",
        entry.outcome,
        entry.act,
        f"{entry.name} ({entry.user_id}, {entry.role})",
        entry.subject or "",
        entry.address or "",
        " ".join(f"{name}={value}" for name, value in entry.details.items()),
    ]
    # Names may hold anything; a terminal must not act on it.
    line = "  ".join(part for part in told if part)
    return "".join(c if c.isprintable() else "?" for c in line)
