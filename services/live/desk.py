"""What people ask of live calls: begin, give sound, follow, stop."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from services import telemetry
from services.access.authority import Authority, may_reach_running
from services.access.rights import may_see_text, may_stop_live
from services.domain.acts import Act
from services.domain.calls import CallDetails, ProcessingOptions
from services.domain.errors import (
    AccessDenied,
    ConsentMissing,
    HeldElsewhere,
    InvalidRequest,
    LiveOver,
    PartylineError,
)
from services.domain.ids import new_id
from services.domain.live_calls import LiveSource, LiveState, RunningCall
from services.domain.people import User
from services.domain.phone import PhoneFacts
from services.live.options import as_recorded, check_live
from services.live.recogniser.recognising import LiveOrder
from services.live.recording.held import HeldCall
from services.live.recording.held_by import Held
from services.live.recording.holding import Holding
from services.live.recording.line import LineNotice, SoundLine
from services.live.recording.playing import LocalSound
from services.live.telling.events import ToldListener
from services.live.telling.log import Following
from services.providers.registry import ProviderRegistry
from services.storage.live_calls import LiveCallStore

MOST_CHANNELS = 2
MOST_NAME_CHARS = 200
MOST_LANGUAGE_CHARS = 20


class LiveDesk:
    """Takes what people ask, one desk for each web process; safe across threads.

    Whoever has to do with a call may read along; sound is taken from a call's owner only,
    who may end it, as supervisors may. A call that another process holds can be seen, not changed.
    """

    def __init__(
        self,
        holding: Holding,
        store: LiveCallStore,
        providers: ProviderRegistry,
        *,
        authority: Authority,
        check_recorded: Callable[[ProcessingOptions], None],
        prepare: Callable[[User, ProcessingOptions], ProcessingOptions],
        warm_up: Callable[[], None],
        process: str,
        needs_consent: bool = False,
    ) -> None:
        """Take who holds calls and where they are noted.

        ``check_recorded`` refuses options that the later call could not be processed with,
        ``prepare`` adds to the options what an organisation always wants, ``warm_up`` loads what
        recognising takes, and ``process`` is this process's name among all. ``needs_consent``: no
        call begins without a note of how everybody is told.
        """
        self._holding = holding
        self._store = store
        self._providers = providers
        self._authority = authority
        self._check_recorded = check_recorded
        self._prepare = prepare
        self._warm_up = warm_up
        self._process = process
        self._needs_consent = needs_consent
        self._lock = threading.Lock()
        self._sounds: list[LocalSound] = []

    def warm_up(self) -> None:
        """Have loaded, in the background, what makes the first call wait; for pages to ask."""

        def load() -> None:
            try:
                self._warm_up()
            except PartylineError as error:
                # Whoever begins a call is told.
                telemetry.warning("live.not_warm", error=error.code)

        threading.Thread(target=load, name="live-warm-up", daemon=True).start()

    def begin(
        self,
        user: User,
        name: str,
        options: ProcessingOptions,
        details: CallDetails,
        *,
        channels: int,
        source: LiveSource,
        phone: PhoneFacts | None = None,
    ) -> RunningCall:
        """Begin a call and return it; ``phone`` is what the telephone service calls a phone call.

        Refused before anything is stored: AccessDenied, ProviderUnknown, ProviderNotConfigured,
        NotLive, InvalidRequest, ConsentMissing, LiveFull, and whatever the provider refuses a call
        with.
        """
        self._authority.check(user, Act.CALL_ADDED)
        if self._needs_consent and details.consent is None:
            raise ConsentMissing
        capabilities = self._providers.ready(options.provider).capabilities
        check_live(capabilities, options)
        self._check_recorded(as_recorded(capabilities, options))
        if not 1 <= channels <= MOST_CHANNELS:
            raise InvalidRequest
        now = datetime.now(UTC)
        running = RunningCall(
            id=new_id(),
            org_id=user.org_id,
            owner=user.id,
            name=" ".join(name.split())[:MOST_NAME_CHARS] or f"Live call {now:%Y-%m-%d %H.%M}",
            source=source,
            state=LiveState.RECORDING,
            options=options,
            details=replace(details.noted(user.name, now), started_at=details.started_at or now),
            channels=channels,
            began_at=now,
            heartbeat_at=now,
            process=self._process,
            phone=phone,
        )
        self._authority.note(user, Act.CALL_ADDED, running.id)
        self._holding.hold(running, self._order(user, running))
        telemetry.event(
            "live.begun", provider=options.provider, channels=channels, source=source.value
        )
        return running

    def running(self, user: User) -> list[RunningCall]:
        """Return all calls that a person has to do with, those that began last first.

        What was said is left out of those that they may not read. Raises AccessDenied.
        """
        self._authority.check(user, Act.CALL_FOLLOWED)
        held = {one.running.id: one.running for one in self._holding.all()}
        found = (held.get(call.id, call) for call in self._store.running(user.org_id))
        return [_as_readable(user, call) for call in found if may_reach_running(user, call)]

    def mine(self, user: User) -> list[RunningCall]:
        """Return the calls that this person has begun and can go on with here."""
        mine = [c for c in self.running(user) if c.owner == user.id and c.goes_on]
        return [c for c in mine if self._holding.find(c.id) or self._holding.can_take_up(c)]

    def get(self, user: User, call_id: str) -> RunningCall:
        """Return a running call. Raises NotFound."""
        return _as_readable(user, self._reached(user, call_id, self._holding.find(call_id)))

    def connect(self, user: User, call_id: str, notify: Callable[[LineNotice], None]) -> SoundLine:
        """Return a new way for a call's sound, which takes over from an older one.

        ``notify`` is told why it is no more, from any thread. A call whose process has died goes on
        in this one. Raises NotFound, AccessDenied for a call of somebody else, LiveOver,
        HeldElsewhere while another process holds it, InvalidRequest for one of words alone.
        """
        return _with_sound(self._own(user, call_id, take_up=True)).connect(notify)

    def play(self, user: User, call_id: str, chunks: Iterator[bytes], speed: float = 1.0) -> None:
        """Feed a call with sound of this machine, in a thread of its own.

        Chunks of whole frames are played at ``speed`` times real time, at 0 as they come. The call
        ends with them, and they are closed with the call. Raises as ``connect``.
        """
        sound = LocalSound(_with_sound(self._own(user, call_id)), chunks, speed)
        with self._lock:
            self._sounds = [one for one in self._sounds if one.is_playing]
            self._sounds.append(sound)
        sound.start()

    def stop(self, user: User, call_id: str, *, complete: bool = False) -> None:
        """End a call: last words, then it lands. Returns at once; safe to call twice.

        Unless its sound is ``complete``, as its recorder knows, a recorder that is away is waited
        for. Raises NotFound, AccessDenied, HeldElsewhere while another process holds the call.
        """
        held = self._ruled(user, call_id, take_up=True)
        if complete:
            held.end()
        else:
            held.ask_end()

    def follow(
        self, user: User, call_id: str, after: int, listener: ToldListener
    ) -> tuple[RunningCall, Following]:
        """Tell ``listener`` all that is told of a call after event number ``after``.

        What was told already comes back with the call. Raises NotFound, HeldElsewhere,
        AccessDenied, and TextNotShown for a call that is not redacted.
        """
        held = self._here(user, call_id, landed_too=True)
        self._check_reads(user, held)
        self._authority.note(user, Act.CALL_FOLLOWED, call_id)
        return held.running, held.standing.log.follow(after, listener)

    def check_follows(self, user: User, call_id: str) -> None:
        """Raise what ``follow`` would refuse a person with now; only that is written down."""
        self._check_reads(user, self._here(user, call_id, landed_too=True))

    def check_sends(self, user: User, call_id: str) -> None:
        """Raise what ``connect`` would refuse a person with now; nothing is written down."""
        self._authority.check(user, Act.CALL_CONTROLLED, call_id)
        if self._here(user, call_id, landed_too=True).running.owner != user.id:
            raise AccessDenied

    def summarise(self, user: User, call_id: str) -> None:
        """Ask for a summary so far; it is told when it is there. Raises as ``stop``.

        A language model writes it, and what that costs is the call's.
        """
        self._ruled(user, call_id).summarise()

    def speak(self, user: User, call_id: str, language: str | None) -> None:
        """Go on in another language, None to have it detected.

        What the provider says against it is told as a warning. Raises as ``stop``.
        """
        if language is not None and len(language) > MOST_LANGUAGE_CHARS:
            raise InvalidRequest
        self._ruled(user, call_id).speak(language)

    def close(self) -> None:
        """Let go of all calls; the next start goes on with them, or lands what they have."""
        self._holding.close()
        with self._lock:
            sounds, self._sounds = self._sounds, []
        for sound in sounds:
            sound.wait()

    def _order(self, user: User, running: RunningCall) -> LiveOrder:
        capabilities = self._providers.capabilities(running.options.provider)
        return LiveOrder(
            options=self._prepare(user, running.options),
            details=running.details,
            channels=min(running.channels, capabilities.live_channels),
            org_id=running.org_id,
        )

    def _here(self, user: User, call_id: str, *, landed_too: bool = False) -> Held:
        held = self._holding.find(call_id, landed_too=landed_too)
        self._reached(user, call_id, held)
        if held is None:
            raise HeldElsewhere
        return held

    def _check_reads(self, user: User, held: Held) -> None:
        call = held.running
        redacted = call.options.redact
        self._authority.check_text(user, Act.CALL_FOLLOWED, call.id, redacted=redacted)

    def _reached(self, user: User, call_id: str, held: Held | None) -> RunningCall:
        return self._running(user, call_id, held, Act.CALL_FOLLOWED, lambda _: True)

    def _running(
        self,
        user: User,
        call_id: str,
        held: Held | None,
        act: Act,
        may: Callable[[RunningCall], bool],
    ) -> RunningCall:
        def find() -> RunningCall:
            return held.running if held else self._store.get(user.org_id, call_id)

        return self._authority.running(user, call_id, find, act, may)

    def _own(self, user: User, call_id: str, *, take_up: bool = False) -> Held:
        self._check_controls(user, call_id, lambda call: call.owner == user.id)
        return self._taken_up(user, call_id) if take_up else self._here(user, call_id)

    def _ruled(self, user: User, call_id: str, *, take_up: bool = False) -> Held:
        self._check_controls(user, call_id, lambda call: may_stop_live(user, call.owner))
        return self._taken_up(user, call_id) if take_up else self._here(user, call_id)

    def _check_controls(self, user: User, call_id: str, may: Callable[[RunningCall], bool]) -> None:
        held = self._holding.find(call_id)
        self._running(user, call_id, held, Act.CALL_CONTROLLED, may)

    def _taken_up(self, user: User, call_id: str) -> Held:
        """Return the call as this process holds it, from now on where its process has died."""
        held = self._holding.find(call_id)
        if held is not None:
            return held
        running = self._store.get(user.org_id, call_id)
        if not running.goes_on:
            raise LiveOver
        return self._holding.take_up(running, self._order(user, running), self._process)


def _as_readable(user: User, call: RunningCall) -> RunningCall:
    """Return the call without its last words for whoever may not read them."""
    if may_see_text(user, redacted=call.options.redact):
        return call
    return replace(call, glance=replace(call.glance, last_line=None, last_warning=None))


def _with_sound(held: Held) -> HeldCall:
    """Return a call that takes sound. Raises InvalidRequest for one of words alone."""
    if not isinstance(held, HeldCall):
        raise InvalidRequest("The sound of this call is not taken here: its words come by phone.")
    return held
