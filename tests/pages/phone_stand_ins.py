"""What stands in place of the desk of phone calls; it takes notes."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from services.domain.errors import NotFound, PartylineError
from services.domain.live_calls import LiveSource, RunningCall
from services.domain.people import User
from services.domain.phone import PhoneFacts, PhoneService, PhoneWay
from services.providers.capabilities import Readiness
from services.telephony.acs.orders import PhoneOrder, PhoneStanding, RingingCall
from services.telephony.acs.wire.wishes import PhoneWish
from tests.pages.running_stand_ins import running

NOT_SET_UP = Readiness(ready=False, missing=("ACS_ENDPOINT", "ACS_ACCESS_KEY"))
FACTS = PhoneFacts(
    service=PhoneService.ACS,
    way=PhoneWay.PLACED,
    connection_id="connection-1",
    correlation_id="correlation-1",
)


def on_the_phone(call_id: str = "c1", name: str = "Phone line 1", **changes) -> RunningCall:
    """A call that a telephone service holds."""
    return running(call_id, name, **{"source": LiveSource.PHONE, "phone": FACTS, **changes})


@dataclass(kw_only=True)
class StagedPhone:
    """Holds phone calls in name only; ``refusal`` is raised instead of doing what is asked.

    What is begun is handed to ``on_begun``, as the real desk hands it to the desk of live calls.
    """

    ready: Readiness = NOT_SET_UP
    ringing: list[RingingCall] = field(default_factory=list)
    standings: dict[str, PhoneStanding] = field(default_factory=dict)
    ordered: list[tuple[str, str, PhoneOrder]] = field(default_factory=list)
    asked: list[tuple] = field(default_factory=list)
    refusal: PartylineError | None = None
    on_begun: Callable[[RunningCall], None] = lambda call: None

    def readiness(self) -> Readiness:
        return self.ready

    def incoming(self, user: User) -> tuple[RingingCall, ...]:
        if self.refusal is not None:
            raise self.refusal
        return tuple(self.ringing)

    def place(self, user: User, number: str, order: PhoneOrder) -> RunningCall:
        return self._begin(PhoneWay.PLACED, number, order)

    def join(self, user: User, room_id: str, order: PhoneOrder) -> RunningCall:
        return self._begin(PhoneWay.JOINED, room_id, order)

    def answer(self, user: User, incoming_id: str, order: PhoneOrder) -> RunningCall:
        self.ringing = [one for one in self.ringing if one.id != incoming_id]
        return self._begin(PhoneWay.ANSWERED, incoming_id, order)

    def standing(self, user: User, call_id: str) -> PhoneStanding:
        if call_id not in self.standings:
            raise NotFound
        return self.standings[call_id]

    def start_words(self, user: User, call_id: str, wish: PhoneWish) -> None:
        self._note("start", call_id, wish)
        self.standings[call_id] = PhoneStanding(wish=wish, is_transcribed=True)

    def stop_words(self, user: User, call_id: str) -> None:
        self._note("stop", call_id)
        self.standings[call_id] = replace(self.standings[call_id], is_transcribed=False)

    def service_summary(self, user: User, call_id: str) -> None:
        self._note("summary", call_id)

    def hang_up(self, user: User, call_id: str, *, for_everyone: bool) -> None:
        self._note("hang up", call_id, for_everyone)

    def _note(self, *what: object) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.asked.append(what)

    def _begin(self, way: PhoneWay, whom: str, order: PhoneOrder) -> RunningCall:
        if self.refusal is not None:
            raise self.refusal
        self.ordered.append((way.value, whom, order))
        call = on_the_phone(
            name=order.name,
            options=order.options,
            details=order.details,
            phone=replace(FACTS, way=way),
        )
        self.standings[call.id] = PhoneStanding(
            wish=order.wish, is_transcribed=order.wish.starts_at_once
        )
        self.on_begun(call)
        return call
