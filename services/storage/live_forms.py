"""Running calls as rows, and back."""

import json
from datetime import datetime
from hashlib import sha256

from sqlalchemy import RowMapping

from services.domain.calls import CallDetails, Consent, Direction
from services.domain.live_calls import (
    LiveGlance,
    LiveSource,
    LiveState,
    RunningCall,
    SoundGap,
)
from services.domain.phone import PhoneFacts, PhoneService, PhoneWay
from services.domain.speech import SentimentLabel
from services.storage.forms import Json, pack, pack_options, unpack_options

MOST_CONNECTION_CHARS = 191


def running_call_to_row(call: RunningCall) -> dict[str, Json]:
    """Return the row of a running call."""
    return {
        "id": call.id,
        "org_id": call.org_id,
        "owner": call.owner,
        "name": call.name,
        "source": call.source,
        "options": pack_options(call.options),
        "details": pack_details(call.details),
        "channels": call.channels,
        "began_at": call.began_at,
        "heartbeat_at": call.heartbeat_at,
        "process": call.process,
        **progress_columns(call),
    }


def progress_columns(call: RunningCall) -> dict[str, Json]:
    """Return the columns that change while the call goes on."""
    return {
        "state": call.state,
        "received_ms": call.received_ms,
        "gaps": pack([[gap.start_ms, gap.end_ms] for gap in call.gaps]),
        "glance": pack(vars(call.glance)),
        **phone_columns(call.phone),
    }


def phone_columns(phone: PhoneFacts | None) -> dict[str, Json]:
    """Return the columns that say what a phone call is at its service."""
    return {
        "phone": phone and pack(vars(phone)),
        "phone_connection": phone and phone_connection(phone.service, phone.connection_id),
    }


def phone_connection(service: PhoneService, connection_id: str) -> str:
    """Return what a phone call is found by: its service and what that calls it.

    What a service calls it can be anything; where that doesn't fit into a column it is a hash.
    """
    whole = f"{service}:{connection_id}"
    if len(whole) <= MOST_CONNECTION_CHARS and whole.isascii() and whole.isprintable():
        return whole
    return f"{service}:{sha256(connection_id.encode('utf-8', 'surrogatepass')).hexdigest()}"


def running_call_from_row(row: RowMapping) -> RunningCall:
    """Return the running call in a row of its table."""
    gaps = json.loads(row["gaps"])
    return RunningCall(
        id=row["id"],
        org_id=row["org_id"],
        owner=row["owner"],
        name=row["name"],
        source=LiveSource(row["source"]),
        state=LiveState(row["state"]),
        options=unpack_options(row["options"]),
        details=unpack_details(row["details"]),
        channels=row["channels"],
        began_at=row["began_at"],
        heartbeat_at=row["heartbeat_at"],
        process=row["process"],
        received_ms=row["received_ms"],
        gaps=tuple(SoundGap(start_ms=start_ms, end_ms=end_ms) for start_ms, end_ms in gaps),
        glance=_unpack_glance(row["glance"]),
        phone=_unpack_phone(row["phone"]) if row["phone"] else None,
    )


def pack_details(details: CallDetails) -> str:
    """Return what is known about a call as text."""
    moments = {"started_at": details.started_at, "consent_at": details.consent_at}
    return pack({**vars(details), **{n: at and at.isoformat() for n, at in moments.items()}})


def unpack_details(text: str) -> CallDetails:
    """Return the details that ``pack_details`` wrote."""
    form = json.loads(text)
    direction, started_at = form.pop("direction"), form.pop("started_at")
    # What an earlier version has written has nothing of it.
    consent, consent_at = form.pop("consent", None), form.pop("consent_at", None)
    return CallDetails(
        **form,
        direction=Direction(direction) if direction else None,
        started_at=datetime.fromisoformat(started_at) if started_at else None,
        consent=Consent(consent) if consent else None,
        consent_at=datetime.fromisoformat(consent_at) if consent_at else None,
    )


def _unpack_phone(text: str) -> PhoneFacts:
    form = json.loads(text)
    service, way = form.pop("service"), form.pop("way")
    return PhoneFacts(**form, service=PhoneService(service), way=PhoneWay(way))


def _unpack_glance(text: str) -> LiveGlance:
    form = json.loads(text)
    speakers, sentiment = form.pop("speakers"), form.pop("sentiment")
    return LiveGlance(
        **form,
        speakers=tuple(speakers),
        sentiment=SentimentLabel(sentiment) if sentiment else None,
    )
