"""``partyline hold``."""

from app.settings import Settings
from app.wiring import build_services
from services.domain.people import LOCAL_USER


def add_hold(settings: Settings, call: str | None, customer: str | None, reason: str) -> int:
    """Place a hold and print its id. Raises NotFound, InvalidRequest."""
    services = build_services(settings)
    try:
        holds = services.keeping.holds
        if call is not None:
            made = holds.hold_call(LOCAL_USER, call, reason)
        else:
            made = holds.hold_customer(LOCAL_USER, customer or "", reason)
    finally:
        services.close()
    print(made.id)
    return 0


def print_holds(settings: Settings) -> int:
    """Print all holds."""
    services = build_services(settings)
    try:
        found = services.keeping.holds.all(LOCAL_USER)
    finally:
        services.close()
    for hold in found:
        what = f"call {hold.call_id}" if hold.call_id else f"customer {hold.customer_ref}"
        when = f"{hold.placed_at:%Y-%m-%d %H:%M} UTC by {hold.placed_by}"
        print(f"{hold.id}  {what}  {when}: {hold.reason}")
    return 0


def release_hold(settings: Settings, hold_id: str) -> int:
    """Release a hold. Raises HoldNotFound."""
    services = build_services(settings)
    try:
        services.keeping.holds.release(LOCAL_USER, hold_id)
    finally:
        services.close()
    return 0
