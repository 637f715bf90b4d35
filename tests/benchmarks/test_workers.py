"""Two workers are held to what one comes to."""

from dataclasses import replace

from benchmarks.workers import __main__ as command

SAME = command.Outcome(wall=2.0, cpu=2.0, scores={"full 1 a": {"acc": 0.5}}, verdict=b"{}")


def test_the_same_numbers_are_asked_of_both(capsys):
    found = {way: [SAME] for way in command.WAYS}
    assert command.reported(found) == 0
    other = replace(SAME, scores={"full 1 a": {"acc": 0.75}})
    assert command.reported({**found, command.WAYS[2]: [other]}) == 1
    assert "NOT THE SAME" in capsys.readouterr().out


def test_two_threads_may_round_differently():
    found = {way: [SAME] for way in command.WAYS}
    assert command.reported({**found, command.WAYS[0]: [replace(SAME, verdict=b"[]")]}) == 0
