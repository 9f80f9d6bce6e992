"""Processes that record calls are killed at bad moments: what they had acknowledged is there."""

import random
import time
from pathlib import Path

from services.storage.keys import MasterKey
from services.storage.tapes import TapeStore
from tests.unit.storage import children

KILLS = 6
CHUNK_BYTES = 3_200

RECORD = """
import random, sys
from pathlib import Path
from services.storage.keys import MasterKey
from services.storage.tapes import TapeStore
tape = TapeStore(Path(sys.argv[1]), MasterKey(bytes(range(32)))).create(sys.argv[2], 1)
chunk = 0
while True:
    tape.append(random.Random(chunk).randbytes(3_200))
    chunk += 1
    print(tape.frames, flush=True)
    if chunk % 50 == 0:
        tape.sync()
"""


def test_all_that_was_acknowledged_outlives_a_kill(tmp_path: Path) -> None:
    dice = random.Random(7)
    tapes = TapeStore(tmp_path, MasterKey(bytes(range(32))))
    for kill in range(KILLS):
        call_id = f"call{kill}"
        child = children.start(RECORD, tmp_path, call_id)
        assert child.stdout is not None
        assert child.stdout.readline() == "1600\n"
        time.sleep(dice.uniform(0.0, 0.3))
        child.kill()
        printed, _ = child.communicate(timeout=60)
        whole_lines = printed.split("\n")[:-1]
        acknowledged = int(whole_lines[-1]) if whole_lines else 1_600
        assert not tapes.is_held(call_id)
        with tapes.open(call_id) as tape:
            assert tape.frames >= acknowledged
            heard = b"".join(tape.blocks())
            assert tape.lost == ()
        chunks = range(len(heard) // CHUNK_BYTES)
        assert heard == b"".join(random.Random(n).randbytes(CHUNK_BYTES) for n in chunks)
