"""All that was told of one live call, numbered, for those who follow it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from services import telemetry
from services.live.telling.events import Kind, Told, ToldListener
from services.live.telling.packed import Packed

_OF_A_LINE = frozenset({Kind.PARTIAL, Kind.FINAL, Kind.REVISED})
_THAT_STAY = frozenset({Kind.FINAL, Kind.REVISED, Kind.SENTIMENT})
_OF_COURSE = frozenset({"n", "type", "at_ms", "emitted_ms", "course"})


@dataclass(frozen=True, kw_only=True)
class Following:
    """What a follower is given: what was told before, then ``close`` to hear no more."""

    history: tuple[Told, ...]
    close: Callable[[], None]


class ToldLog:
    """Numbers what is told 1, 2, 3 … and passes it on to every follower; safe across threads.

    A partial is forgotten when its line is told anew, running figures when there are newer ones:
    of those before, what they add to the course of sentiment is kept. Followers must neither raise
    nor wait; they are told one event at a time, in order. What stays for as long as the call is
    packed, since many calls may last for hours.
    """

    def __init__(self, after: int = 0) -> None:
        """Begin with nothing told; the first event's number is the one after ``after``."""
        self._lock = threading.Lock()
        self._told: dict[int, Told | Packed] = {}
        self._partials: dict[str, int] = {}
        self._figures = 0
        self._has_figures = False
        self._followers: dict[int, ToldListener] = {}
        self._last_number = after
        self._last_follower = 0

    def tell(self, event: Told) -> None:
        """Number an event, keep it and pass it on."""
        with self._lock:
            self._last_number += 1
            number = self._last_number
            numbered = {**event, "n": number}
            if event["type"] in _OF_A_LINE:
                self._told.pop(self._partials.pop(event["id"], 0), None)
                if event["type"] == Kind.PARTIAL:
                    self._partials[event["id"]] = number
            elif event["type"] == Kind.FIGURES:
                self._outdate_figures()
                self._figures = number
            stays = event["type"] in _THAT_STAY
            self._told[number] = Packed(numbered) if stays else numbered
            for follower in tuple(self._followers.values()):
                _pass_on(follower, numbered)

    def partials(self) -> tuple[Told, ...]:
        """Return the lines that are not final and say something, as they were told last."""
        with self._lock:
            left = [_plain(self._told[number]) for number in self._partials.values()]
        return tuple(one for one in left if one["text"])

    def events(self) -> tuple[Told, ...]:
        """Return what was told, without outdated partials."""
        with self._lock:
            told = tuple(self._told.values())
        return tuple(map(_plain, told))

    def follow(self, after: int, listener: ToldListener) -> Following:
        """Return what was told after that number, and tell ``listener`` all that comes next."""
        with self._lock:
            self._last_follower += 1
            name = self._last_follower
            self._followers[name] = listener
            history = [told for number, told in self._told.items() if number > after]
        return Following(history=tuple(map(_plain, history)), close=lambda: self._leave(name))

    def _outdate_figures(self) -> None:
        """Keep of the newest figures what stays true; the first of all say that there are some."""
        number = self._figures
        if not number:
            return
        newest = _plain(self._told[number])
        course = {name: told for name, told in newest.items() if name in _OF_COURSE}
        if course.get("course") or not self._has_figures:
            self._told[number] = course
            self._has_figures = True
        else:
            del self._told[number]

    def _leave(self, name: int) -> None:
        with self._lock:
            self._followers.pop(name, None)


def _plain(told: Told | Packed) -> Told:
    return told.told if isinstance(told, Packed) else told


def _pass_on(follower: ToldListener, told: Told) -> None:
    try:
        follower(told)
    except Exception as error:
        telemetry.fault("live.follower", error)
