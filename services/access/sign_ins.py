"""Who is signed in, and whether that still counts.

The browser's cookie carries what the sign-in service claimed about a person; here it is looked up
what the person may do now. A sign-in ends when its person signs out, when nothing was done for a
while, after its longest time, and when somebody ends it.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from services.access.authority import Authority
from services.access.claims import (
    ClaimRules,
    Claims,
    identity_of,
    sign_in_id,
    signed_in_at,
)
from services.access.entitlements import Entitlements, PersonStore
from services.domain.acts import Act
from services.domain.errors import (
    AccessDenied,
    AccessEnded,
    InvalidToken,
    NoAccessYet,
    NotSignedIn,
    PersonNotFound,
)
from services.domain.people import Role, User
from services.domain.persons import Person, SignIn, is_from_before

KNOWN_FOR_S = 4.0
"""So long a process may go by what it knew of a person."""
HELD = "?"
"""Stands for the organisation of whoever is in the middle of a call: no organisation's name."""
SEEN_EVERY = timedelta(minutes=1)
MOST_KNOWN = 10_000


class SignInStore(PersonStore, Protocol):
    """Where people and their sign-ins are kept."""

    def get(self, org_id: str, person_id: str) -> Person:
        """Return a person. Raises PersonNotFound."""

    def begin(self, sign_in: SignIn) -> bool:
        """Keep a sign-in; return whether it was not there yet.

        Raises AccessEnded, and NotSignedIn for one from before its person was signed out.
        """

    def sign_in(self, sign_in_id: str) -> SignIn | None:
        """Return a sign-in."""

    def see(self, sign_in: SignIn, at: datetime) -> None:
        """Note that somebody did something."""

    def end(self, sign_in_id: str, at: datetime) -> bool:
        """End a sign-in; return whether it was still going on."""

    def shut_out(self, org_id: str, person_id: str, at: datetime) -> None:
        """End all sign-ins of a person that began by then, unless that was done already."""

    def forget_sign_ins(self, before: datetime) -> None:
        """Drop those that began before."""


@dataclass(frozen=True, kw_only=True)
class SignInLimits:
    """How long a sign-in counts: without anything being done, and altogether.

    ``programs`` is how long a person's own tokens count after the person was here last.
    """

    idle: timedelta = timedelta(hours=8)
    longest: timedelta = timedelta(hours=12)
    programs: timedelta = timedelta(days=7)


