"""The grid's arithmetic and comparison, without a model."""

import pytest

pytest.importorskip("trl", reason="needs the extra `run`")


from benchmarks.floor.counting import Sizes
from benchmarks.grid import __main__ as command
from benchmarks.grid import bound
from benchmarks.grid.bound import Rows

SIZES = Sizes(layers=4, inside=100, queries=10, head=1000)
EVEN = Rows(tokens=10.0, padded=10.0, pairs=100.0, predicted=10.0)


def job(lora, *, batches=None):
    probe = None if batches is None else {"layers": 2, "batches": batches}
    return {"training": {"max_steps": 2, "per_device_train_batch_size": 4}, "lora": lora, "probe": probe}


@pytest.mark.parametrize("lora", [None, {}, {"layers_to_transform": [2, 3]}])
def test_without_padding_prompts_or_recomputation_nothing_is_to_be_had(lora):
    most, least = bound.trained(job(lora), EVEN, SIZES, recomputing=False)
    assert most == pytest.approx(least)


def test_what_is_recomputed_is_one_forward_pass():
    plain, _ = bound.trained(job(None), EVEN, SIZES, recomputing=False)
    again, least = bound.trained(job(None), EVEN, SIZES, recomputing=True)
    assert again - plain == pytest.approx(8 * 2.0 * (10 * 100 + 2 * 100 * 10) * 4)
    assert least == pytest.approx(plain)


def test_the_upper_half_needs_nothing_back_below_it():
    whole = bound.trained(job({}), EVEN, SIZES, recomputing=False)[1]
    half = bound.trained(job({"layers_to_transform": [2, 3]}), EVEN, SIZES, recomputing=False)[1]
    assert (bound.lowest(job(None)), bound.lowest(job({"layers_to_transform": [2, 3]}))) == (0, 2)
    assert half < whole


def test_a_probe_is_counted_where_there_is_one():
    assert bound.probe(job({}), EVEN, SIZES) == (0.0, 0.0)
    most, least = bound.probe(job({}, batches=[[0, 1], [2, 3]]), EVEN, SIZES)
    assert most > least > 0


def test_the_largest_difference_of_any_suite_counts():
    def made(margin):
        scores = {"a": {"answer_bits_per_byte": 1.0, "answer_margin": margin, "acc": 0.0}}
        return command.Made(probe=0.0, train=0.0, score=0.0, scores=scores, layers=None)

    assert command.difference(made(0.25), made(0.5)) == 0.25
    assert command.bits(made(0.25)) == 1.0
