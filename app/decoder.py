"""A process that decodes one recording and ends: no keys, no files, no database, bounded.

With ``--forks`` and a socket's number, the one that forks such processes, where the system can.
"""

import gc
import os
import signal
import socket
import sys
from typing import NoReturn

from app.processes import killed_with_parent, own_pipes
from services import telemetry
from services.audio.apart.child import load_libraries, serve
from services.audio.apart.forks import fork_for_each


def main() -> None:
    """Decode what the parent sends."""
    incoming, outgoing = own_pipes()
    killed_with_parent()
    # Ctrl-C reaches the whole group; the parent decides when this process ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    telemetry.configure("WARNING")
    telemetry.keep_texts_out("libav")
    with os.fdopen(incoming, "rb") as orders, os.fdopen(outgoing, "wb") as answers:
        serve(orders, answers)


def run() -> NoReturn:
    """Decode, and end this process whatever becomes of that."""
    status = 1
    try:
        main()
        status = 0
    except Exception as error:
        telemetry.fault("decoder.fault", error)
    finally:
        # What a damaged file has done to native libraries must not come up on the way out.
        sys.stderr.flush()
        os._exit(status)


def fork_decoders(number: int) -> None:
    """Fork a decoder whenever one is asked for by a socket."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    load_libraries()
    # Of what is here, forks share the memory as long as nobody writes to it.
    gc.freeze()
    with socket.socket(fileno=number) as asked:
        fork_for_each(asked, run)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--forks"]:
        fork_decoders(int(sys.argv[2]))
    else:
        run()
