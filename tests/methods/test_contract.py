"""Our own methods keep the contract that a third party's has to keep."""

import pytest

from harness.spec.records import Bottleneck, Layers, Recipe
from harness.testing.methods import MethodContract

LAST = Layers(strategy="last", count=2)
PROJECTIONS = ["q_proj", "down_proj"]

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


class TestFull(MethodContract):
    @pytest.fixture(params=[Layers(), LAST], ids=["all", "last"])
    def recipe(self, request):
        return Recipe(method="full", name="contract", layers=request.param)


class TestBottleneck(MethodContract):
    @pytest.fixture(params=["houlsby", "pfeiffer"])
    def recipe(self, request):
        block = Bottleneck(placement=request.param, reduction_factor=8)
        return Recipe(method="bottleneck", name="contract", bottleneck=block, layers=LAST)


BLOCKS = {
    "lora": {"peft_type": "LORA", "r": 4, "lora_alpha": 8, "target_modules": "all-linear"},
    "dora": {"peft_type": "LORA", "r": 4, "use_dora": True, "target_modules": PROJECTIONS},
    "pissa": {"peft_type": "LORA", "r": 4, "init_lora_weights": "pissa", "target_modules": PROJECTIONS},
    "ia3": {"peft_type": "IA3", "target_modules": PROJECTIONS, "feedforward_modules": ["down_proj"]},
    "vera": {"peft_type": "VERA", "r": 8, "target_modules": ["q_proj"]},
}


class TestPeft(MethodContract):
    tolerance = 2e-4  # an initialisation that rewrote the base is saved as another adapter of the same effect

    @pytest.fixture(params=BLOCKS)
    def recipe(self, request):
        return Recipe(method=request.param, name="contract", peft=BLOCKS[request.param], layers=LAST)


class TestVirtualTokens(MethodContract):
    @pytest.fixture(params=["PROMPT_TUNING", "PREFIX_TUNING"])
    def recipe(self, request):
        return Recipe(method="prompt", name="contract", peft={"peft_type": request.param, "num_virtual_tokens": 4})
