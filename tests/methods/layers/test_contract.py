"""Our own layer strategies, and a third party's bare function, keep the contract."""

import pytest

from harness.spec.records import Layers
from harness.testing.layer_strategies import LayerStrategyContract

STRATEGIES = [
    Layers(strategy="first", count=2),
    Layers(strategy="last", fraction=0.5),
    Layers(strategy="middle", count=3),
    Layers(strategy="every", count=2),
    Layers(strategy="list", indices=(-1, 0)),
    Layers(strategy="random", count=2),
    Layers(strategy="gradient", count=2, options={"chunk": 3}),
]


class TestOwn(LayerStrategyContract):
    @pytest.fixture(params=STRATEGIES, ids=lambda layers: layers.strategy)
    def layers(self, request):
        return request.param


ALTERNATE = """
from harness.methods import Choice


def alternate(request):
    order = sorted(range(request.total), key=lambda layer: (layer % 2, layer))
    return Choice(tuple(order[: request.count]))
"""


class TestForeignFunction(LayerStrategyContract):
    @pytest.fixture
    def layers(self, install):
        point = "[harness.layer_strategies]\nalternate = foreignlayers:alternate\n"
        install("foreign-layers", point, {"foreignlayers.py": ALTERNATE})
        return Layers(strategy="alternate", count=2)
