"""Which metrics have a number an item, which are followed by pseudo-values, and which are refused with a reason."""

import pytest

from harness.declarations.aggregation import Kind, aggregation, aggregation_in, declared_aggregation
from harness.declarations.task_yaml import FunctionName, read_task

FUNCTION = "def micro_f1_score(items):\n    golds, preds = zip(*items)\n    return f1_score(golds, preds)\n"


@pytest.mark.parametrize(
    ("metric", "declared", "name", "kind"),
    [
        ("acc", None, "mean", Kind.MEAN),
        ("acc,none", "mean", "mean", Kind.MEAN),
        ("score_of_mine", None, "mean", Kind.MEAN),
        ("f1", "mean", "mean", Kind.MEAN),
        ("f1", None, "f1", Kind.PSEUDO_VALUES),
        ("mcc", None, "matthews_corrcoef", Kind.PSEUDO_VALUES),
        ("word_perplexity", None, "weighted_perplexity", Kind.PSEUDO_VALUES),
        ("f1", FunctionName("metrics.micro_f1_score"), "micro_f1", Kind.PSEUDO_VALUES),
        ("f1", FUNCTION, "micro_f1", Kind.PSEUDO_VALUES),
        ("auc", FunctionName("utils.roc_auc"), "roc_auc", Kind.PSEUDO_VALUES),
        ("brier_score", "brier_score", "brier_score", Kind.PSEUDO_VALUES),
        ("acc", "median", "median", Kind.REFUSED),
        ("bypass", None, "bypass", Kind.REFUSED),
        ("bias", FunctionName("utils.agg_bias"), "agg_bias", Kind.UNKNOWN),
    ],
)
def test_an_aggregation_is_known_by_its_name_or_by_the_metric_s(metric, declared, name, kind):
    found = aggregation(metric, declared)
    assert (found.name, found.kind) == (name, kind)
    assert bool(found.reason) == (kind in (Kind.REFUSED, Kind.UNKNOWN))


def test_a_task_is_asked_for_one_of_its_metrics(tmp_path):
    path = tmp_path / "near.yaml"
    path.write_text(
        "task: near\nmetric_list:\n  - {metric: acc, aggregation: mean}\n  - {metric: bleu}\n"
        "  - {metric: !function utils.bias, aggregation: !function utils.agg_bias}\n"
    )
    task = read_task(path)
    kinds = {metric: declared_aggregation(task, metric).kind for metric in ("acc", "bleu,none", "bias", "other")}
    assert kinds == {"acc": Kind.MEAN, "bleu,none": Kind.PSEUDO_VALUES, "bias": Kind.UNKNOWN, "other": Kind.MEAN}


@pytest.mark.parametrize("listed", [True, 1, 0.5, "acc", {"metric": "f1"}, None])
def test_a_list_of_metrics_that_is_none_says_nothing(listed):
    assert aggregation_in({"metric_list": listed}, "f1") == aggregation("f1", None)
