"""``harness adapters --model``: what each recipe comes to on a spec's model."""

import contextlib
import io
import json

import pytest

from harness.cli import main
from harness.declarations import places

pytestmark = pytest.mark.run

LAYERS = 4
"""Of the embedded model's shapes: `tests/methods/test_docs.py` holds every recipe on all thirty."""
A_LAYER, EMBEDDINGS, LAST_NORM = 3_540_096, 49_152 * 576, 576


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What the verb prints for every shipped recipe and one that does not fit, by recipe."""
    folder = tmp_path_factory.mktemp("recipes")
    spec = json.loads((places.shipped("specs") / "gap.json").read_text())
    spec["model"]["config"]["num_hidden_layers"] = LAYERS
    (folder / "short.json").write_text(json.dumps(spec))
    peft = {"peft_type": "LORA", "r": 2, "target_modules": ["query_key_value"]}
    (folder / "lora--neox.json").write_text(json.dumps({"peft": peft}))
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        assert main(["adapters", "--model", str(folder / "short.json"), "--json", "--include-path", str(folder)]) == 0
    return {row["recipe"]: row for row in json.loads(printed.getvalue())}


def test_trainable_parameters_are_shown_for_a_specs_model(said):
    assert said["full--default"]["trainable"] == EMBEDDINGS + LAYERS * A_LAYER + LAST_NORM
    assert said["full--default"]["share"] == "100.000%"
    assert said["lora--qv"]["trainable"] == LAYERS * 8 * ((576 + 576) + (576 + 192))


def test_the_rank_that_a_match_comes_to_is_shown(said):
    assert said["lora--last-half-matched"]["matched"] == "r=32 to match lora--all-layers (651,264 parameters)"
    assert said["lora--last-half"]["matched"] is None


def test_a_recipe_that_does_not_fit_the_model_says_why_and_the_others_are_shown(said):
    assert said["lora--neox"]["trainable"] is None
    assert "match nothing" in said["lora--neox"]["description"]
    assert said["ia3--default"]["trainable"] == LAYERS * 1_920
