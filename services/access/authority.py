"""The one place that says yes or no: may this person do this, with this call?

Services ask before they do anything. What was asked and how it went is written down before it is
done, so nothing is done that the audit doesn't know of.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from services.access.rights import may_see_text
from services.domain.acts import Act, AuditEntry, Outcome
from services.domain.calls import Call, CallDetails
from services.domain.errors import AccessDenied, NotFound, TextNotShown
from services.domain.live_calls import RunningCall
from services.domain.people import User

AGAIN_AFTER_S = 300.0
"""Looking at the same thing again from the same place within this time is one look."""
PLAYED_AGAIN_AFTER_S = 10.0
"""The same of an original recording, which a player asks for piece by piece."""
MOST_REMEMBERED = 10_000

Look = tuple[str, str, str | None, Act, str | None]


class Trail(Protocol):
    """Where it is written down."""

    def note(self, entry: AuditEntry) -> None:
        """Keep an entry for good. Raises StorageError; then the act must not be done."""


class FoundCalls(Protocol):
    """Where calls are looked up."""

    def get(self, org_id: str, call_id: str) -> Call:
        """Return the call. Raises NotFound."""


class Authority:
    """Lets people do what they have the right to, with the calls in their reach.

    Safe across threads.
    """

    def __init__(
        self,
        calls: FoundCalls,
        trail: Trail,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Look calls up here and write down there; ``clock`` gives seconds."""
        self._calls = calls
        self._trail = trail
        self._clock = clock
        self._looks: OrderedDict[Look, float] = OrderedDict()
        self._lock = threading.Lock()

    def allow(self, user: User, act: Act, subject: str | None = None, **details: str | int) -> None:
        """Let a person do something. Raises AccessDenied without the right to."""
        self.check(user, act, subject)
        self.note(user, act, subject, **details)

    def check(self, user: User, act: Act, subject: str | None = None) -> None:
        """Raise AccessDenied without the right to an act that is noted later, or not at all.

        For what is no act of its own: reading what goes with calls, beginning what may fail.
        """
        if act.right is not None and not user.may(act.right):
            self._refuse(user, act, subject)
            raise AccessDenied

    def call(self, user: User, call_id: str, act: Act, **details: str | int) -> Call:
        """Let a person do something with a call, and return it.

        Raises NotFound for one that isn't theirs, exactly as for one that doesn't exist, and
        AccessDenied without the right to do this with any.
        """
        call = self.reached(user, call_id, act)
        self.allow(user, act, call_id, **details)
        return call

    def permitted(self, user: User, call_id: str, act: Act) -> Call:
        """Return a call that a person may do something with; it is noted later. As ``call``."""
        call = self.reached(user, call_id, act)
        self.check(user, act, call_id)
        return call

    def reached(self, user: User, call_id: str, act: Act = Act.CALL_VIEWED) -> Call:
        """Return a call in a person's reach, without writing down that it was looked at.

        For what only accompanies an act: progress, buttons. Raises NotFound, and AccessDenied for
        whoever may see no calls.
        """
        try:
            call = self._calls.get(user.org_id, call_id)
        except NotFound:
            self._refuse(user, act, call_id)
            raise
        if not may_reach(user, call):
            self._refuse(user, act, call_id)
            raise NotFound
        self.check(user, Act.CALL_VIEWED, call_id)
        return call

    def check_text(self, user: User, act: Act, call_id: str, *, redacted: bool) -> None:
        """Raise TextNotShown where a call's text, or sound, must not be had by this person.

        It is asked between ``reached`` and ``allow``: what is let through is noted only after it.
        """
        if not may_see_text(user, redacted=redacted):
            self._refuse(user, act, call_id)
            raise TextNotShown

    def running(
        self,
        user: User,
        call_id: str,
        find: Callable[[], RunningCall],
        act: Act,
        may: Callable[[RunningCall], bool] = lambda _: True,
    ) -> RunningCall:
        """Let a person do something with a call that is being held, and return it.

        ``find`` gets it, ``may`` says whether it is one of those they may do it with. Raises
        NotFound for one that isn't theirs, AccessDenied. What only reads isn't written down here
        but by ``note``, because pages ask again and again.
        """
        try:
            call = find()
            if not may_reach_running(user, call):
                raise NotFound
        except NotFound:
            self._refuse(user, act, call_id)
            raise
        self.check(user, act, call_id)
        if not may(call):
            self._refuse(user, act, call_id)
            raise AccessDenied
        if not act.is_reading:
            self.note(user, act, call_id)
        return call

    def note(self, user: User, act: Act, subject: str | None = None, **details: str | int) -> None:
        """Write down what was let through; looks that repeat within minutes once."""
        again_after_s = _again_after_s(act, subject)
        look = (user.org_id, user.id, user.address, act, subject)
        if again_after_s and not self._is_new(look, again_after_s):
            return
        self._trail.note(_entry(user, act, Outcome.ALLOWED, subject, details))
        # Only now: what could not be written down is asked for again, and not let through then.
        if again_after_s:
            self._remember(look)

    def refuse(self, user: User, act: Act, subject: str | None = None) -> None:
        """Write down what somebody else has refused, such as a sign-in."""
        self._refuse(user, act, subject)

    def _refuse(self, user: User, act: Act, subject: str | None) -> None:
        self._trail.note(_entry(user, act, Outcome.REFUSED, subject, {}))

    def _is_new(self, look: Look, again_after_s: float) -> bool:
        with self._lock:
            before = self._looks.get(look)
        return before is None or self._clock() - before >= again_after_s

    def _remember(self, look: Look) -> None:
        with self._lock:
            self._looks[look] = self._clock()
            self._looks.move_to_end(look)
            while len(self._looks) > MOST_REMEMBERED:
                self._looks.popitem(last=False)


def _again_after_s(act: Act, subject: str | None) -> float:
    """Return within which time the same again is written down once; 0 for every time."""
    if not act.is_reading or (act is Act.AUDIT_READ and subject is not None):
        # Whoever takes the audit away, all or part of it, has it each time.
        return 0
    return PLAYED_AGAIN_AFTER_S if act is Act.ORIGINAL_PLAYED else AGAIN_AFTER_S


def may_reach(user: User, call: Call) -> bool:
    """Say whether a call is among those a person has to do with."""
    return _may_reach(user, call.org_id, call.added_by, call.details)


def may_reach_running(user: User, call: RunningCall) -> bool:
    """Say whether a call that is being held is among those a person has to do with."""
    return _may_reach(user, call.org_id, call.owner, call.details)


def _may_reach(user: User, org_id: str, added_by: str | None, details: CallDetails) -> bool:
    if org_id != user.org_id:
        return False
    if added_by == user.id:
        return True
    return user.reach.covers(queue=details.queue, agent_name=details.agent_name)


def _entry(
    user: User,
    act: Act,
    outcome: Outcome,
    subject: str | None,
    details: dict[str, str | int],
) -> AuditEntry:
    return AuditEntry(
        org_id=user.org_id,
        user_id=user.id,
        name=user.name,
        role=user.role.value,
        act=act,
        outcome=outcome,
        at=datetime.now(UTC),
        subject=subject,
        address=user.address,
        details=details,
    )
