"""What was told, for those who follow: numbers, outdated partials, followers that fail."""

import json
import threading

from services.live.told_log import ToldLog


def line(kind: str, name: str, text: str = "x") -> dict[str, object]:
    return {"type": kind, "id": name, "text": text, "at_ms": 0}


def test_events_are_numbered_and_outdated_partials_forgotten() -> None:
    log = ToldLog()
    for event in (
        line("partial", "a"),
        line("partial", "a", "x y"),
        line("partial", "b"),
        line("final", "a", "x y z"),
        line("revised", "a", "X y z"),
        {"type": "state", "at_ms": 1, "state": "paused"},
    ):
        log.tell(event)
    assert [(e["n"], e["type"]) for e in log.events()] == [
        (3, "partial"),
        (4, "final"),
        (5, "revised"),
        (6, "state"),
    ]
    assert [one["id"] for one in log.partials()] == ["b"]


def test_a_follower_gets_what_was_told_after_a_number_and_all_that_follows_once() -> None:
    log, heard = ToldLog(), []
    for name in "abc":
        log.tell(line("final", name))
    following = log.follow(1, heard.append)
    assert [e["n"] for e in following.history] == [2, 3]
    log.tell(line("final", "d"))
    following.close()
    log.tell(line("final", "e"))
    assert [e["n"] for e in heard] == [4]


def test_a_follower_that_fails_costs_nobody_else_anything() -> None:
    log, heard = ToldLog(), []

    def fails(_told: object) -> None:
        raise RuntimeError("words of the call")

    log.follow(0, fails)
    log.follow(0, heard.append)
    log.tell(line("final", "a"))
    assert len(heard) == 1


def test_followers_that_come_while_much_is_told_miss_nothing() -> None:
    log, seen = ToldLog(), []

    def tell() -> None:
        for number in range(300):
            log.tell(line("final", str(number)))

    def follow() -> None:
        heard: list[object] = []
        following = log.follow(0, lambda told: heard.append(told["n"]))
        seen.append(([e["n"] for e in following.history], heard))

    threads = [threading.Thread(target=tell) for _ in range(2)]
    threads += [threading.Thread(target=follow) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for history, heard in seen:
        assert [*history, *heard] == list(range(1, 601))


def figures(second: int) -> dict[str, object]:
    """The figures after so many seconds; a line is scored every five."""
    point = {"at_ms": second * 1_000 - 400, "score": -0.1234, "speaker": "s1"}
    one = {"id": "s1", "talk_ms": second * 600, "share_of_speech": 0.6123}
    return {
        "type": "figures",
        "at_ms": second * 1_000,
        "emitted_ms": second * 1_000 + 3,
        "speakers": [one, {**one, "id": "s2"}],
        "overlap_ms": 12_000,
        "silence_ms": 30_000,
        "course": [] if second % 5 else [point],
    }


def test_who_comes_after_two_hours_is_given_little_and_knows_as_much_as_the_others() -> None:
    log = ToldLog()
    seen: list[dict[str, object]] = []
    log.follow(0, seen.append)
    for second in range(1, 7_201):
        log.tell(figures(second))
    history = log.follow(0, lambda _: None).history
    course = [(p["at_ms"], p["score"]) for told in seen for p in told["course"]]
    assert [(p["at_ms"], p["score"]) for told in history for p in told.get("course", ())] == course
    assert len(course) == 1_440
    assert history[-1] == seen[-1], "the newest whole"
    assert [told["n"] for told in history[:3]] == [1, 5, 10], "the first, then what has a course"
    assert not any("speakers" in told for told in history[:-1])
    assert len(history) == 1_441
    assert len(json.dumps(history)) < len(json.dumps(seen)) / 8
    assert [told["n"] for told in log.follow(7_196, lambda _: None).history] == [7_200]


def test_figures_stay_in_their_order_among_the_lines() -> None:
    log = ToldLog()
    for event in (figures(1), line("final", "a"), figures(5), line("final", "b"), figures(6)):
        log.tell(event)
    assert [told["n"] for told in log.events()] == [1, 2, 3, 4, 5]
    log.tell(figures(7))
    assert [told["n"] for told in log.events()] == [1, 2, 3, 4, 6]
