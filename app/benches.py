"""What the options of ``partyline bench`` are called; the folder bench does the work."""

from pathlib import Path
from typing import Annotated

import typer

benches = typer.Typer(
    help="Measure speed, accuracy and staying power on this machine.", no_args_is_help=True
)

Figures = Annotated[Path | None, typer.Option("--json", help="Also write the figures there.")]


@benches.command("speed")
def bench_speed(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Recordings; the demo calls if none.")
    ] = None,
    json_file: Figures = None,
) -> None:
    """Times real time of the whole pipeline beside plain faster-whisper, in one run."""
    from app.commands.console import one_clear_line
    from bench.speed import measure

    with one_clear_line():
        raise SystemExit(measure(files or [], json_file))


@benches.command("understanding")
def bench_understanding(json_file: Figures = None) -> None:
    """What understanding the text adds to hearing it, and takes for a line of a running call."""
    from app.commands.console import one_clear_line
    from bench.understanding import measure

    with one_clear_line():
        raise SystemExit(measure(json_file))


@benches.command("accuracy")
def bench_accuracy(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(help="Folders of recordings with truth; the demo calls if none."),
    ] = None,
    only: Annotated[str, typer.Option(help="Take files whose names fit, such as *mono*.")] = "*",
    no_speech: Annotated[
        list[str] | None,
        typer.Option(help="Files whose names fit hold no speech: no word may come out."),
    ] = None,
    peer: Annotated[bool, typer.Option(help="Score faster-whisper alone beside ours.")] = True,
    keep_transcripts: Annotated[
        Path | None, typer.Option(help="Folder to write the transcripts into, as JSON.")
    ] = None,
    json_file: Figures = None,
) -> None:
    """Word, speaker and conversation errors of the local pipeline against truth."""
    from app.commands.console import one_clear_line
    from bench.accuracy import Wishes, measure
    from bench.scoring.corpus import Search

    wishes = Wishes(
        folders=folders or (),
        search=Search(only=only, no_speech=no_speech or ()),
        peer=peer,
        transcripts=keep_transcripts,
    )
    with one_clear_line():
        raise SystemExit(measure(wishes, json_file))


@benches.command("topics")
def bench_topics(
    folder: Annotated[Path, typer.Argument(help="Truth files (JSON) with categories_expected.")],
    json_file: Figures = None,
) -> None:
    """Topics of calls against their truth, as written and without punctuation and capitals."""
    from app.commands.console import one_clear_line
    from bench.topics import measure

    with one_clear_line():
        raise SystemExit(measure(folder, json_file))


@benches.command("audio-redaction")
def bench_audio_redaction(
    folder: Annotated[
        Path, typer.Argument(help="Recordings with truth that says when numbers are spoken.")
    ],
    only: Annotated[str, typer.Option(help="Take files whose names fit, such as *mono*.")] = "*",
    json_file: Figures = None,
) -> None:
    """How much of the spoken personal data is covered in the sound, and what else with it."""
    from app.commands.console import one_clear_line
    from bench.audio_redaction import measure

    with one_clear_line():
        raise SystemExit(measure(folder, only, json_file))


@benches.command("recognised-redaction")
def bench_recognised_redaction(
    transcripts: Annotated[Path, typer.Argument(help="Calls as JSON, made with --no-redact.")],
    truth: Annotated[Path, typer.Argument(help="Folder with the truth, NAME.json each.")],
    show: Annotated[
        bool, typer.Option("--show", help="Print what is missed, and what of it is left.")
    ] = False,
    json_file: Figures = None,
) -> None:
    """How much personal data is taken out of recognised speech, for each kind."""
    from app.commands.console import one_clear_line
    from bench.recognised_redaction import measure

    with one_clear_line():
        raise SystemExit(measure(transcripts, truth, json_file, show=show))


