import pytest

from harness.suites import stable, text


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
    assert text.words(name) == words


def test_an_opening_is_whole_sentences_with_brackets_closed():
    told = "Short. It is longer (see e.g. That one. And more) than asked. The rest."
    assert (
        text.opening(told, at_least=8, at_most=100) == "Short. It is longer (see e.g. That one. And more) than asked."
    )
    assert text.opening(told, at_least=8, at_most=30) is None


def test_a_phrase_is_found_by_whole_words_only():
    assert text.contains('What "Pod Spec" holds', "pod spec")
    assert not text.contains("the podspecs", "podspec")
    assert not text.contains("+++", "-")


def test_words_of_every_script_are_kept():
    assert text.normalise("Snake_case, and-MORE ") == "snake case and more"
    assert text.normalise("Sjögren's Straße № 5") == "sjogren s strasse no 5"
    assert text.normalise("서울은 수도") == "서울은 수도"
    assert text.normalise("东京 is big") == "东 京 is big"


def test_grams_of_a_short_text_are_the_text():
    assert text.grams("One, two!", 8) == {"one two"}
    assert text.grams("a b c", 2) == {"a b", "b c"}


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
    assert not text.tells_what(told)
    assert text.tells_what(told.replace("This", "The").replace("Only", "Data"))
