"""What the records say of themselves."""

import pytest

from harness.spec.records import Model


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (Model(source="hub", id="org/Small-1B", revision="main"), "org/Small-1B"),
        (Model(source="pypi", member="package/SmolLM2-135M-Instruct.Q4_1.gguf"), "SmolLM2-135M-Instruct.Q4_1"),
        (Model(source="path", path="/models/mine-v1.5"), "mine-v1.5"),
        (Model(source="random", config={"model_type": "llama"}, seed=0), "random-llama"),
    ],
)
def test_a_model_has_a_name_for_tables(model, name):
    assert model.name == name
