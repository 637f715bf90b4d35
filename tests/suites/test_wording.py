import pytest

from harness.suites import stable, wording


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


def test_stable_order_depends_on_the_salt_alone():
    values = [str(number) for number in range(20)]
    assert stable.order(values, "a") == stable.order(reversed(values), "a")
    assert stable.order(values, "a") != stable.order(values, "b")
    assert 0 <= stable.share("x") < 1


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
