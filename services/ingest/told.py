"""What is told of a recording besides its sound, by its name, beside it, or by whoever asks."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, tzinfo

from services.analysis.file_names import as_direction
from services.domain.calls import CallDetails, Consent
from services.domain.errors import BadSidecar

MOST_CHARS = 200
_WORDS_FOR: Mapping[str, str] = {
    "agent": "agent",
    "agent_name": "agent",
    "customer": "customer",
    "customer_ref": "customer",
    "queue": "queue",
    "direction": "direction",
    "date": "date",
    "started_at": "date",
    "id": "id",
    "external_ref": "id",
    "consent": "consent",
}
KNOWN_WORDS = tuple(_WORDS_FOR)


def over(above: CallDetails, below: CallDetails) -> CallDetails:
    """Return what ``above`` tells, completed by ``below``."""
    lacking = {name: value for name, value in vars(below).items() if getattr(above, name) is None}
    return replace(above, **lacking)


def details_from_words(given: Mapping[str, object], zone: tzinfo) -> CallDetails | None:
    """Return what a sidecar's words tell; None when it has none of those that are known.

    Words are taken in any case; what stands under others is left aside. A moment without a zone
    is in ``zone``. Raises BadSidecar, which names what is amiss.
    """
    told: dict[str, str] = {}
    is_known = False
    for name, value in given.items():
        word = _WORDS_FOR.get(str(name).strip().casefold().replace(" ", "_").replace("-", "_"))
        if word is None:
            continue
        is_known = True
        text = _text(word, value)
        if text is not None:
            told.setdefault(word, text)
    if not is_known:
        return None
    direction = told.get("direction")
    if direction is not None and as_direction(direction) is None:
        raise BadSidecar("Its direction is neither inbound nor outbound.")
    consent = told.get("consent", "").casefold()
    if consent and consent not in list(Consent):
        raise BadSidecar("Its consent is neither announced, asked nor contract.")
    return CallDetails(
        agent_name=told.get("agent"),
        queue=told.get("queue"),
        customer_ref=told.get("customer"),
        direction=as_direction(direction),
        started_at=_moment(told["date"], zone) if "date" in told else None,
        external_ref=told.get("id"),
        consent=Consent(consent) if consent else None,
    )


def in_utc(moment: datetime, zone: tzinfo) -> datetime:
    """Return a moment in UTC; one without a zone is in ``zone``. Raises OverflowError."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _text(word: str, value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise BadSidecar(f"Its {word} is no text.")
    text = " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())
    if len(text) > MOST_CHARS:
        raise BadSidecar(f"Its {word} is too long.")
    return text or None


def _moment(text: str, zone: tzinfo) -> datetime:
    try:
        return in_utc(datetime.fromisoformat(text), zone)
    except (ValueError, OverflowError):
        raise BadSidecar("Its date is not written as 2026-11-27T09:30:00.") from None
