import pytest

from harness.suites.masking import mask, told


@pytest.mark.parametrize(
    ("description", "name", "hidden"),
    [
        ("replicas is the number of pods wanted.", "replicas", "The number of pods wanted."),
        ("The name of the volume to mount in here.", "name", "The [...] of the volume to mount in here."),
        ("hostIP represents where the pod runs now.", "hostIP", "Where the pod runs now."),
        ("The patch type to apply to each object in turn.", "patchType", "The [...] to apply to each object in turn."),
    ],
)
def test_the_name_is_hidden_in_its_description(description, name, hidden):
    assert mask(description, name) == hidden


@pytest.mark.parametrize(
    ("description", "name"),
    [
        ("ShareName is the share that the name of this volume has.", "shareName"),
        ("value of the value in the value and no more", "value"),
        ("port is a port.", "port"),
        ("The name of the volume to mount here.", "name"),
    ],
)
def test_nothing_is_asked_where_the_name_shines_through(description, name):
    assert mask(description, name) is None


def test_a_description_may_keep_words_of_the_name_but_not_the_name():
    assert (
        told("PatchType indicates the patch strategy that is used.", "patchType") == "The patch strategy that is used."
    )
    assert told("The name of the node it runs on.", "name") is None
