"""Known failures of tuning, provoked by training as one should not, and named with their remedy."""

import json
import re
from pathlib import Path

import pytest

from harness.codec import decode
from harness.measured import Monitored
from harness.records import CellFailure
from harness.testing.tiny_spec import write_tiny_spec
from helpers.watchers import run

ROOT = Path(__file__).parents[2]
LORA = {"peft": {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 8, "lora_alpha": 16, "target_modules": ["q_proj"]}}
SGD = {"optim": "sgd", "max_grad_norm": 0.0}
ONE_ROW = {"optim": "sgd", "learning_rate": 1.0, "per_device_train_batch_size": 1}
RECIPES = {
    "lora--sound": {**LORA, "training": {"learning_rate": 1e-3}},
    # The query of a single position is all that the loss of one row of one token depends on in the last layer.
    "lora--one-row": {
        **LORA,
        "layers": {"strategy": "last", "count": 1},
        "data": {"transforms": {"fraction": {"share": 0.25}}},
        "training": ONE_ROW,
    },
    "full--too-high": {"training": {**SGD, "learning_rate": 5.0}},
    "full--lower-and-clipped": {"training": {**SGD, "learning_rate": 0.5, "max_grad_norm": 1.0}},
    "prompt--many-tokens": {
        "peft": {"peft_type": "PROMPT_TUNING", "task_type": "CAUSAL_LM", "num_virtual_tokens": 32},
        "training": {"learning_rate": 0.3},
    },
}
TRAINED, HELD_OUT = "bfkw", "aeui"


def rows(answers):
    return "\n".join(json.dumps({"prompt": f"{n} is", "completion": each}) for n, each in enumerate(answers))


@pytest.fixture(scope="module")
def provoked(tmp_path_factory, tiny_tokenizer_folder):
    """How each recipe's cell ended, by recipe: four rows train, four of other answers are held out."""
    folder = tmp_path_factory.mktemp("provoked")
    path = write_tiny_spec(folder, tiny_tokenizer_folder)
    for name, recipe in RECIPES.items():
        (folder / "adapters" / f"{name}.json").write_text(json.dumps(recipe))
    (folder / "trained.jsonl").write_text(rows(TRAINED))
    (folder / "held.jsonl").write_text(rows(HELD_OUT))
    spec = json.loads(path.read_text()) | {
        "seeds": [1],
        "recipes": list(RECIPES),
        "data": {"source": "jsonl", "path": "trained.jsonl"},
        "validation": {"data": {"source": "jsonl", "path": "held.jsonl"}},
        "diagnostics": [{"name": "monitors", "options": {"every": 4, "rows": 4, "items": 0}}],
        "comparison": {"reference": "lora--sound", "candidates": list(RECIPES)[1:], "sesoi": 0.02},
    }
    spec["model"]["config"] |= {"initializer_range": 0.3}  # so that attention weighs something
    spec["training"] |= {"max_steps": 24, "lr_scheduler_type": "constant"}
    path.write_text(json.dumps(spec))
    done, _ = run(path, folder / "run")
    return {each.cell.recipe: each for each in done.outcomes}


def warnings(cell):
    found = decode(Monitored, cell.training.measurements["monitors"].details).warnings
    return {each.sign: each.remedy for each in found}


def test_a_sound_training_is_warned_of_nothing(provoked):
    assert warnings(provoked["lora--sound"]) == {}


def test_a_rank_that_collapses_is_seen_with_what_to_do(provoked):
    assert warnings(provoked["lora--one-row"])["rank"].startswith("Raise r, set lora_alpha to 2 r")


def test_too_many_prompt_tokens_for_few_rows_overfit_and_it_is_seen_with_what_to_do(provoked):
    said = warnings(provoked["prompt--many-tokens"])
    assert list(said) == ["gap"]
    assert "fewer virtual tokens, or more rows" in said["gap"]


def test_a_gradient_that_explodes_ends_the_cell_with_what_to_do_and_the_remedy_helps(provoked):
    exploded = provoked["full--too-high"]
    assert isinstance(exploded, CellFailure)
    assert exploded.kind == "non_finite_loss"
    assert "a lower learning_rate, clipping (max_grad_norm)" in exploded.message
    assert provoked["full--lower-and-clipped"].training.measurements["loss_finite"].passed


def test_the_table_of_failures_names_tests_that_are_there():
    text = (ROOT / "docs" / "diagnostics.md").read_text(encoding="utf-8").partition("## Known failures")[2]
    table = [line for line in text.splitlines() if re.match(r"\| \w", line)][1:]
    assert len(table) == 8
    for line in table:
        named = re.findall(r"\[`(test_\w+)`\]\(\.\./(tests/[\w/.]+)\)", line)
        assert named, line
        for test, file in named:
            assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8"), test
