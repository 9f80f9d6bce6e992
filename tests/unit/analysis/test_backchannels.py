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
