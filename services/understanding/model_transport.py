"""Carries one question to a language model's server and its answer back, within a time.

Nothing is followed to another address, and nothing that the server says about a failure is kept:
its words may repeat those of the call, or the key.
"""

import asyncio
import re
import ssl
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cache
from threading import Thread
from typing import Any

import httpx

from services.domain.errors import (
    Cancelled,
    LanguageModelAnswerUnusable,
    LanguageModelBusy,
    LanguageModelError,
    LanguageModelRefusedKey,
    LanguageModelRejected,
    LanguageModelTimeout,
    LanguageModelUnavailable,
)
from services.understanding.model_address import ModelAddress

MOST_ATTEMPTS = 4
MOST_WAIT_S = 20.0
FIRST_PAUSE_S = 0.5
LOOK_EVERY_S = 0.1
MOST_ANSWER_BYTES = 2 * 1024 * 1024


class Failed(Exception):
    """One attempt failed; ``wait_s`` is what the server asks to wait, ``status`` what it said."""

    def __init__(
        self, error: LanguageModelError, *, wait_s: float | None = None, status: int | None = None
    ) -> None:
        super().__init__(error.code)
        self.error = error
        self.wait_s = wait_s
        self.status = status


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question from its beginning to its end: how long it may take, and whether it may."""

    deadline: float
    is_cancelled: Callable[[], bool]
    began: float = field(default_factory=time.monotonic)

    @property
    def left_s(self) -> float:
        return self.deadline - time.monotonic()

    @property
    def took_ms(self) -> int:
        return round(1000 * (time.monotonic() - self.began))

    def run(self, work: Callable[[], Coroutine[Any, Any, bytes]]) -> bytes:
        """Run a coroutine until it ends, the time is up or nobody wants it any more.

        It has a thread of its own, because the caller's may have a loop running already.
        """
        answer: Future[bytes] = Future()

        def answered() -> None:
            try:
                answer.set_result(self._in_a_loop(work))
            except BaseException as error:
                answer.set_exception(error)

        Thread(target=answered, daemon=True, name="language-model").start()
        return answer.result()

    def _in_a_loop(self, work: Callable[[], Coroutine[Any, Any, bytes]]) -> bytes:
        """Run a coroutine in a loop that is closed without waiting for its threads.

        A name server that doesn't answer must not hold up a call.
        """
        loop = asyncio.new_event_loop()
        try:
            answer: bytes = loop.run_until_complete(self._watched(work))
            return answer
        finally:
            loop.close()

    async def _watched(self, work: Callable[[], Coroutine[Any, Any, bytes]]) -> bytes:
        if self.is_cancelled():
            raise Cancelled
        task: asyncio.Task[bytes] = asyncio.ensure_future(work())
        try:
            while True:
                if self.left_s <= 0:
                    raise LanguageModelTimeout
                await asyncio.wait({task}, timeout=min(self.left_s, LOOK_EVERY_S))
                if task.done():
                    return task.result()
                if self.is_cancelled():
                    raise Cancelled
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task}, timeout=1.0)


class ModelTransport:
    """Sends requests to one address, again where the failure says that this can help."""

    def __init__(self, address: ModelAddress) -> None:
        """Connect to nothing yet."""
        self._address = address

    def send(self, sent: bytes, question: Question) -> bytes:
        """Return the body of the answer. Raises Failed, LanguageModelTimeout, Cancelled."""
        return question.run(lambda: self._with_retries(sent, question))

    async def _with_retries(self, sent: bytes, question: Question) -> bytes:
        """Try again as long as the error says that it can help, and there is time."""
        async with httpx.AsyncClient(
            verify=_trusted(),
            timeout=None,
            follow_redirects=False,
            trust_env=not self._address.is_on_this_machine,
        ) as client:
            attempt = 1
            while True:
                try:
                    return await self._once(client, sent)
                except Failed as failed:
                    pause_s = failed.wait_s
                    if pause_s is None:
                        pause_s = FIRST_PAUSE_S * 2.0 ** (attempt - 1)
                    hopeless = not failed.error.retryable or attempt == MOST_ATTEMPTS
                    if hopeless or pause_s > min(MOST_WAIT_S, question.left_s):
                        raise
                await asyncio.sleep(pause_s)
                attempt += 1

    async def _once(self, client: httpx.AsyncClient, sent: bytes) -> bytes:
        headers = {
            **self._address.headers,
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
        }
        try:
            async with client.stream(
                "POST", self._address.url, content=sent, headers=headers
            ) as response:
                if response.status_code != httpx.codes.OK:
                    raise _failure(response)
                return await _limited(response)
        except (httpx.HTTPError, OSError):
            raise Failed(LanguageModelUnavailable()) from None
        except (httpx.InvalidURL, httpx.StreamError):
            raise Failed(LanguageModelRejected()) from None


async def _limited(response: httpx.Response) -> bytes:
    """Return the body as it was sent; too large or packed a one is not read on."""
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise Failed(LanguageModelAnswerUnusable("It was packed."))
    read = bytearray()
    async for chunk in response.aiter_raw():
        read += chunk
        if len(read) > MOST_ANSWER_BYTES:
            raise Failed(LanguageModelAnswerUnusable("It was too large."))
    return bytes(read)


def _failure(response: httpx.Response) -> Failed:
    """Return what a status means; the server's own words stay out of it."""
    status = response.status_code
    error: LanguageModelError
    if status in {401, 403}:
        error = LanguageModelRefusedKey()
    elif status == httpx.codes.TOO_MANY_REQUESTS:
        error = LanguageModelBusy()
    elif status >= 500 or status == httpx.codes.REQUEST_TIMEOUT:
        error = LanguageModelUnavailable()
    elif 300 <= status < 400:
        error = LanguageModelRejected("Its address leads to another one, which is not followed.")
    elif status == httpx.codes.NOT_FOUND:
        error = LanguageModelRejected("There is no such address or no such model.")
    else:
        error = LanguageModelRejected()
    return Failed(error, wait_s=_wait_s(response.headers.get("Retry-After", "")), status=status)


def _wait_s(header: str) -> float | None:
    """Return the seconds a Retry-After header names; dates are left to our own pauses."""
    return float(header) if re.fullmatch(r"\s*\d{1,9}(?:\.\d{1,9})?\s*", header) else None


@cache
def _trusted() -> ssl.SSLContext:
    """Return the certificates trusted, read once: reading takes longer than a question."""
    return httpx.create_ssl_context()
