"""What lies beside recordings: which goes before which, and what is said of what can't be used."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from services.domain.calls import CallDetails, Direction
from services.domain.errors import BadSidecar
from services.ingest.folders import FolderSource
from services.ingest.sidecars import Sidecars, read_table

BERLIN = ZoneInfo("Europe/Berlin")


def told(folder: Path, table: Path | None = None) -> dict[str, CallDetails | None]:
    """Return what is told of the recordings in a folder."""
    source = FolderSource(folder)
    sidecars = Sidecars(source, BERLIN, table)
    files = {found.path: found for found in source.files()}
    return {
        path: sidecars.told(found, sidecars.beside(found, files))
        for path, found in files.items()
        if source.is_recording(found)
    }


def test_each_has_its_own_and_a_folder_a_table(tmp_path: Path) -> None:
    below = tmp_path / "week"
    below.mkdir()
    for name in ("a.wav", "b.wav", "c.wav", "week/a.wav", "week/d.wav"):
        (tmp_path / name).write_bytes(b"sound")
    (tmp_path / "a.json").write_text('{"agent": "Nora", "started_at": "2026-11-27T09:30:00"}')
    (tmp_path / "b.wav.json").write_text('{"ID": 4711, "Direction": "Out", "mood": "good"}')
    (tmp_path / "metadata.csv").write_text(
        "\ufeffFile;Agent Name;queue;Date\na.wav;Somebody;Billing;\nb.wav;;Sales;2026-11-27\n"
    )
    (below / "metadata.csv").write_text("filename\tcustomer\nd.wav\tC-7\n")
    assert told(tmp_path) == {
        "a.wav": CallDetails(
            agent_name="Nora",
            queue="Billing",
            started_at=datetime(2026, 11, 27, 8, 30, tzinfo=UTC),
        ),
        "b.wav": CallDetails(
            queue="Sales",
            external_ref="4711",
            direction=Direction.OUTBOUND,
            started_at=datetime(2026, 11, 26, 23, tzinfo=UTC),
        ),
        "c.wav": None,
        "week/a.wav": None,
        "week/d.wav": CallDetails(customer_ref="C-7"),
    }


def test_a_table_that_is_named_holds_for_all_folders(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "week").mkdir(parents=True)
    for name in ("a.wav", "week/a.wav", "week/b.wav"):
        (folder / name).write_bytes(b"sound")
    (folder / "metadata.csv").write_text("file,agent\na.wav,Nobody\n")
    table = tmp_path / "all.csv"
    table.write_text('file,agent\nweek/a.wav,"Fields, Nora"\nb.wav,Bo\n')
    assert told(folder, table) == {
        "a.wav": None,
        "week/a.wav": CallDetails(agent_name="Fields, Nora"),
        "week/b.wav": CallDetails(agent_name="Bo"),
    }


@pytest.mark.parametrize(
    ("sidecar", "said"),
    [
        (b"{", "It is no JSON."),
        (b"[" * 10_000, "It is no JSON."),
        (b"\xff", "It is no JSON."),
        (b"[1]", "It is no JSON object."),
        (b'{"agent": ["Nora"]}', "Its agent is no text."),
        (b'{"agent": true}', "Its agent is no text."),
        (b'{"customer": "' + b"x" * 300 + b'"}', "Its customer is too long."),
        (b'{"direction": "up"}', "neither inbound nor outbound"),
        (b'{"consent": "yes"}', "neither announced, asked nor contract"),
        (b'{"date": "yesterday"}', "Its date is not written as"),
        (b'{"date": "0001-01-01T00:00:00+14:00"}', "Its date is not written as"),
        (b'{"agent": "' + b" " * 70_000 + b'"}', "It is too large."),
    ],
)
def test_what_is_said_of_a_bad_sidecar(tmp_path: Path, sidecar: bytes, said: str) -> None:
    (tmp_path / "a.wav").write_bytes(b"sound")
    (tmp_path / "a.json").write_bytes(sidecar)
    with pytest.raises(BadSidecar) as refused:
        told(tmp_path)
    assert said in refused.value.user_message


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (b"", "no column named file"),
        (b"name,agent\na.wav,Nora\n", "no column named file"),
        ("file,agent\na.wav,Zoë\n".encode("latin-1"), "not written in UTF-8"),
        (b'file,agent\na.wav,"Nora\n', "no CSV that can be read"),
        (b"file,agent\na.wav," + b"x" * 200_000 + b"\n", "no CSV that can be read"),
    ],
)
def test_what_is_said_of_a_bad_table(table: bytes, said: str) -> None:
    with pytest.raises(BadSidecar) as refused:
        read_table(table)
    assert said in refused.value.user_message


def test_a_table_is_read_again_only_when_it_changes(tmp_path: Path) -> None:
    class Counting(FolderSource):
        opened = 0

        def open(self, found):
            self.opened += 1
            return super().open(found)

    for n in range(5):
        (tmp_path / f"{n}.wav").write_bytes(b"sound")
    table = tmp_path / "metadata.csv"
    source = Counting(tmp_path)
    sidecars = Sidecars(source, UTC)

    def agents() -> list[str | None]:
        files = {found.path: found for found in source.files()}
        found = [
            sidecars.told(files[f"{n}.wav"], sidecars.beside(files[f"{n}.wav"], files))
            for n in range(5)
        ]
        return [one and one.agent_name for one in found]

    assert agents() == [None] * 5
    table.write_text("file,agent\n1.wav,Nora\n")
    assert agents() == [None, "Nora", None, None, None]
    assert source.opened == 1
    table.write_text("file,agent\n1.wav,Nora\n4.wav,Bo\n")
    assert agents() == [None, "Nora", None, None, "Bo"]
    assert source.opened == 2
