"""The margin of the right option, computed from a log that lacks it."""

import math

import pytest

from harness.compare.sources.lm_eval import read_items
from harness.errors import ComparisonError
from harness.suites import metrics
from helpers.logs import line, write

OPTIONS = ("ja", "nein", "weiß nicht")
LIKELIHOODS = (-3.25, -7.5, -20.125)
MARGIN = metrics.margin(LIKELIHOODS, OPTIONS, 1)
INDEX = {"target_delimiter": " ", "doc_to_target": "answer"}


def sample(options=OPTIONS, *, target="1", delimiter=" ", likelihoods=LIKELIHOODS, prompts=None, **document):
    """A line of a log of lm-eval's own multiple choice: `acc` alone was scored, and likelihoods are texts."""
    prompts = prompts or ["Q:"] * len(options)
    document = document or {"answer": 1}
    return {
        **line(0, 1.0, **document),
        "target": target,
        "arguments": {
            f"gen_args_{k}": {"arg_0": prompt, "arg_1": f"{delimiter}{option}"}
            for k, (prompt, option) in enumerate(zip(prompts, options, strict=True))
        },
        "resps": [[[str(each), "False"]] for each in likelihoods],
        "filtered_resps": [[str(each), "False"] for each in likelihoods],
    }


@pytest.fixture
def scored(tmp_path):
    """Return a function that reads the margin of one line from a log whose results file has `fields` of the task."""

    def read(logged, fields=INDEX):
        extra = {"results": False} if fields is None else {"configs": {"near": fields}}
        (item,) = read_items(write(tmp_path, "near", [logged], **extra), "answer_margin")
        return item.score

    return read


def test_the_value_from_a_log_is_the_value_scored(scored):
    doc = {"choices": list(OPTIONS), "answer": 1}
    whole = metrics.choice(doc, [(likelihood, False) for likelihood in LIKELIHOODS])
    assert scored(sample(**doc)) == whole["answer_margin"] == MARGIN


def test_a_margin_that_was_logged_is_taken_as_it_is(scored):
    assert scored({**sample(), "answer_margin": 0.5}) == 0.5


@pytest.mark.parametrize("delimiter", [" ", "\n\n", "", " => "])
def test_a_delimiter_is_no_part_of_an_option(scored, delimiter):
    assert scored(sample(delimiter=delimiter), {**INDEX, "target_delimiter": delimiter}) == MARGIN


def test_without_a_results_file_white_space_is_the_delimiter(scored):
    assert scored(sample(), None) == MARGIN


@pytest.mark.parametrize("fields", [{}, {"doc_to_target": "answer"}, {"doc_to_target": "{{choices[answer]}}"}])
def test_the_target_may_be_the_text_of_an_option(scored, fields):
    assert scored(sample(target="nein", answer="nein"), fields) == MARGIN


def test_digits_are_an_index_or_an_option_as_the_document_says(scored):
    digits = {"options": ("1", "2", "3"), "target": "1"}
    assert scored(sample(**digits, answer=1)) == metrics.margin(LIKELIHOODS, "123", 1)
    assert scored(sample(**digits, answer="1")) == metrics.margin(LIKELIHOODS, "123", 0)
    template = {**INDEX, "doc_to_target": "{{choices.index(answer)}}"}
    assert scored(sample(**digits), template) == metrics.margin(LIKELIHOODS, "123", 1)


def test_the_order_of_names_in_a_line_is_not_that_of_the_options(scored):
    options = tuple(f"option {'x' * k}" for k in range(12))
    logged = sample(options, likelihoods=[-float(k) for k in range(12)], target="2")
    expected = scored(logged)
    logged["arguments"] = dict(sorted(logged["arguments"].items()))
    assert list(logged["arguments"])[2] == "gen_args_10"
    assert scored(logged) == expected == metrics.margin([-float(k) for k in range(12)], options, 2)


def test_the_repetitions_without_a_prompt_are_no_options(scored):
    twice = sample(OPTIONS * 2, likelihoods=(*LIKELIHOODS, -1.0, -2.0, -3.0), prompts=["Q:"] * 3 + [""] * 3)
    assert scored(twice) == MARGIN


def test_arguments_as_a_list_and_raw_answers_will_do(scored):
    logged = sample()
    del logged["filtered_resps"]
    logged["arguments"] = [["Q:", f" {option}"] for option in OPTIONS]
    assert scored(logged) == MARGIN


GENERATED = {"gen_args_0": {"arg_0": "Q:", "arg_1": {"until": ["\n"]}}}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"arguments": GENERATED}, "answers are generated or whole texts scored"),
        ({"arguments": {"gen_args_0": {"arg_0": "a whole text"}}}, "answers are generated or whole texts scored"),
        ({"arguments": {}}, "0 option(s) are logged"),
        ({"arguments": [["Q:", " ja"]]}, "1 option(s) are logged, and it takes a right and a wrong one"),
        ({"arguments": [["Q:", " ja"], ["Q:", " nein"]]}, "3 log-likelihoods are logged of 2 options"),
        ({"arguments": [["A ja", " so"], ["A nein", " so"], ["A nie", " so"]]}, "alternative prompts"),
        ({"arguments": [["Q:", " ja"], ["Q:", " nein"], ["Q:", " "]]}, "an option is empty"),
        ({"filtered_resps": ["ja", "nein", "nie"]}, "log-likelihoods are not logged"),
        ({"filtered_resps": []}, "0 log-likelihoods are logged of 3 options"),
        ({"target": "[0, 2]"}, "the target '[0, 2]' does not name one option"),
        ({"target": "3"}, "the target '3' does not name one option"),
    ],
)
def test_what_is_missing_is_named_with_its_line(scored, changes, said):
    with pytest.raises(ComparisonError, match=r"\.jsonl:1 has no answer_margin, and none can be computed: ") as caught:
        scored(sample() | changes)
    assert said in str(caught.value)


def test_digits_that_are_an_index_and_another_option_are_refused_where_nothing_says_which(scored):
    with pytest.raises(ComparisonError, match="nothing says whether the target '1' is an option or an option's index"):
        scored(sample(("1", "2", "3"), target="1"), None)
    assert scored(sample(("0", "1", "2"), target="1"), None) == metrics.margin(LIKELIHOODS, "012", 1)


def test_an_infinite_likelihood_is_not_compared(scored):
    with pytest.raises(ComparisonError, match="answer_margin is -inf, not a finite number"):
        scored(sample(likelihoods=(-1.0, -math.inf, -2.0)))
