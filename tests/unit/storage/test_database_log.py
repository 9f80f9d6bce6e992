"""What is replaced in a SQLite database doesn't stay behind in its log."""

import subprocess
from pathlib import Path

from services.storage.database import forget_log, open_engine, writing

SAID = "the customer's own name"


def files(folder: Path, copy: Path) -> bytes:
    """Return the database with its log; another process reads, for closing a file drops locks."""
    subprocess.run(["cp", "-r", str(folder), str(copy)], check=True)
    return b"".join(path.read_bytes() for path in sorted(copy.iterdir()))


def test_replaced_text_is_in_neither_file(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    engine = open_engine(f"sqlite:///{folder / 'calls.db'}")
    with writing(engine) as connection:
        connection.exec_driver_sql("CREATE TABLE calls (name TEXT)")
        connection.exec_driver_sql("INSERT INTO calls VALUES (?)", (SAID,))
    with writing(engine) as connection:
        connection.exec_driver_sql("UPDATE calls SET name = 'redacted'")
    assert SAID.encode() in files(folder, tmp_path / "before")
    assert forget_log(engine) == 0
    assert SAID.encode() not in files(folder, tmp_path / "after")


def test_a_reader_keeps_the_log_until_the_next_time(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'calls.db'}")
    with writing(engine) as connection:
        connection.exec_driver_sql("CREATE TABLE calls (name TEXT)")
    with engine.connect() as reader:
        reader.exec_driver_sql("BEGIN")
        reader.exec_driver_sql("SELECT * FROM calls")
        with writing(engine) as connection:
            connection.exec_driver_sql("INSERT INTO calls VALUES ('x')")
        assert forget_log(engine) > 0
    assert forget_log(engine) == 0
