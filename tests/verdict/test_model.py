"""Every verdict names the base model; and what verdict.json says of one set of scores, number for number."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from harness.compare.design_of_run import design_of
from harness.compare.logs import design_of_logs
from harness.verdict import judge, judge_scores
from helpers.logs import line, write
from helpers.runs import scored_run
from helpers.stand_ins import design, scores

PINNED = Path(__file__).parent / "fixtures" / "judged.json"
"""It changes where the method does, in a commit that says why."""
KINDS = ("comparisons", "in_domain", "guards", "extra_forgetting")


def judged(**changes):
    one = design(5, roles=("in_domain", "out_of_domain", "guard"), failed=(2,))
    data = scores(one, (0.05, 0.02, 0.01), items=40, noise=0.2)
    return judge_scores(one, tuple(replace(each, **changes) for each in data)).to_json()


def rounded(value):
    """Numbers to 10 digits: the last ones differ between processors."""
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return float(f"{value:.10g}") if isinstance(value, float) else value


@pytest.mark.pinned
def test_the_file_says_of_the_same_scores_what_it_said():
    text, before = (
        json.dumps(rounded(each), indent=2, sort_keys=True)
        for each in (judged(model="m"), json.loads(PINNED.read_text()))
    )
    assert text == before


def test_suites_of_several_models_are_of_an_unknown_one():
    one = design()
    first, second = scores(one, (0.1, 0.1))
    found = judge_scores(one, (replace(first, model="a"), replace(second, model="b")))
    assert found.comparisons[0].model == "unknown"
    assert found.in_domain[0].model == "a"


def test_a_run_names_the_model_of_its_spec(tmp_path, tiny_spec):
    found = judge(design_of(scored_run(tmp_path / "run", tiny_spec)))
    assert {entry["model"] for kind in KINDS for entry in found.to_json()[kind]} == {"random-llama"}


@pytest.mark.parametrize(
    ("named", "given", "model"),
    [(("a", "a"), None, "a"), (("a", "b"), None, "unknown"), (("a", "b"), "c", "c"), ((None, None), None, "unknown")],
)
def test_logs_name_the_model_that_all_of_them_are_of(tmp_path, named, given, model):
    for arm, name in zip(("full", "lora"), named, strict=True):
        lines = [line(k, float(k % (2 if arm == "full" else 3) == 0)) for k in range(12)]
        write(tmp_path / arm, "near", lines, **({"model_name": name} if name else {}))
    design = design_of_logs(
        reference=[tmp_path / "full"],
        candidates={"lora": [tmp_path / "lora"]},
        in_domain=["near"],
        metric="acc",
        model=given,
    )
    assert judge(design).in_domain[0].model == model
