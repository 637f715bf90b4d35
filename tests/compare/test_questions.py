"""Who got which question wrong, read from lm-eval's logs: what changed, what the arms differ on, what is suspect."""

import pytest

from harness.compare.logs import design_of_logs
from harness.compare.questions import STATES, read_questions
from helpers.logs import line, write

OPTIONS = ("one", "two", "three")
RIGHT = 1


def chosen(k, option, **document):
    """A sample of item k in which a model chose an option of three; the second is right."""
    requests = {f"gen_args_{n}": {"arg_0": f"Question {k}?", "arg_1": f" {text}"} for n, text in enumerate(OPTIONS)}
    given = [[str(-float(n != option)), "False"] for n in range(len(OPTIONS))]
    return {
        **line(k, float(option == RIGHT), **document),
        "target": str(RIGHT),
        "arguments": requests,
        "filtered_resps": given,
    }


@pytest.fixture
def logs(tmp_path):
    """Return a function that writes an arm's runs, each a choice an item, and returns their folders."""

    def logged(name, *runs, **extra):
        folders = [tmp_path / name / f"s{seed}" for seed in range(len(runs))]
        for folder, choices in zip(folders, runs, strict=True):
            write(folder, "near", [chosen(k, option) for k, option in enumerate(choices)], **extra)
        return folders

    return logged


def read(full, lora, base=None, kept_back=()):
    design = design_of_logs(
        reference=full,
        candidates={"lora": lora},
        in_domain=["near"],
        metric="acc",
        base=base and base[0],
        reference_name="full",
    )
    (found,) = read_questions(design, kept_back)
    return found


def test_each_item_is_regressed_fixed_wrong_in_both_or_unchanged(logs):
    found = read(logs("full", [1, 1, 0, 0]), logs("lora", [1, 0, 1, 2]), logs("base", [0, 0, 0, 0]))
    states = {each.text: each.arms["lora"].against for each in found.questions}
    assert states == {
        "question 0": {"full": "unchanged", "base": "fixed"},
        "question 1": {"full": "regressed", "base": "both wrong"},
        "question 2": {"full": "fixed", "base": "fixed"},
        "question 3": {"full": "both wrong", "base": "both wrong"},
    }
    assert found.counts["lora"]["full"] == dict.fromkeys(STATES, 1)
    assert "base" not in found.counts


def test_answers_are_the_options_of_greatest_likelihood_one_a_run(logs):
    found = read(logs("full", [1, 0], [1, 2]), logs("lora", [0, 0], [0, 1]))
    first = next(each for each in found.questions if each.text == "question 0")
    assert (first.options, first.target) == (OPTIONS, "two")
    assert first.arms["full"].answers == ("two", "two")
    assert first.arms["lora"].answers == ("one", "one")
    assert (first.arms["full"].right, first.arms["lora"].right) == (1.0, 0.0)


def test_those_come_first_on_which_arms_differ_most(logs):
    found = read(logs("full", [1, 1, 1], [1, 1, 1]), logs("lora", [1, 0, 0], [1, 1, 0]))
    assert [each.text for each in found.questions] == ["question 2", "question 1", "question 0"]
    assert [each.disagreement for each in found.questions] == [1.0, 0.5, 0.0]


def test_an_item_on_which_all_runs_agree_otherwise_is_suspect(logs):
    found = read(logs("full", [0, 0, 1], [0, 2, 1]), logs("lora", [0, 0, 1], [0, 0, 1]))
    assert {each.text: each.suspect for each in found.questions} == {
        "question 0": True,
        "question 1": False,
        "question 2": False,
    }


def test_questions_that_a_licence_keeps_back_are_not_read(logs):
    logged = {"configs": {"near": {"metadata": {"redistribute": False}}}}
    by_log = read(logs("full", [0, 1], **logged), logs("lora", [0, 1], **logged))
    declared = read(logs("full", [0, 1]), logs("lora", [0, 1]), kept_back={"near"})
    assert by_log == declared
    assert by_log.questions == ()
    assert "licence" in by_log.note


def test_generated_answers_and_scored_texts_are_read_too(tmp_path):
    for arm, answer in (("full", "It is 7."), ("lora", "I cannot say.")):
        generated = {**line(0, 1.0), "filtered_resps": [answer], "arguments": [["What is it?", {"until": ["."]}]]}
        scored = {**line(1, 0.5), "filtered_resps": [-3.5], "arguments": [["", "a text"]]}
        write(tmp_path / arm, "near", [generated, scored])
    found = read([tmp_path / "full"], [tmp_path / "lora"])
    assert {each.text: each.arms["lora"].answers for each in found.questions} == {
        "question 0": ("I cannot say.",),
        "question 1": ("",),
    }


def test_a_log_that_cannot_be_read_is_a_note(logs):
    full, lora = logs("full", [0, 1]), logs("lora", [0, 1])
    next(lora[0].rglob("samples_*")).write_text("{", encoding="utf-8")
    assert "cut off" in read(full, lora).note
