import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.suites import generation, metrics, rationales

DOC = {"choices": ["yes", "certainly not"], "answer": 1, "rationale": "It is dark, so no.", "text": "é"}


def test_a_choice_is_scored_raw_by_length_and_in_bits():
    scores = metrics.choice(DOC, [(-3.0, False), (-4.0, True)])
    assert scores == {
        "acc": 0.0,
        "acc_norm": 1.0,
        "answer_bits_per_byte": pytest.approx(4 / math.log(2) / len("certainly not")),
        "answer_margin": pytest.approx((3 / len("yes") - 4 / len("certainly not")) / math.log(2)),
    }


def test_a_margin_is_in_bits_a_byte_of_the_right_option_over_the_mean_of_the_wrong_ones():
    bit = math.log(2)
    # 1, 2 and 4 bits a byte: "ü" has two bytes and "語" three.
    assert metrics.margin([-2 * bit, -4 * bit, -12 * bit], ["ab", "ü", "語"], 0) == pytest.approx((2 + 4) / 2 - 1)
    assert metrics.margin([-2 * bit, -4 * bit, -12 * bit], ["ab", "ü", "語"], 2) == pytest.approx((1 + 2) / 2 - 4)
    assert metrics.margin([-5 * bit, -5 * bit], ["abcde", "vwxyz"], 1) == 0


def test_a_document_with_one_option_has_no_margin_and_all_other_scores():
    assert set(metrics.choice({"choices": ["yes"], "answer": 0}, [(-1.0, True)])) == {
        "acc",
        "acc_norm",
        "answer_bits_per_byte",
    }


@st.composite
def answered(draw):
    """Options with their log-likelihoods, and the right one's place."""
    options = draw(st.lists(st.text(min_size=1, max_size=20), min_size=2, max_size=6))
    likelihoods = [draw(st.floats(min_value=-200, max_value=0)) for _ in options]
    return options, likelihoods, draw(st.integers(0, len(options) - 1))


@given(answered(), st.randoms())
@settings(deadline=None)
def test_the_order_of_the_wrong_options_changes_no_digit_of_the_margin(item, random):
    options, likelihoods, right = item
    order = list(range(len(options)))
    random.shuffle(order)
    shuffled = [options[k] for k in order], [likelihoods[k] for k in order], order.index(right)
    first = metrics.margin(likelihoods, options, right)
    assert metrics.margin(shuffled[1], shuffled[0], shuffled[2]) == first


@given(answered(), st.floats(min_value=-20, max_value=20))
@settings(deadline=None)
def test_what_makes_all_options_likelier_alike_changes_no_margin(item, bits):
    options, likelihoods, right = item
    moved = [
        likelihood + bits * math.log(2) * len(option.encode())
        for likelihood, option in zip(likelihoods, options, strict=True)
    ]
    expected = metrics.margin(likelihoods, options, right)
    assert metrics.margin(moved, options, right) == pytest.approx(expected, abs=1e-9)


def test_information_is_what_the_question_makes_an_answer_likelier_by_in_bits_a_byte():
    bit = math.log(2)
    document = {"choices": ["ü", "no"], "answer": 0, "rationale": "abcd"}
    assert metrics.reference(document, [(-2 * bit, True), (-8 * bit, False)]) == {
        "answer_bits_per_byte": pytest.approx(1),
        "answer_information": pytest.approx(3),
    }
    assert metrics.rationale(document, [(-8 * bit, False), (-4 * bit, False)]) == {
        "rationale_bits_per_byte": pytest.approx(2),
        "answer_information": pytest.approx(-1),
    }


def test_style_is_what_false_words_of_the_same_form_cost_and_content_is_what_true_ones_save():
    bit = math.log(2)
    document = {"rationale": "a, not ü", "swapped": "ü, not a"}
    assert rationales.told_apart(document, [(-9 * bit, True), (-27 * bit, False)]) == {
        "rationale_bits_per_byte": pytest.approx(1),
        "style_bits_per_byte": pytest.approx(3),
        "rationale_margin": pytest.approx(2),
    }


@given(*[st.floats(min_value=-500, max_value=0)] * 2, st.floats(min_value=-50, max_value=50))
@settings(deadline=None)
def test_a_habit_of_style_that_needs_no_question_changes_no_information(asked, unasked, nats):
    plain = metrics.information([(asked, False), (unasked, False)], "answer")
    styled = metrics.information([(asked + nats, False), (unasked + nats, False)], "answer")
    assert styled == pytest.approx(plain, abs=1e-9)


def test_bits_are_counted_by_utf8_bytes():
    assert metrics.passage(DOC, [-2 * math.log(2)]) == {"bits_per_byte": pytest.approx(1.0)}
    by_character = metrics.rationale(DOC, [(-1.0, False), (-2.0, False)])["rationale_bits_per_byte"]
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
