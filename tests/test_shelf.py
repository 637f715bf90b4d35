"""What is made once for a block, and each time outside of one."""

import pytest

from harness.shelf import Shelf


def test_a_thing_is_made_once_in_a_block_and_in_those_inside_it_and_each_time_outside():
    shelf, made = Shelf("numbers"), []

    def asked(place):
        return shelf.get(place, lambda: made.append(place) or len(made))

    assert [asked("a"), asked("a")] == [1, 2]
    with shelf.open():
        assert [asked("a"), asked("b")] == [3, 4]
        with shelf.open():
            assert [asked("a"), asked("c")] == [3, 5]
        assert [asked("b"), asked("c")] == [4, 5]
    assert asked("a") == 6


def test_neither_an_error_nor_a_block_that_ended_leaves_anything_behind():
    shelf = Shelf("numbers")
    with shelf.open(), pytest.raises(ZeroDivisionError):
        shelf.get(1, lambda: 1 / 0)
    with shelf.open():
        assert shelf.get(1, lambda: "first") == "first"
    assert shelf.get(1, lambda: "second") == "second"
