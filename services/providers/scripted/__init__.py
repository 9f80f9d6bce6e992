"""The provider for tests and load measurements: a script in place of recognition."""

from services.providers.scripted.provider import ScriptedProvider

__all__ = ["ScriptedProvider"]
