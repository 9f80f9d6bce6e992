"""Whether a process that held calls is gone, by its name."""

import os
import socket
import subprocess
import sys

from app.wiring.processes import is_dead, process_name

HOST = socket.gethostname()[:40]


def test_a_process_of_this_machine_that_is_gone_is_dead() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert is_dead(f"{HOST}-{child.pid}-aabbccdd")


def test_one_that_had_our_number_before_is_dead_and_we_are_not() -> None:
    assert is_dead(f"{HOST}-{os.getpid()}-aabbccdd")
    assert not is_dead(process_name())


def test_one_that_lives_or_is_elsewhere_is_not_known_to_be_dead() -> None:
    assert not is_dead(f"{HOST}-{os.getppid()}-aabbccdd")
    assert not is_dead("another-machine-1-aabbccdd")
    assert not is_dead("nonsense")
