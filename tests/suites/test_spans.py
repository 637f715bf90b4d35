import pytest

from harness.suites.spans import answers, names

MILL = {"answers": ["the old mill", "a mill of 1890"]}


@pytest.mark.parametrize(
    ("given", "f1", "exact"),
    [
        (" The Old Mill.\nMore", 1.0, 1.0),
        ("mill", 2 / 3, 0.0),
        ("1890", 0.5, 0.0),
        ("a pump", 0.0, 0.0),
        ("", 0.0, 0.0),
    ],
)
def test_an_answer_counts_as_its_best_reference(given, f1, exact):
    assert answers(MILL, [given]) == pytest.approx({"token_f1": f1, "exact_match": exact})


NAMED = {"answer": "Acme Pumps (organization); Delft (location)"}


@pytest.mark.parametrize(
    ("given", "f1"),
    [
        ("Delft (location); ACME  pumps (Organization)", 1.0),
        ("Delft (location)", 2 / 3),
        ("Delft (organization); Acme Pumps (organization)", 0.5),
        ("Delft (location); Delft (location)", 0.5),
        ("Delft", 0.0),
        ("none", 0.0),
        ("", 0.0),
    ],
)
def test_a_name_is_right_with_its_kind_alone(given, f1):
    assert names(NAMED, [given])["name_f1"] == pytest.approx(f1)


@pytest.mark.parametrize(("given", "f1"), [("none", 1.0), (" None.\nx", 1.0), ("", 1.0), ("Delft (location)", 0.0)])
def test_a_sentence_without_a_name_is_right_where_none_is_given(given, f1):
    assert names({"answer": "none"}, [given]) == {"name_f1": f1, "exact_match": f1}
