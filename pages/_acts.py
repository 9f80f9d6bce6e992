"""Carrying out what a person wants done to calls, whatever becomes of some of them meanwhile."""

from collections import Counter
from collections.abc import Callable, Iterable

from app import session
from components.wording import plural
from services.domain.errors import NotFound, PartylineError


def carry_out_each(
    call_ids: Iterable[str],
    act: Callable[[str], object],
    *,
    done: Callable[[int], str] | None = None,
    gone_is_done: bool = False,
) -> None:
    """Do something to each call, also when it fails for some, and tell in one message.

    ``done`` says in words that it was done to so many calls. With ``gone_is_done`` a call that
    is not there any more counts among them.
    """
    count, failures = 0, Counter[str]()
    for call_id in call_ids:
        try:
            act(call_id)
        except NotFound as error:
            if not gone_is_done:
                failures[error.user_message] += 1
                continue
        except PartylineError as error:
            failures[error.user_message] += 1
            continue
        count += 1
    said = [done(count)] if done and count else []
    alone = not count and failures.total() == 1
    said += [m if alone else f"{plural(n, 'call')}: {m}" for m, n in failures.items()]
    if said:
        session.notify(" ".join(said))


def delete_calls(call_ids: Iterable[str]) -> None:
    """Delete calls, and forget them in this session."""
    user, desk = session.current_user(), session.services().desk

    def delete(call_id: str) -> None:
        try:
            desk.delete(user, call_id)
        except NotFound:
            session.forget_call(call_id)
            raise
        session.forget_call(call_id)

    carry_out_each(
        call_ids, delete, done=lambda n: f"{plural(n, 'call')} deleted.", gone_is_done=True
    )
