from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from harness.questions import fairness
from helpers.items import item


def test_heuristics_share_a_tie():
    assert fairness.longest(item(choices=("aa", "bb", "c", "d"))) == 0.5
    assert fairness.shortest(item(choices=("aa", "bb", "c", "d"))) == 0
    assert fairness.most_overlap(item(question="A red pump?", choices=("red pump", "red", "x", "y"))) == 0.5


def test_a_fair_set_keeps_what_no_heuristic_solves():
    solved = [item(n, choices=("longest", "b", "c", "d")) for n in range(30)]
    hard = [item(n, choices=("bb", "longest", "c", "d")) for n in range(30, 90)]
    kept = fairness.fair(solved + hard, 0.29)
    assert {each.id for each in hard} <= {each.id for each in kept}
    assert fairness.heuristic_scores(kept)["longest"] <= 0.29
    assert len(kept) > len(hard)


@given(st.integers(1, 40))
def test_every_prefix_is_balanced_to_one(count):
    arranged = fairness.arranged(item(n) for n in range(count))
    for stop in range(1, count + 1):
        spread = [sum(each.answer == place for each in arranged[:stop]) for place in range(4)]
        assert max(spread) - min(spread) <= 1
    assert {each.right for each in arranged} == {"one"}


def test_wrong_options_share_the_questions_words_first():
    pool = ["pump size", "pump rate", "pump wear", "colouring", "odourless"]
    chosen = fairness.wrong_options(pool, answer="pump form", cue="What is it about the pump?", key="k")
    assert set(chosen) == {"pump size", "pump rate", "pump wear"}
    assert fairness.wrong_options(["a", "b"], answer="c", cue="", key="k") is None


def test_gates_name_what_is_wrong():
    same = [item(n, choices=("longest", "b", "c", "d")) for n in range(40)]
    said = "\n".join(fairness.problems([*same, item(99, question="Is it one?", choices=("one", "two"))]))
    assert "guessing by longest" in said
    assert "40 items ask 'which one'" in said
    assert "rotate the options" in said
    assert "item i99: the answer 'one' stands in its question" in said
    assert fairness.problems([]) == ["the split is empty"]


def test_questions_that_differ_in_a_symbol_are_two():
    sums = [item(n, question=f"What is 2 {sign} 3?", answer=n) for n, sign in enumerate("+-*/")]
    assert not [problem for problem in fairness.problems(sums) if "items ask" in problem]
    assert "2 items ask 'what is it'" in "\n".join(
        fairness.problems([item(0, question="What is it?"), item(1, question=" what is IT")])
    )


def test_questions_in_other_scripts_are_told_apart():
    asked = [item(n, question=question, answer=n) for n, question in enumerate(("谁是医生？", "天气好吗？"))]
    assert fairness.problems([replace(each, choices=("医", "生", "天", "气")) for each in asked[:1]]) != []
    assert not [problem for problem in fairness.problems(asked) if "items ask" in problem or "stands in" in problem]
