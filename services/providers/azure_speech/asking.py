"""One request to Azure's HTTP services that can be given up while it is under way.

The request has a thread of its own. Giving it up shuts its sockets, so that the thread ends at
once and nothing more is sent or paid for.
"""

import os
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from threading import Event, Lock, Thread
from typing import Any, TypeVar

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from services.domain.addresses import is_on_this_machine
from services.domain.errors import PartylineError, ProviderTimeout, ProviderUnavailable
from services.providers.azure_speech.http_errors import error_of_status

LOOK_EVERY_S = 0.1
CONNECT_TIMEOUT_S = 10.0
MOST_ANSWER_BYTES = 1024 * 1024

_Answer = TypeVar("_Answer")


def ask(
    endpoint: str,
    work: Callable[[requests.Session], _Answer],
    *,
    timeout_s: float,
    watch: Callable[[float], None] = lambda _: None,
) -> _Answer:
    """Return what ``work`` makes of a session, within a time.

    ``watch`` is called with the seconds gone now and then; whatever it raises gives the request
    up. Raises what ``work`` raises, ProviderTimeout.
    """
    sockets, answer, done = _Sockets(), Future[_Answer](), Event()
    session = _session(endpoint, sockets)

    def run() -> None:
        try:
            answer.set_result(work(session))
        except BaseException as error:
            answer.set_exception(error)
        finally:
            done.set()

    thread = Thread(target=run, daemon=True, name="azure-request")
    began = time.monotonic()
    thread.start()
    try:
        while not done.wait(LOOK_EVERY_S):
            gone_s = time.monotonic() - began
            if gone_s > timeout_s:
                raise ProviderTimeout
            watch(gone_s)
    finally:
        sockets.shut()
        thread.join(CONNECT_TIMEOUT_S)
        session.close()
        if not thread.is_alive():
            sockets.close()
    return answer.result()


def posted(
    endpoint: str, path: str, key: str, content: bytes, media_type: str, *, timeout_s: float
) -> bytes:
    """Return the body of the answer to one POST. Raises from the error tree."""
    headers = {"Ocp-Apim-Subscription-Key": key, "Content-Type": media_type}

    def send(session: requests.Session) -> bytes:
        with session.post(
            f"{endpoint}{path}",
            data=content,
            headers=headers,
            timeout=(CONNECT_TIMEOUT_S, timeout_s),
            allow_redirects=False,
            stream=True,
        ) as response:
            if response.status_code != 200:
                raise error_of_status(response.status_code)
            body: bytes = response.raw.read(MOST_ANSWER_BYTES + 1, decode_content=True)
            if len(body) > MOST_ANSWER_BYTES:
                raise ProviderUnavailable
            return body

    try:
        return ask(endpoint, send, timeout_s=timeout_s)
    except PartylineError:
        raise
    except requests.Timeout:
        raise ProviderTimeout from None
    except (requests.RequestException, HTTPError, OSError):
        raise ProviderUnavailable from None


class _Sockets:
    """The sockets of a request; once they are shut, new ones are shut as they come."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._open: list[socket.socket] = []
        self._shut = False

    def add(self, connected: socket.socket) -> None:
        with self._lock:
            self._open.append(connected)
            if self._shut:
                _shut(connected)

    def shut(self) -> None:
        with self._lock:
            self._shut = True
            for connected in self._open:
                _shut(connected)

    def close(self) -> None:
        """Close what is still open, once nobody uses it any more.

        Errors keep the answers that they are about, and those keep their sockets open.
        """
        with self._lock:
            for connected in self._open:
                if (number := connected.detach()) >= 0:
                    os.close(number)


def _shut(connected: socket.socket) -> None:
    # The plain socket's own method: under TLS the other one would wait for a goodbye.
    with suppress(OSError):
        socket.socket.shutdown(connected, socket.SHUT_RDWR)


class _Adapter(HTTPAdapter):
    """Makes connections whose sockets are known."""

    def __init__(self, sockets: _Sockets) -> None:
        self._sockets = sockets
        super().__init__()

    def get_connection_with_tls_context(self, *given: Any, **named: Any) -> Any:
        pool = super().get_connection_with_tls_context(*given, **named)
        pool.ConnectionCls = _known(pool.ConnectionCls, self._sockets)
        return pool


def _known(kind: Any, sockets: _Sockets) -> Any:
    class Known(kind):  # type: ignore[misc]
        def connect(self) -> None:
            super().connect()
            sockets.add(self.sock)

    return Known


def _session(endpoint: str, sockets: _Sockets) -> requests.Session:
    session = requests.Session()
    # Proxies are for other machines.
    session.trust_env = not is_on_this_machine(endpoint)
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(sockets))
    return session
