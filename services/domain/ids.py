"""Identifiers that reveal neither order nor count."""

import secrets


def new_id() -> str:
    """Return a fresh random identifier of 20 hexadecimal characters (80 bits)."""
    return secrets.token_hex(10)
