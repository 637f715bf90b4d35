from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.suites import distractors, heuristics, positions, quality, splitting
from harness.suites.builders import thinning
from harness.suites.item import Item


def item(number=0, question="Which one?", choices=("one", "two", "three", "four"), answer=0, **changes):
    given = {"id": f"i{number}", "form": "f", "cluster": f"c{number}", "source": f"fact {number}"}
    return Item(**{**given, "question": question, "choices": choices, "answer": answer, **changes})


@pytest.mark.parametrize("choices", [("a", "A", "b"), ("a", "a")])
def test_options_that_do_not_differ_are_refused(choices):
    with pytest.raises(ValueError, match="options must differ"):
        item(choices=choices)


def test_heuristics_share_a_tie():
    assert heuristics.longest(item(choices=("aa", "bb", "c", "d"))) == 0.5
    assert heuristics.shortest(item(choices=("aa", "bb", "c", "d"))) == 0
    assert heuristics.most_overlap(item(question="A red pump?", choices=("red pump", "red", "x", "y"))) == 0.5


def test_a_fair_set_keeps_what_no_heuristic_solves():
    solved = [item(n, choices=("longest", "b", "c", "d")) for n in range(30)]
    hard = [item(n, choices=("bb", "longest", "c", "d")) for n in range(30, 90)]
    kept = heuristics.fair(solved + hard, 0.29)
    assert {each.id for each in hard} <= {each.id for each in kept}
    assert heuristics.scores(kept)["longest"] <= 0.29
    assert len(kept) > len(hard)


@given(st.integers(1, 40))
def test_every_prefix_is_balanced_to_one(count):
    arranged = positions.arranged(item(n) for n in range(count))
    for stop in range(1, count + 1):
        spread = [sum(each.answer == place for each in arranged[:stop]) for place in range(4)]
        assert max(spread) - min(spread) <= 1
    assert {each.right for each in arranged} == {"one"}


def test_wrong_options_share_the_questions_words_first():
    pool = ["pump size", "pump rate", "pump wear", "colouring", "odourless"]
    chosen = distractors.choose(pool, answer="pump form", cue="What is it about the pump?", key="k")
    assert set(chosen) == {"pump size", "pump rate", "pump wear"}
    assert distractors.choose(["a", "b"], answer="c", cue="", key="k") is None


def test_clusters_never_straddle_splits():
    items = [item(n, cluster=f"c{n % 20}") for n in range(200)]
    dealt = splitting.by_cluster(items, {"test": 0.5, "train": 0.5})
    assert sum(map(len, dealt.values())) == 200
    assert not {each.cluster for each in dealt["test"]} & {each.cluster for each in dealt["train"]}


def test_a_training_item_that_quotes_or_repeats_a_test_item_is_dropped():
    test = [item(0, source="the quick brown fox jumps over the lazy dog today")]
    quoted = item(1, source="they say the quick brown fox jumps over the lazy dog and more besides of it")
    near = item(2, source="quick brown fox jumps over the lazy cat today")
    other = item(3, source="nothing of the sort is told in here at all")
    assert splitting.without_leaks([quoted, near, other], test) == [other]


def test_of_near_copies_one_source_stays_with_all_its_forms():
    first = item(0, source="how many litres move through the pump in a minute")
    copies = [
        first,
        replace(first, id="other form"),
        item(1, source="how many litres move through the pump in an hour"),
    ]
    kept = splitting.without_copies(copies)
    assert len({each.source for each in kept}) == 1


def test_gates_name_what_is_wrong():
    same = [item(n, choices=("longest", "b", "c", "d")) for n in range(40)]
    said = "\n".join(quality.problems([*same, item(99, question="Is it one?", choices=("one", "two"))]))
    assert "guessing by longest" in said
    assert "40 items ask 'which one'" in said
    assert "rotate the options" in said
    assert "item i99: the answer 'one' stands in its question" in said
    assert quality.problems([]) == ["the split is empty"]


def test_questions_that_differ_in_a_sign_are_two():
    sums = [item(n, question=f"What is 2 {sign} 3?", answer=n) for n, sign in enumerate("+-*/")]
    assert not [problem for problem in quality.problems(sums) if "items ask" in problem]
    assert "2 items ask 'what is it'" in "\n".join(
        quality.problems([item(0, question="What is it?"), item(1, question=" what is IT")])
    )


def test_questions_in_other_scripts_are_told_apart():
    asked = [item(n, question=question, answer=n) for n, question in enumerate(("谁是医生？", "天气好吗？"))]
    assert quality.problems([replace(each, choices=("医", "生", "天", "气")) for each in asked[:1]]) != []
    assert not [problem for problem in quality.problems(asked) if "items ask" in problem or "stands in" in problem]


def test_an_answer_that_many_entries_share_is_asked_for_three_times():
    same = [item(n, choices=("a timestamp", "b", "c", "d")) for n in range(9)]
    other = item(99)
    kept = thinning.varied([*same, other])
    assert len(kept) == 4
    assert other in kept
    assert kept == thinning.varied(reversed([*same, other]))
