import math

import pytest

from harness.suites import generation, metrics

DOC = {"choices": ["yes", "certainly not"], "answer": 1, "rationale": "It is dark, so no.", "text": "é"}


def test_a_choice_is_scored_raw_by_length_and_in_bits():
    scores = metrics.choice(DOC, [(-3.0, False), (-4.0, True)])
    assert scores == {
        "acc": 0.0,
        "acc_norm": 1.0,
        "answer_bits_per_byte": pytest.approx(4 / math.log(2) / len("certainly not")),
    }


def test_bits_are_counted_by_utf8_bytes():
    assert metrics.passage(DOC, [-2 * math.log(2)]) == {"bits_per_byte": pytest.approx(1.0)}
    by_character = metrics.rationale(DOC, [(-1.0, False)])["rationale_bits_per_byte"]
    assert by_character == pytest.approx(1 / math.log(2) / len(DOC["rationale"]))


@pytest.mark.parametrize(
    ("generated", "exact", "answered"),
    [
        ("It is dark.\nAnswer: Certainly not.", 1, 1),
        ("It is dark.\nAnswer: yes", 0, 1),
        ("It is dark, so certainly not.", 0, 0),
        ("Answer:", 0, 0),
    ],
)
def test_the_answer_is_drawn_out_of_the_rationale(generated, exact, answered):
    scores = generation.reasoned(DOC, [generated])
    assert (scores["exact_match"], scores["answered"]) == (exact, answered)
    assert 0 <= scores["rouge_l"] <= 1


def test_the_reference_itself_scores_full_marks():
    assert generation.rouge_l(DOC["rationale"], DOC["rationale"]) == 1
    assert generation.open_answer(DOC, ["certainly not\nand more"]) == {"rouge_l": 1.0, "token_f1": 1.0}
    assert generation.free_text({"answer": "a b c"}, ["x y"]) == {"rouge_l": 0.0, "token_f1": 0.0}


def test_token_f1_counts_repeated_words_once_each():
    assert generation.token_f1("red red pump", "red pump") == pytest.approx(2 * 2 / 5)