class SignIns:
    """Tells who is signed in. Safe across threads."""

    def __init__(
        self,
        store: SignInStore,
        authority: Authority,
        rules: ClaimRules,
        limits: SignInLimits,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Look people up here; ``now`` is the time of day, ``clock`` gives seconds."""
        self._store = store
        self._authority = authority
        self._rules = rules
        self._entitlements = Entitlements(store, rules)
        self._limits = limits
        self._now = now
        self._clock = clock
        self._known: OrderedDict[tuple[str, str, str], tuple[float, User]] = OrderedDict()
        self._refused: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def admit(self, claims: Claims, address: str | None = None) -> User:
        """Let somebody in, for the first time or again; that counts as something being done.

        Raises NotSignedIn when the sign-in counts no more, NoAccessYet for somebody whom nobody
        gave access, AccessEnded for one whose access was switched off.
        """
        sign_in = sign_in_id(claims)
        found = self._store.sign_in(sign_in)
        try:
            user = self._begin(claims, address) if found is None else self._go_on(found)
        except (NoAccessYet, AccessEnded):
            self._refuse(claims, address)
            raise
        # What is drawn in the same run knows what was just looked up.
        self._remember(("", "", sign_in), user)
        return replace(user, address=address)

    def current(self, claims: Claims, address: str | None = None) -> User:
        """Return who is signed in, as they were seconds ago at most. Raises NotSignedIn."""
        try:
            user = self._looked_up("", "", sign_in_id(claims))
        except InvalidToken:
            raise NotSignedIn from None
        return replace(user, address=address)

    def standing(self, user: User, sign_in: str) -> User:
        """Return a person as they are now, by what a signed link says of them.

        Raises InvalidToken once the sign-in it was made in counts no more.
        """
        return self._looked_up(user.org_id, user.id, sign_in)

    def holding(self, user: User, sign_in: str) -> User:
        """Return a person in the middle of a call as they are now.

        Raises InvalidToken once somebody has ended the sign-in, or the person's access: not when
        it only ran out, for whoever is on the phone does nothing else.
        """
        # Asked for each second while a call goes on: what was looked up seconds ago will do.
        key = (HELD, user.id, sign_in)
        known = self._recalled(key)
        if known is None or known.org_id != user.org_id:
            known = self._held(user, sign_in)
            self._remember(key, known)
        return known

    def _held(self, user: User, sign_in: str) -> User:
        found = self._store.sign_in(sign_in)
        if found is None or (found.org_id, found.person_id) != (user.org_id, user.id):
            raise InvalidToken
        if found.ended_at is not None and not self._had_run_out(found, found.ended_at):
            raise InvalidToken
        try:
            person = self._store.get(found.org_id, found.person_id)
        except PersonNotFound:
            raise InvalidToken from None
        if person.disabled_at or is_from_before(found.began_at, person.signed_out_at):
            raise InvalidToken
        return person.user

    def _had_run_out(self, found: SignIn, at: datetime) -> bool:
        is_idle = at - found.seen_at >= self._limits.idle
        return is_idle or at - found.began_at >= self._limits.longest

    def person(self, org_id: str, person_id: str) -> User | None:
        """Return whom programs may act for, whether signed in now or not.

        None for whoever may do nothing any more, and for whom the sign-in service hasn't let in
        for long: nobody tells us of those who have left.
        """
        try:
            found = self._store.get(org_id, person_id)
        except PersonNotFound:
            return None
        is_away = found.seen_at is None or self._now() - found.seen_at >= self._limits.programs
        return None if found.disabled_at or is_away else found.user

    @property
    def programs_until(self) -> datetime:
        """Until when the tokens of somebody count who is here now and doesn't come again."""
        return self._now() + self._limits.programs

    def sign_out(self, claims: Claims, user: User) -> None:
        """End the sign-in of this browser."""
        if self._store.end(sign_in_id(claims), self._now()):
            self._authority.note(user, Act.SIGNED_OUT, user.id)
        self.forget()

    def forget(self) -> None:
        """Forget what is known of people: it has changed."""
        with self._lock:
            self._known.clear()

    def _looked_up(self, org_id: str, person_id: str, sign_in: str) -> User:
        key = (org_id, person_id, sign_in)
        if (known := self._recalled(key)) is not None:
            return known
        found = self._store.sign_in(sign_in)
        if found is None or (org_id and (found.org_id, found.person_id) != (org_id, person_id)):
            raise InvalidToken
        try:
            user = self._checked(found).user
        except AccessDenied:
            raise InvalidToken from None
        self._remember(key, user)
        return user

    def _recalled(self, key: tuple[str, str, str]) -> User | None:
        """Return what was looked up seconds ago at most."""
        with self._lock:
            known = self._known.get(key)
        is_new = known is not None and self._clock() - known[0] < KNOWN_FOR_S
        return known[1] if known is not None and is_new else None

    def _remember(self, key: tuple[str, str, str], user: User) -> None:
        with self._lock:
            self._known[key] = (self._clock(), user)
            self._known.move_to_end(key)
            while len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)

    def _begin(self, claims: Claims, address: str | None) -> User:
        now = self._now()
        began_at = min(signed_in_at(claims), now)
        if now - began_at >= self._limits.longest:
            raise NotSignedIn
        try:
            person = self._entitlements.person(identity_of(claims), claims, now)
        except NoAccessYet:
            self._shut_out(claims, began_at)
            raise
        if is_from_before(began_at, person.signed_out_at):
            raise NotSignedIn
        sign_in = SignIn(
            id=sign_in_id(claims),
            person_id=person.id,
            org_id=person.org_id,
            began_at=began_at,
            seen_at=now,
        )
        # A sign-in that can't be written down doesn't begin.
        self._authority.note(replace(person.user, address=address), Act.SIGNED_IN, person.id)
        if self._store.begin(sign_in):
            self._store.see(sign_in, now)
            self._store.forget_sign_ins(now - 2 * self._limits.longest)
        return person.user

    def _shut_out(self, claims: Claims, at: datetime) -> None:
        """End what is left of somebody whom claims gave access, and give it no more.

        Only what began before: an old tab of theirs says nothing about a later sign-in.
        """
        known = self._store.of_identity(identity_of(claims).key)
        if known is not None and known.by_claims:
            self._store.shut_out(known.org_id, known.id, at)
            self.forget()

    def _go_on(self, found: SignIn) -> User:
        person, now = self._checked(found), self._now()
        if now - found.seen_at >= SEEN_EVERY:
            self._store.see(found, now)
        return person.user

    def _checked(self, found: SignIn) -> Person:
        """Return whose sign-in it is. Raises NotSignedIn, AccessEnded."""
        now = self._now()
        if found.ended_at is not None:
            raise NotSignedIn
        if self._had_run_out(found, now):
            self._store.end(found.id, now)
            raise NotSignedIn
        try:
            person = self._store.get(found.org_id, found.person_id)
        except PersonNotFound:
            raise NotSignedIn from None
        if person.disabled_at is not None:
            raise AccessEnded
        return person

    def _refuse(self, claims: Claims, address: str | None) -> None:
        """Have it written down, once for each sign-in."""
        key = sign_in_id(claims)
        with self._lock:
            if key in self._refused:
                return
            self._refused[key] = None
            while len(self._refused) > MOST_KNOWN:
                self._refused.popitem(last=False)
        identity = identity_of(claims)
        stranger = User(
            id=identity.key,
            name=identity.name,
            org_id=self._rules.organisation(claims) or self._rules.default_org,
            role=Role.VIEWER,
            rights=frozenset(),
            address=address,
        )
        self._authority.refuse(stranger, Act.SIGN_IN_REFUSED, identity.key)
