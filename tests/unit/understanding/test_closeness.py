"""Which lines are chosen for a question, and how many have room."""

import numpy as np

from services.understanding.closeness import by_closeness, with_neighbours


class OnALine:
    """Texts are numbers; vectors point up to that many degrees."""

    def embed(self, texts):
        angles = np.radians([float(t) for t in texts])
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def test_the_closest_come_first():
    assert by_closeness(OnALine(), "10", ["50", "12", "0", "8", "90"]) == [1, 3, 2, 0, 4]
    assert by_closeness(OnALine(), "10", []) == []


def test_neighbours_come_along_as_far_as_there_is_room():
    #          0 1 2 3 4 5 6 7 8 9
    lengths = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
    assert with_neighbours([5], lengths, 10, around=1) == [4, 5, 6]
    assert with_neighbours([0, 9], lengths, 10, around=2) == [0, 1, 2, 7, 8, 9]
    assert with_neighbours([5, 6], lengths, 10, around=1) == [4, 5, 6, 7]
    assert with_neighbours([5, 0], lengths, 4, around=1) == [4, 5, 6]
    assert with_neighbours([5], lengths, 2, around=1) == []