@benches.command("length")
def bench_length(
    hours: Annotated[float, typer.Option(min=0.1, max=24, help="Length of the recording.")] = 10,
    stereo: Annotated[bool, typer.Option("--stereo", help="One party on each channel.")] = False,
    json_file: Figures = None,
) -> None:
    """Memory and progress of a very long recording, and going on after its worker is killed."""
    from app.commands.console import one_clear_line
    from bench.length import measure

    with one_clear_line():
        raise SystemExit(measure(hours, json_file, stereo=stereo))


@benches.command("ui")
def bench_ui(
    json_file: Figures = None,
) -> None:
    """How soon a call of 5,000 utterances can be used in a browser, beside the naive way."""
    from app.commands.console import one_clear_line
    from bench.ui import measure

    with one_clear_line():
        raise SystemExit(measure(json_file))


@benches.command("rules")
def bench_rules(
    calls: Annotated[int, typer.Option(min=100, help="Calls in the history.")] = 100_000,
    json_file: Figures = None,
) -> None:
    """How soon changed rules apply to a long history of calls."""
    from app.commands.console import one_clear_line
    from bench.rules import measure

    with one_clear_line():
        raise SystemExit(measure(calls, json_file))


@benches.command("categories")
def bench_categories(
    folder: Annotated[Path, typer.Argument(help="Folder of truth files that list categories.")],
    transcripts: Annotated[
        Path | None,
        typer.Option(help="Folder of transcripts in JSON, named as their truth, to score as well."),
    ] = None,
    json_file: Figures = None,
) -> None:
    """How well the ready-made rules find what truly happens in calls."""
    from app.commands.console import one_clear_line
    from bench.categories import measure

    with one_clear_line():
        raise SystemExit(measure(folder, transcripts, json_file))


@benches.command("summaries")
def bench_summaries(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(help="Folders of truth files with facts; the demo calls if none."),
    ] = None,
    transcripts: Annotated[
        Path | None,
        typer.Option(help="Folder of transcripts as JSON to summarise in place of the truth's."),
    ] = None,
    llm: Annotated[
        bool, typer.Option("--llm", help="Have the configured language model summarise.")
    ] = False,
    json_file: Figures = None,
) -> None:
    """Reasons, verdicts and tasks of the summaries against what a listener noted."""
    from app.commands.console import one_clear_line
    from bench.summaries import measure

    with one_clear_line():
        raise SystemExit(measure(folders or [], transcripts, json_file, with_model=llm))


@benches.command("personal-data")
def bench_personal_data(
    only: Annotated[
        str, typer.Option(help="Take files of texts whose names fit, such as held_out*.")
    ] = "*",
    peer: Annotated[bool, typer.Option(help="Score Presidio alone beside ours.")] = True,
    show: Annotated[
        bool, typer.Option("--show", help="Print the texts in which something went wrong.")
    ] = False,
    json_file: Figures = None,
) -> None:
    """How much of the personal data in texts is found, by kind and form, and what is by mistake."""
    from app.commands.console import one_clear_line
    from bench.personal_data import Wishes, measure

    with one_clear_line():
        raise SystemExit(measure(Wishes(only=only, peer=peer, show=show), json_file))


@benches.command("provider-layer")
def bench_provider_layer(json_file: Figures = None) -> None:
    """What our layer adds to the providers' own SDKs, on the same calls at emulated services."""
    from app.commands.console import one_clear_line
    from bench.provider_layer import measure

    with one_clear_line():
        raise SystemExit(measure(json_file))


