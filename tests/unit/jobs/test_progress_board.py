"""Reports of many runs are written together, the latest of each."""

import threading

from services.domain.calls import Stage
from services.domain.errors import StorageError
from services.jobs.progress_board import ProgressBoard
from services.storage.runs import ProgressReport


def report(call_id, fraction):
    return ProgressReport(
        call_id=call_id,
        number=1,
        stage=Stage.RECOGNISE,
        stage_fraction=0.5,
        fraction=fraction,
        left_ms=None,
    )


class Held:
    """Takes what is written; the first write waits until it is let go."""

    def __init__(self):
        self.written, self.begun, self.let_go = [], threading.Event(), threading.Event()

    def __call__(self, reports):
        self.written.append(sorted((one.call_id, one.fraction) for one in reports))
        self.begun.set()
        assert self.let_go.wait(10)


def test_what_comes_while_it_writes_is_written_together_and_only_the_latest():
    write = Held()
    board = ProgressBoard(write, every_s=0.0)
    board.report(report("a", 0.1))
    assert write.begun.wait(10)
    for call_id, fraction in (("a", 0.2), ("b", 0.3), ("a", 0.4), ("c", 0.5)):
        board.report(report(call_id, fraction))
    board.forget("c", 1)
    write.let_go.set()
    board.close()
    assert write.written == [[("a", 0.1)], [("a", 0.4), ("b", 0.3)]]


def test_a_store_that_fails_costs_that_report_only():
    written, failed = [], threading.Event()

    def write(reports):
        if not failed.is_set():
            failed.set()
            raise StorageError
        written.extend(one.fraction for one in reports)

    board = ProgressBoard(write, every_s=0.0)
    board.report(report("a", 0.1))
    assert failed.wait(10)
    board.report(report("a", 0.2))
    board.close()
    assert written == [0.2]


def test_closing_without_a_report_is_nothing():
    ProgressBoard(lambda reports: None).close()
