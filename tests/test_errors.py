"""What is wrong with several things alike is one message."""

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import said_once


def test_what_differs_in_its_subject_alone_is_said_once_with_the_other_subjects():
    lines = [f"logs/{name} has no samples of x." for name in "abcdef"]
    assert said_once([lines[0], "logs/a has no samples of y.", *lines[1:], lines[0]]) == (
        "logs/a has no samples of x. The same holds for logs/b, logs/c, logs/d and 2 more.",
        "logs/a has no samples of y.",
    )


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["lacks x.", "is empty.", ""]))))
@settings(deadline=None)
def test_nothing_is_lost_and_nothing_said_twice(said):
    found = said_once(f"{subject} {words}".rstrip() for subject, words in said)
    assert len(found) == len({words for _, words in said})
    assert all(any(subject in line and words in line for line in found) for subject, words in said)
