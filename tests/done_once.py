"""What a process does once in its life, done once for all the tests that share one.

Every test has an installation of its own, with its own engines, clients and pages. What these find
out when they begin is the same each time, and took longer than what most tests have them do.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from unittest import mock

import httpx._transports.default
import streamlit.components.v2.manifest_scanner
import typer.testing
from sqlalchemy import Engine
from sqlalchemy.util import LRUCache

from services.understanding.embeddings import SentenceEmbedder
from services.understanding.models import UnderstandingModels
from services.understanding.personal_data.entities import EntityFinder
from services.understanding.sentiment import SentimentModel

STATEMENTS = 5_000


class _Statements:
    """Compiled statements of one kind of database, whichever engine they were compiled for.

    SQLAlchemy's key begins with the dialect, of which each engine has its own.
    """

    def __init__(self) -> None:
        self._compiled: LRUCache[Any, Any] = LRUCache(STATEMENTS)

    def get(self, key: tuple[Any, ...]) -> Any:
        return self._compiled.get(key[1:])

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        self._compiled[key[1:]] = compiled


@contextmanager
def statements_compiled() -> Iterator[None]:
    """Let all engines of a kind share the statements that one of them has compiled."""
    shared: dict[type, _Statements] = defaultdict(_Statements)

    def of_its_kind(engine: Engine) -> _Statements:
        return shared[type(engine.dialect)]

    def keep_none(engine: Engine, own: object) -> None:
        pass

    kept = property(of_its_kind, keep_none)
    with mock.patch.object(Engine, "_compiled_cache", kept, create=True):
        yield


@contextmanager
def certificates_read() -> Iterator[None]:
    """Let HTTP clients that trust the same authorities share what they have read of them."""
    module = httpx._transports.default
    with mock.patch.object(module, "create_ssl_context", cache(module.create_ssl_context)):
        yield


@contextmanager
def commands_put_together() -> Iterator[None]:
    """Let calls of the command line in this process share its hundred commands and options."""
    module = typer.testing
    with mock.patch.object(module, "_get_command", cache(module._get_command)):
        yield


@contextmanager
def components_found() -> Iterator[None]:
    """Let runs of pages share the components that were found among the installed packages.

    A server looks for them when it starts. AppTest does for every run of a page.
    """
    module = streamlit.components.v2.manifest_scanner
    with mock.patch.object(
        module, "scan_component_manifests", cache(module.scan_component_manifests)
    ):
        yield


@contextmanager
def models_loaded() -> Iterator[None]:
    """Let all installations share the models over text that threads may share."""
    embedder = SentenceEmbedder()
    shared = {
        "embedder": embedder,
        "sentiment": SentimentModel(embedder),
        "_entity_finder": EntityFinder(),
    }
    with mock.patch.multiple(UnderstandingModels, **shared):
        yield
