"""``partyline rules`` and ``partyline analyse --rules``."""

import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from app.commands.console import operator
from app.settings import Settings, load_settings
from app.wiring import build_rule_tools
from services.domain.errors import BadRule, FileMissing, InvalidRequest
from services.domain.rules import Rule
from services.reading_rules import rules_of
from services.storage.sweeps import SweepState
from services.understanding.rules.yaml_form import rules_from_yaml

MAX_FILE_BYTES = 2_000_000


def list_rules() -> None:
    """Write a line for each rule."""
    settings = load_settings()
    book, user = build_rule_tools(settings).book, operator(settings)
    counts = book.counts(user)
    for kept in book.kept(user):
        rule = kept.rule
        columns = (
            f"{rule.id:32}",
            f"{rule.kind.value:8}",
            "on " if rule.enabled else "off",
            f"{kept.origin.value:8}",
            f"{counts.get(rule.id, 0):7,}",
            rule.name,
        )
        sys.stdout.write("  ".join(columns) + "\n")


def export_rules(ids: Sequence[str] | None, output: Path | None) -> None:
    """Write rules as YAML. Raises NotFound for an id that no rule has."""
    settings = load_settings()
    book, user = build_rule_tools(settings).book, operator(settings)
    for rule_id in ids or ():
        book.get(user, rule_id)
    text = book.to_yaml(user, ids)
    if output is None:
        sys.stdout.write(text)
    else:
        output.write_text(text, "utf-8")


def import_rules(file: Path) -> None:
    """Keep the rules of a file. Raises BadRule, FileMissing."""
    settings = load_settings()
    book = build_rule_tools(settings).book
    changed = book.take_in(operator(settings), read_rules_file(file))
    same = "Nothing changed: all of them are there already.\n"
    told = f"{changed} changed; a worker applies them to the stored calls.\n"
    sys.stdout.write(told if changed else same)


def check_rules(file: Path) -> None:
    """Say how many rules a file holds. Raises BadRule, FileMissing."""
    count = len(rules_from_yaml(read_rules_file(file)))
    sys.stdout.write(f"{count} {'rule' if count == 1 else 'rules'}, all of them usable.\n")


def analyse_rules(settings: Settings, file: Path | None, ids: Sequence[str]) -> int:
    """Look for rules in all stored calls and write how many they apply to; the exit status.

    The organisation's rules are stored with the calls; those of a file are only counted.
    """
    tools = build_rule_tools(settings)
    org_id = settings.org
    start = tools.calls.start(org_id)
    rules = rules_of(start.book) if file is None else rules_from_yaml(read_rules_file(file))
    wanted = _named(rules, ids)
    with closing(tools.sweeper.sweep(org_id, start, wanted, _tell)) as swept:
        if file is None:
            tools.sweeper.store(org_id, start, swept)
            waiting = tools.sweeps.get(org_id)
            if not ids and waiting is not None and waiting.state is SweepState.WAITING:
                tools.sweeps.cancel(org_id)
    width = max((len(rule.name) for rule in wanted), default=4)
    sys.stdout.write(f"{'Rule':{width}}  {'Calls':>9}  {'Share':>6}\n")
    for rule in wanted:
        calls = swept.count(rule.id)
        share = f"{calls / swept.calls:.1%}" if swept.calls else "–"
        sys.stdout.write(f"{rule.name:{width}}  {calls:9,}  {share:>6}\n")
    sys.stdout.write(f"{swept.calls:,} calls looked at.\n")
    return 0


def _named(rules: Sequence[Rule], ids: Sequence[str]) -> list[Rule]:
    known = {rule.id: rule for rule in rules}
    if not ids:
        return [rule for rule in rules if rule.enabled]
    if not set(ids) <= known.keys():
        raise InvalidRequest("No rule has one of these ids; “partyline rules list” shows them.")
    return [known[rule_id] for rule_id in dict.fromkeys(ids)]


def _tell(done: int, total: int) -> bool:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{done:,} of {total:,} calls" + ("\n" if done == total else ""))
        sys.stderr.flush()
    return True


def read_rules_file(file: Path) -> str:
    """Return the text of a file of rules. Raises FileMissing, BadRule."""
    if not file.is_file():
        raise FileMissing
    if file.stat().st_size > MAX_FILE_BYTES:
        raise BadRule("The file is far too large for rules.")
    try:
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise BadRule("The file is not text in UTF-8.") from None
