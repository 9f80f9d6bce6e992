"""Authorities for tests of services, which keep in memory what was done."""

from sqlalchemy import Engine

from services.access.authority import Authority
from services.access.trails import KeptTrail
from services.domain.errors import NotFound
from services.storage.calls import CallStore


class _NoCalls:
    def get(self, org_id, call_id):
        raise NotFound


def authority_on(engine: Engine) -> Authority:
    """Return one over the calls of this database."""
    return Authority(CallStore(engine), KeptTrail())


def authority_over(calls: CallStore) -> Authority:
    """Return one over these calls."""
    return Authority(calls, KeptTrail())


def authority() -> Authority:
    """Return one for what concerns no call."""
    return Authority(_NoCalls(), KeptTrail())
