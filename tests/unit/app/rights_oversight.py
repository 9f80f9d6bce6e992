"""What it takes to decide about people and tokens, to read the audit, and to keep or erase."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

from app.wiring import Services
from app.wiring.upkeep import build_eraser, build_rotator
from services.access.people import GivenAccess
from services.domain.audit_trail import AuditQuery
from services.domain.errors import ApiTokenNotFound
from services.domain.ids import new_id
from services.domain.people import Reach, Right, Role, User
from services.domain.retention import Kept, RetentionPeriod
from services.upkeep.erasing import Eraser
from services.upkeep.rotating import KeyRotator
from tests.unit.app.rights_house import ADMIN
from tests.unit.app.rights_rows import SEE, Asked, Row, _call, _org

PEOPLE, AUDIT = Right.MANAGE_PEOPLE, Right.READ_AUDIT
OPERATE, DELETE = Right.OPERATE, Right.DELETE
NOBODYS = GivenAccess(role=Role.VIEWER, reach=Reach())
FOR_EVER = RetentionPeriod(kind=Kept.CALL, days=None, queue="Billing")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)

# What is put together where it is needed, and belongs to no process's services.
BUILT_APART: Mapping[str, type] = {"eraser": Eraser, "rotator": KeyRotator}


def person(s: Services) -> str:
    """Return the id of somebody new who was given as little as can be."""
    return s.people.add(ADMIN, NOBODYS, email=f"{new_id()}@example.com").id


def token(s: Services) -> str:
    """Return the id of a new token of a service."""
    return s.token_desk.add_service(ADMIN, "A service", Role.VIEWER, Reach()).token.id


@contextmanager
def held(s: Services, call_id: str) -> Iterator[str]:
    """Give the id of a hold on a call, released at the end if it was not before."""
    hold = s.keeping.holds.hold_call(ADMIN, call_id, "A dispute")
    try:
        yield hold.id
    finally:
        if hold in s.keeping.holds.all(ADMIN):
            s.keeping.holds.release(ADMIN, hold.id)


def _release(s: Services, user: User, call_id: str) -> None:
    with held(s, call_id) as hold_id:
        s.keeping.holds.release(user, hold_id)


class _UnknownKeys:
    """Has a key that nobody could open, so that rotating leaves off before it changes any."""

    def counts(self) -> dict[str, int]:
        return {"unknown": 1}


def _rotator(s: Services) -> KeyRotator:
    rotator = build_rotator(s, [], lambda _line: None)
    rotator._sealed = _UnknownKeys()  # type: ignore[assignment]
    return rotator


def _anybody(ask: Asked) -> Row:
    return Row(ask=ask, rights=frozenset())


def _reaching_all(right: Right, ask: Asked) -> Row:
    return replace(_org(right, ask), all_calls=True)


OVERSIGHT: dict[str, Row] = {
    "figures.days": _org(SEE, lambda s, u, c: s.figures.days(u)),
    # people and tokens
    "people.list": _org(PEOPLE, lambda s, u, c: s.people.list(u)),
    "people.add": _org(
        PEOPLE, lambda s, u, c: s.people.add(u, NOBODYS, email=f"{new_id()}@example.com")
    ),
    "people.change": _org(PEOPLE, lambda s, u, c: s.people.change(u, person(s), NOBODYS)),
    "people.disable": _org(PEOPLE, lambda s, u, c: s.people.disable(u, person(s))),
    "people.enable": _org(PEOPLE, lambda s, u, c: s.people.enable(u, person(s))),
    "people.sign_out_everywhere": _org(
        PEOPLE, lambda s, u, c: s.people.sign_out_everywhere(u, person(s))
    ),
    "token_desk.mine": _anybody(lambda s, u, c: s.token_desk.mine(u)),
    "token_desk.add_mine": _anybody(lambda s, u, c: s.token_desk.add_mine(u, "Mine", Role.ADMIN)),
    "token_desk.others": _org(PEOPLE, lambda s, u, c: s.token_desk.others(u)),
    "token_desk.add_service": _org(
        PEOPLE, lambda s, u, c: s.token_desk.add_service(u, "A service", Role.VIEWER, Reach())
    ),
    "token_desk.revoke": replace(
        _org(PEOPLE, lambda s, u, c: s.token_desk.revoke(u, token(s))), refused=ApiTokenNotFound
    ),
    # the audit
    "audit.page": _org(AUDIT, lambda s, u, c: s.audit.page(u, AuditQuery())),
    "audit.export": _org(AUDIT, lambda s, u, c: list(s.audit.export(u, AuditQuery(limit=1)))),
    "audit.cut": _org(OPERATE, lambda s, u, c: s.audit.cut(u, LONG_AGO)),
    "audit.resume": _org(OPERATE, lambda s, u, c: s.audit.resume(u)),
    # how long things stay
    "retention.periods": _org(OPERATE, lambda s, u, c: s.keeping.retention.periods(u)),
    "retention.runs": _org(OPERATE, lambda s, u, c: s.keeping.retention.runs(u)),
    "retention.preview": _org(OPERATE, lambda s, u, c: s.keeping.retention.preview(u)),
    "retention.lapsed": _call(SEE, lambda s, u, c: s.keeping.retention.lapsed(u, c)),
    "retention.set": _org(OPERATE, lambda s, u, c: s.keeping.retention.set(u, FOR_EVER)),
    "retention.unset": _org(
        OPERATE, lambda s, u, c: s.keeping.retention.unset(u, Kept.CALL, "Billing")
    ),
    "holds.hold_call": _call(DELETE, lambda s, u, c: s.keeping.holds.hold_call(u, c, "Why")),
    "holds.hold_customer": _reaching_all(
        DELETE, lambda s, u, c: s.keeping.holds.hold_customer(u, "a customer on hold", "Why")
    ),
    "holds.release": _org(DELETE, _release),
    "holds.all": _org(DELETE, lambda s, u, c: s.keeping.holds.all(u)),
    "holds.of_call": _call(SEE, lambda s, u, c: s.keeping.holds.of_call(u, c)),
    "holds.held": _org(SEE, lambda s, u, c: s.keeping.holds.held(u, [c])),
    "eraser.look": _reaching_all(DELETE, lambda s, u, c: build_eraser(s).look(u, "nobody")),
    "eraser.erase": _reaching_all(DELETE, lambda s, u, c: build_eraser(s).erase(u, "nobody")),
    "eraser.call_ids": _reaching_all(DELETE, lambda s, u, c: build_eraser(s).call_ids(u, "nobody")),
    "eraser.erase_call": _call(DELETE, lambda s, u, c: build_eraser(s).erase_call(u, c)),
    "rotator.standing": _org(OPERATE, lambda s, u, c: _rotator(s).standing(u)),
    "rotator.rotate": _org(OPERATE, lambda s, u, c: _rotator(s).rotate(u)),
    "rotator.forget_previous": _org(OPERATE, lambda s, u, c: _rotator(s).forget_previous(u)),
}
