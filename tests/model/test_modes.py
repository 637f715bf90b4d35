"""A lent model comes back in its mode."""

import pytest
from torch import nn

from harness.model.modes import evaluation_mode


def test_each_module_returns_to_its_own_mode_also_after_an_error():
    model = nn.Sequential(nn.Dropout(), nn.Sequential(nn.Dropout(), nn.Linear(1, 1)))
    model.train()
    model[1].eval()

    def score():
        with evaluation_mode(model):
            assert not any(module.training for module in model.modules())
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        score()
    assert [module.training for module in model.modules()] == [True, True, False, False, False]
