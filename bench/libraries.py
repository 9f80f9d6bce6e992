"""Libraries that only measurements need: they come with the development requirements."""

import importlib
from typing import Any

from services.domain.errors import PartylineError


class LibraryMissing(PartylineError):
    """Install the development requirements (requirements-dev.txt) first; ./bin/test does so."""


def library(name: str) -> Any:
    """Return a library, loaded now; raises LibraryMissing."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise LibraryMissing from None
