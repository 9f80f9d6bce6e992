"""Acknowledgements inside the other party's speech."""

from services.analysis.backchannels import mark_backchannels
from tests.unit.analysis.rulers import draw


def _marked(ruler: str, texts: dict[str, str]) -> set[str]:
    return {u.id for u in mark_backchannels(draw(ruler, texts)).utterances if u.is_backchannel}


def test_an_acknowledgement_while_the_other_talks() -> None:
    assert _marked(
        """
        agent    ##########
        customer ...##.....
        """,
        {"customer.0": "Uh-huh."},
    ) == {"customer.0"}


def test_an_acknowledgement_in_a_pause_of_the_other() -> None:
    assert _marked(
        """
        agent    #####...#####
        customer .....##......
        """,
        {"customer.0": "Right."},
    ) == {"customer.0"}


def test_an_answer_to_a_question_is_none() -> None:
    assert not _marked(
        """
        agent    #####...#####
        customer .....##......
        """,
        {"agent.0": "May I put you on hold?", "customer.0": "Okay."},
    )


def test_real_speech_and_late_acknowledgements_are_none() -> None:
    ruler = """
        agent    #####............####
        customer .......##............
        """
    assert not _marked(ruler, {"customer.0": "Okay."})
    assert not _marked(
        """
        agent    ##########
        customer ...##.....
        """,
        {"customer.0": "No, wait."},
    )


def test_inside_the_others_speech_even_a_longer_acknowledgement_of_three_words_is_one() -> None:
    ruler = """
        agent    ##########
        customer ...###....
        """
    assert _marked(ruler, {"customer.0": "Oh, that's great."}) == {"customer.0"}
    assert not _marked(ruler, {"customer.0": "Okay, great, thank you so much."})


def test_an_acknowledgement_that_takes_the_floor_is_none() -> None:
    assert not _marked(
        """
        agent    #####.....
        customer ....##....
        """,
        {"customer.0": "Okay."},
    )


def test_both_acknowledging_each_other_leaves_the_one_inside() -> None:
    assert _marked(
        """
        agent    ######....
        customer ..##......
        third    .......##.
        """,
        {"customer.0": "Right.", "third.0": "Right."},
    ) == {"customer.0"}
