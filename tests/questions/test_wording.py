import pytest

from harness.questions import wording
from harness.questions.wording import drop_name, hide_name


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("camelCaseName", ["camel", "case", "name"]),
        ("clusterIPs", ["cluster", "ips"]),
        ("hostIPAddress", ["host", "ip", "address"]),
        ("CMAKE_AR", ["cmake", "ar"]),
        ("x-int2", ["x", "int", "2"]),
    ],
)
def test_words_of_names(name, words):
    assert wording.words(name) == words


def test_an_opening_is_whole_sentences_with_brackets_closed():
    told = "Short. It is longer (see e.g. That one. And more) than asked. The rest."
    assert (
        wording.opening(told, at_least=8, at_most=100)
        == "Short. It is longer (see e.g. That one. And more) than asked."
    )
    assert wording.opening(told, at_least=8, at_most=30) is None


@pytest.mark.parametrize(
    "told",
    [
        "This field is only present for page 0.",
        "This parameter isn't currently supported.",
        "Only used for data received from others.",
    ],
)
def test_when_a_thing_applies_is_not_what_it_is(told):
    assert not wording.says_what_it_is(told)
    assert wording.says_what_it_is(told.replace("This", "The").replace("Only", "Data"))


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
    assert hide_name(description, name) == hidden


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
    assert hide_name(description, name) is None


def test_a_description_may_keep_words_of_the_name_but_not_the_name():
    assert (
        drop_name("PatchType indicates the patch strategy that is used.", "patchType")
        == "The patch strategy that is used."
    )
    assert drop_name("The name of the node it runs on.", "name") is None
