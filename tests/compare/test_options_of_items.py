"""How many options an item has, and whether the right one was chosen, from anyone's samples."""

import numpy as np
import pytest

from harness.compare.design import Arm, Design, ScoredRun
from harness.compare.scores import read_scores
from harness.compare.sources.options import option_count
from harness.spec.records import Suite
from helpers.logs import line, write


def choice(prompt, *options):
    return {"arguments": {f"gen_args_{k}": {"arg_0": prompt, "arg_1": option} for k, option in enumerate(options)}}


@pytest.mark.parametrize(
    ("sample", "count"),
    [
        (choice("2 + 1 =", " 3", " 4", " 5"), 3),
        ({"arguments": [["2 + 1 =", " 3"], ["2 + 1 =", " 4"]]}, 2),
        ({"arguments": [["a", " x"], ["a", " y"], ["", " x"], ["", " y"]]}, 2),  # acc_mutual_info asks twice
        ({"arguments": [["", " x"], ["", " y"], ["", " z"], ["", " w"]]}, 4),  # a prompt that is empty
        (
            {
                "arguments": {
                    f"gen_args_{k}": {"arg_0": "a" * (k < 12), "arg_1": f" {k % 12}"} for k in reversed(range(24))
                }
            },
            12,
        ),
        ({"arguments": [["Sarah was late, for", " it rained"], ["Anna was late, for", " it rained"]]}, 2),
        ({"arguments": {"gen_args_0": {"arg_0": "2 + 1 =", "arg_1": {"until": ["\n"]}}}}, None),
        ({"arguments": {"gen_args_0": {"arg_0": "A whole text."}}}, None),
        (choice("2 + 1 =", " 3"), None),
        ({}, None),
    ],
)
def test_options_are_counted_where_there_are_any(sample, count):
    assert option_count(sample) == count


def read(root, metric, made):
    """Read three items of two arms and the base, of 2, 3 and 4 options, in reverse order of their documents."""
    for place, arm in enumerate(("full/0", "lora/0", "base")):
        lines = [
            {**line(k, 0.5 + k + place, metric, page=f"p{k}"), **made(k), **choice(f"{k} =", *"abcd"[: k + 2])}
            for k in (2, 1, 0)
        ]
        write(root / arm, "qa", lines)
    (found,) = read_scores(
        Design(
            reference=Arm(name="full", runs=(ScoredRun(folder=root / "full/0"),)),
            candidates=(Arm(name="lora", runs=(ScoredRun(folder=root / "lora/0"),)),),
            base=Arm(name="base", runs=(ScoredRun(folder=root / "base"),)),
            suites=(Suite(task="qa", role="in_domain", metric=metric, cluster="page"),),
            sesoi=0.1,
        )
    )
    return found


def test_accuracy_is_read_beside_another_metric_in_the_order_of_its_scores(tmp_path):
    found = read(tmp_path, "answer_margin", lambda k: {"acc": float(k == 1)})
    in_order = np.argsort(found.values["full"][0])
    assert found.accuracies.options[in_order].tolist() == [2, 3, 4]
    for arm in ("full", "lora", "base"):
        assert found.accuracies.right[arm][:, in_order].tolist() == [[0, 1, 0]]
    assert len(found.accuracies.clusters) == 3


def test_the_metric_itself_counts_where_it_is_an_accuracy(tmp_path):
    found = read(tmp_path, "acc_norm", lambda k: {"acc_norm": 1.0, "acc": 0.0})
    assert found.accuracies.right["full"].tolist() == [[1, 1, 1]]


def test_without_an_accuracy_in_the_log_there_is_no_level(tmp_path):
    assert read(tmp_path, "answer_margin", lambda _: {}).accuracies.right == {}
