"""Text is compared by its words: case, accents, punctuation and invisible characters make no difference."""

from harness import text


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
    assert text.ngrams("One, two!", 8) == {"one two"}
    assert text.ngrams("a b c", 2) == {"a b", "b c"}


def test_an_empty_text_is_no_run_of_words_but_one_ngram():
    assert text.runs([], 3) == set()
    assert text.ngrams("", 3) == {""}
