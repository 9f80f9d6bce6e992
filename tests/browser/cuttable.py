"""A network between browser and server that can be cut: a TCP proxy on loopback."""

import asyncio
import threading
from contextlib import contextmanager
from urllib.parse import urlsplit

HOST = "127.0.0.1"
CHUNK = 65_536
START_WITHIN_S = 20


class CuttableNetwork:
    """Passes bytes on to a server, or lets them vanish as a dead network does."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._open = threading.Event()
        self._open.set()
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._run, name="cuttable-network")
        self.port = 0

    def start(self) -> None:
        """Listen on a free port."""
        self._thread.start()
        assert self._started.wait(START_WITHIN_S)

    def stop(self) -> None:
        """Close everything."""
        self._open.set()
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(START_WITHIN_S)
        assert not self._thread.is_alive()

    def cut(self) -> None:
        """From now on nothing passes and nobody is told: connections hang, new ones too."""
        self._open.clear()
        self._loop.call_soon_threadsafe(self._passable.clear)

    def mend(self) -> None:
        """Let new connections through; those that hung are reset, as by a router that forgot."""
        self._open.set()
        self._loop.call_soon_threadsafe(self._reset)

    def _reset(self) -> None:
        self._passable.set()
        for writer in list(self._writers):
            writer.transport.abort()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._stop, self._passable = asyncio.Event(), asyncio.Event()
        self._passable.set()
        server = await asyncio.start_server(self._connected, HOST)
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        await self._stop.wait()
        server.close()
        self._reset()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            await self._passable.wait()
            there, back = await asyncio.open_connection(HOST, self._target)
            self._writers.add(back)
            try:
                await asyncio.gather(self._pass(reader, back), self._pass(there, writer))
            finally:
                self._writers.discard(back)
                back.transport.abort()
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while chunk := await source.read(CHUNK):
            if self._open.is_set():
                sink.write(chunk)
                await sink.drain()
        if sink.can_write_eof():
            sink.write_eof()


@contextmanager
def network_to(url: str):
    """Yield a network to a server, and the address by which the server is reached through it."""
    network = CuttableNetwork(urlsplit(url).port)
    network.start()
    try:
        yield network, f"http://localhost:{network.port}"
    finally:
        network.stop()