@benches.command("live")
def bench_live(
    sources: Annotated[
        list[Path] | None,
        typer.Argument(help="Recordings with truth, or folders of them; the demo calls if none."),
    ] = None,
    only: Annotated[str, typer.Option(help="Take files whose names fit, such as *mono*.")] = "*",
    provider: Annotated[
        str | None, typer.Option(help="Provider; the configured one if none.")
    ] = None,
    calls: Annotated[int, typer.Option(min=1, max=32, help="Calls at the same time.")] = 1,
    channels: Annotated[
        str, typer.Option(help="stereo streams each party alone, mono both mixed.")
    ] = "stereo",
    cut: Annotated[
        float | None, typer.Option(min=5, help="Play so many seconds of each recording.")
    ] = None,
    redact: Annotated[bool, typer.Option(help="Take personal data out, as in life.")] = True,
    language: Annotated[str, typer.Option(help="Language, such as en; auto detects it.")] = "en",
    speed: Annotated[float, typer.Option(min=0.1, help="How fast time goes; 1 is as in life.")] = 1,
    align: Annotated[
        bool, typer.Option(help="Listen for when the true words end, else go by their letters.")
    ] = True,
    find_most: Annotated[
        bool, typer.Option("--find-most", help="Raise the number of calls until they are late.")
    ] = False,
    drift: Annotated[
        float | None, typer.Option(metavar="HOURS", help="Hold calls so long, look for drift.")
    ] = None,
    json_file: Figures = None,
) -> None:
    """How late, how steady and how right the words of live calls are, at the pace of speech."""
    from app.commands.console import one_clear_line
    from bench.live.measure import Wishes, measure, read_channels
    from bench.scoring.corpus import Search

    with one_clear_line():
        wishes = Wishes(
            sources=sources or (),
            search=Search(only=only),
            provider=provider,
            calls=calls,
            channels=read_channels(channels),
            cut_s=cut,
            redact=redact,
            language=None if language == "auto" else language,
            speed=speed,
            align=align,
            find_most=find_most,
            drift_h=drift,
        )
        raise SystemExit(measure(wishes, json_file))


@benches.command("live-view")
def bench_live_view(json_file: Figures = None) -> None:
    """How soon an event that reaches the browser is on screen, early and late in a call."""
    from app.commands.console import one_clear_line
    from bench.live.view import measure

    with one_clear_line():
        raise SystemExit(measure(json_file))


@benches.command("phone")
def bench_phone(
    calls: Annotated[int, typer.Option(min=1, max=200, help="Calls at the same time.")] = 50,
    seconds: Annotated[int, typer.Option(min=8, help="So long each is held.")] = 120,
    redact: Annotated[bool, typer.Option(help="Take personal data out, as in life.")] = True,
    readers: Annotated[int, typer.Option(min=1, max=16, help="Processes that read.")] = 1,
    rounds: Annotated[int, typer.Option(min=1, help="So often, one after the other.")] = 1,
    json_file: Figures = None,
) -> None:
    """How soon the words of phone calls are told that a telephone service transcribes."""
    from app.commands.console import one_clear_line
    from bench.phone import PhoneLoad, measure

    load = PhoneLoad(calls=calls, seconds=seconds, redact=redact, readers=readers, rounds=rounds)
    with one_clear_line():
        raise SystemExit(measure(load, json_file))


@benches.command("scale")
def bench_scale(
    calls: Annotated[int, typer.Option(min=1000, help="Calls of the history.")] = 20_000,
    with_text: Annotated[
        int | None, typer.Option(min=1, help="So many of them with text; a tenth if not given.")
    ] = None,
    agents: Annotated[int, typer.Option(min=5, help="Agents who hold them.")] = 60,
    database: Annotated[
        str | None,
        typer.Option(help="Address of the database to fill and measure; a temporary SQLite file."),
    ] = None,
    postgres: Annotated[
        bool, typer.Option("--postgres", help="Start a PostgreSQL server for it, with fsync.")
    ] = False,
    only: Annotated[
        list[str] | None, typer.Option(help="Only page, search, ingest or jobs; repeatable.")
    ] = None,
    json_file: Figures = None,
) -> None:
    """How pages, search, taking calls in and jobs bear a long history."""
    from app.commands.console import one_clear_line
    from bench.scale.measure import PARTS, Scale, measure

    scale = Scale(
        calls=calls,
        with_text=calls // 10 if with_text is None else with_text,
        agents=agents,
        parts=tuple(only or PARTS),
        database=database,
        postgres=postgres,
    )
    with one_clear_line():
        raise SystemExit(measure(scale, json_file))
