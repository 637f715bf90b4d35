"""Generated answers are read from lm-eval's logs whole, without the examples before a question."""

import pytest

from harness.compare.design import Arm, Design, FailedRun, ScoredRun
from harness.compare.design_of_run import design_of
from harness.errors import ComparisonError
from harness.ratings.answers import generated, read_answers
from harness.spec.records import Suite
from helpers.generated import answer, spec_of
from helpers.logs import line, write
from helpers.runs import scored_run


def arm(name, *runs):
    return Arm(name=name, runs=runs)


def logged(folder, task="cot", *, shots=0, said="steps", filters=("none",)):
    head = "Question: an example\nAnswer: its answer\n\n" if shots else ""
    lines = [
        {
            **line(k, 1.0, kind=kind),
            "arguments": {"gen_args_0": {"arg_0": f"{head}Question: what is {k}?\n\nAnswer:", "arg_1": {}}},
            "resps": [[f"{said} {k}\nAnswer: {k}"]],
            "filtered_resps": [str(k)],
        }
        for k in range(4)
        for kind in filters
    ]
    path = write(folder, task, lines, **{"n-shot": {task: shots}, "configs": {task: {"metadata": {"title": "sums"}}}})
    return ScoredRun(folder=folder, samples={task: path})


def design(reference, candidate):
    return Design(
        reference=reference,
        candidates=(candidate,),
        suites=(Suite(task="cot", role="in_domain", metric="acc"),),
        sesoi=0.02,
    )


@pytest.mark.parametrize("shots", [0, 2])
def test_answers_are_whole_and_questions_have_no_examples_before_them(tmp_path, shots):
    sides = [
        arm(name, logged(tmp_path / name, shots=shots, said=name, filters=("a", "b"))) for name in ("full", "lora")
    ]
    found = read_answers(design(*sides), sides, None)
    assert [each.text for each in found.posed] == [f"Question: what is {k}?\n\nAnswer:" for k in range(4)]
    assert found.texts["lora", 0][found.posed[2].item] == "lora 2\nAnswer: 2"
    assert found.metadata == {"title": "sums"}


def test_only_seeds_that_all_arms_have_answered_count(tmp_path):
    lost = FailedRun(kind="killed", message="gone")
    full = arm("full", *(logged(tmp_path / f"full{k}") for k in range(3)))
    lora = arm("lora", logged(tmp_path / "lora0"), lost, logged(tmp_path / "lora2"))
    assert read_answers(design(full, lora), [full, lora], "cot").seeds == (0, 2)
    none = arm("lora", lost, lost, lost)
    with pytest.raises(ComparisonError, match="no seed has finished with all of full, lora"):
        read_answers(design(full, none), [full, none], None)


def test_what_was_generated_is_told_from_what_was_scored():
    assert generated({"resps": [["a", "b"]], "filtered_resps": ["x"]}) == "a"
    assert generated({"filtered_resps": ["x"]}) == "x"
    assert generated({"resps": [[["-1.5", "False"]]], "filtered_resps": [["-1.5", "False"]]}) is None


def test_a_suite_that_cannot_be_rated_is_named_with_those_that_can(generated_run, tmp_path):
    known = design_of(generated_run)
    with pytest.raises(ComparisonError, match=r"far cannot be rated: the run has no such suite\. These can: sums\."):
        read_answers(known, known.arms, "far")
    both = scored_run(tmp_path / "both", spec_of(tmp_path / "spec", ("sums", "sums_far")), answer=answer)
    with pytest.raises(ComparisonError, match="name one of sums, sums_far by --suite"):
        read_answers(design_of(both), design_of(both).arms, None)
    scored = scored_run(tmp_path / "scored", spec_of(tmp_path / "other"))
    with pytest.raises(ComparisonError, match=r"no suite of the run has generated answers \(its suites: sums\)"):
        read_answers(design_of(scored), design_of(scored).arms, None)
