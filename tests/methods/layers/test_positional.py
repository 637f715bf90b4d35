import pytest

from harness.errors import RecipeError
from harness.methods import catalogue
from harness.methods.layers._base import Request
from harness.methods.layers.choose import known_layers, layer_count, select, strategy
from harness.spec.recipe import STRATEGIES
from harness.spec.records import Layers


def choose(layers, total=10, seed=0):
    count = layer_count(layers, total)
    return select(Request(layers=layers, total=total, count=count, seed=seed)).indices


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        (Layers(), tuple(range(10))),
        (Layers(strategy="first", fraction=0.3), (0, 1, 2)),
        (Layers(strategy="last", count=2), (8, 9)),
        (Layers(strategy="middle", count=4), (3, 4, 5, 6)),
        (Layers(strategy="middle", count=3), (3, 4, 5)),
        (Layers(strategy="every", fraction=0.5), (0, 2, 4, 6, 8)),
        (Layers(strategy="every", count=3), (0, 3, 6)),
        (Layers(strategy="list", indices=(-1, 4, 0)), (0, 4, 9)),
    ],
)
def test_a_static_strategy_chooses(layers, expected):
    assert choose(layers) == expected


def test_random_layers_follow_the_seed_and_differ_between_seeds():
    layers = Layers(strategy="random", fraction=0.5)
    assert choose(layers, seed=3) == choose(layers, seed=3)
    assert len({choose(layers, seed=seed) for seed in range(20)}) > 10
    assert all(len(set(choose(layers, seed=seed))) == 5 for seed in range(20))


def test_random_layers_reach_every_layer_about_equally_often():
    layers = Layers(strategy="random", count=5)
    hits = [sum(index in choose(layers, seed=seed) for seed in range(400)) for index in range(10)]
    assert all(150 < hit < 250 for hit in hits)


@pytest.mark.parametrize(("fraction", "total", "count"), [(0.5, 5, 3), (0.01, 10, 1), (1.0, 7, 7), (0.25, 30, 8)])
def test_a_fraction_is_rounded_halves_up_and_never_to_none(fraction, total, count):
    assert layer_count(Layers(strategy="last", fraction=fraction), total) == count


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        (Layers(strategy="last", count=11), "asks for 11 layers, the model has 10"),
        (Layers(strategy="last", count=0), "asks for 0"),
        (Layers(strategy="last", fraction=1.5), "fraction is 1.5"),
        (Layers(strategy="list", indices=(0, 12)), r"\[12\] do not exist.*0 to 9"),
        (Layers(strategy="list", indices=(1, -9)), "twice"),
        (Layers(strategy="list"), "needs layers.indices"),
        (Layers(strategy="lasst", count=1), "Did you mean 'last'"),
    ],
)
def test_a_choice_that_the_model_cannot_give_is_refused(layers, words):
    with pytest.raises(RecipeError, match=words):
        choose(layers)


def test_every_named_strategy_can_be_found():
    names = ("all", "first", "last", "middle", "every", "list", "random", "gradient")
    assert tuple(catalogue.strategies())[: len(names)] == names
    assert all(strategy(name).choose for name in names)


def test_the_strategies_that_a_spec_may_name_are_those_there_are():
    assert tuple(catalogue.strategies())[: len(STRATEGIES)] == STRATEGIES


@pytest.mark.parametrize(
    ("layers", "known"),
    [
        (Layers(strategy="last", fraction=0.5), (5, 6, 7, 8, 9)),
        (Layers(), tuple(range(10))),
        (Layers(strategy="random", count=10, seed=3), tuple(range(10))),
        (Layers(strategy="random", count=10), None),
        (Layers(strategy="gradient", count=10), None),
    ],
)
def test_layers_are_known_beforehand_where_neither_seed_nor_data_decide(layers, known):
    assert known_layers(layers, 10) == known
