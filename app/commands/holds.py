"""``partyline hold``."""

from app.commands.console import operator
from app.settings import Settings
from app.wiring import build_services


def add_hold(settings: Settings, call: str | None, customer: str | None, reason: str) -> int:
    """Place a hold and print its id. Raises NotFound, InvalidRequest."""
    services = build_services(settings)
    try:
        holds = services.keeping.holds
        if call is not None:
            made = holds.hold_call(operator(settings), call, reason)
        else:
            made = holds.hold_customer(operator(settings), customer or "", reason)
    finally:
        services.close()
    print(made.id)
    return 0


def print_holds(settings: Settings) -> int:
    """Print all holds."""
    services = build_services(settings)
    try:
        found = services.keeping.holds.all(operator(settings))
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
        services.keeping.holds.release(operator(settings), hold_id)
    finally:
        services.close()
    return 0
