"""Words of captions over the voice."""

import itertools

from services.engine.live.placing import placed


def test_words_share_the_voice_by_their_letters() -> None:
    places = placed(["a", "longer", "a"], range(100))
    lengths = [end - start for start, end in places]
    assert places[0][0] == 0
    assert places[-1][1] == 3_200
    assert lengths[1] == lengths[0] * 3
    assert all(one[1] == other[0] for one, other in itertools.pairwise(places))


def test_no_word_lies_in_a_pause() -> None:
    #      one        (pause)        two
    # |##########|..............|##########|
    frames = [*range(10), *range(30, 40)]
    (one, two) = placed(["one", "two"], frames)
    assert one == (0, 320)
    assert two == (960, 1_280)


def test_every_word_has_some_time() -> None:
    places = placed([str(n) for n in range(50)], [4])
    assert all(start < end for start, end in places)
    assert all(start >= 128 for start, _ in places)
