"""``harness adapters --model``: what each recipe comes to on a spec's model."""

import json

import pytest

from harness.cli import main

pytestmark = pytest.mark.run


def test_trainable_parameters_are_shown_for_a_specs_model(capsys):
    assert main(["adapters", "--model", "gap", "--json"]) == 0
    rows = {row["recipe"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["full--default"]["trainable"] == 134_515_008
    assert rows["full--default"]["share"] == "100.000%"
    assert rows["lora--qv"]["trainable"] == 30 * 8 * ((576 + 576) + (576 + 192))


def test_the_rank_that_a_match_comes_to_is_shown(capsys):
    assert main(["adapters", "--model", "gap", "--json"]) == 0
    rows = {row["recipe"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["lora--last-half-matched"]["matched"] == "r=32 to match lora--all-layers (4,884,480 parameters)"
    assert rows["lora--last-half"]["matched"] is None


def test_a_recipe_that_does_not_fit_the_model_says_why_and_the_others_are_shown(capsys, tmp_path):
    peft = {"peft_type": "LORA", "r": 2, "target_modules": ["query_key_value"]}
    (tmp_path / "lora--neox.json").write_text(json.dumps({"peft": peft}))
    assert main(["adapters", "--model", "gap", "--json", "--include-path", str(tmp_path)]) == 0
    rows = {row["recipe"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["lora--neox"]["trainable"] is None
    assert "match nothing" in rows["lora--neox"]["description"]
    assert rows["ia3--default"]["trainable"] == 57_600
