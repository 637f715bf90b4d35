"""What takes a model that knows something: forgetting and harm out of domain, provoked on the embedded model."""

import json

import pytest

from harness.cli import main
from harness.codec import decode
from harness.ledger import RunFolder
from harness.measured import Monitored, Path

pytestmark = pytest.mark.real

TOO_HIGH = {"extends": "full--default", "training": {"learning_rate": 0.003}}
SPEC = {
    "extends": "quick",
    "name": "provoked",
    "seeds": [42],
    "training": {"max_steps": 3, "per_device_train_batch_size": 2},
    "validation": {"limit": 2},
    "recipes": ["lora--r4", "full--too-high"],
    "comparison": {"reference": "lora--r4", "candidates": ["full--too-high"]},
    "suites": [
        {"task": "k8s_qa", "role": "in_domain", "metric": "answer_bits_per_byte"},
        {"task": "techmanual_qa", "role": "out_of_domain", "metric": "answer_bits_per_byte"},
        {
            "task": "general_text",
            "role": "guard",
            "metric": "bits_per_byte",
            "sesoi": 0.02,
            "sesoi_reason": "a sixtieth of what the untouched base needs",
        },
    ],
    "evaluation": {"limit": 4},
    "execute": {"workers": 1},
    "diagnostics": [
        {"name": "monitors", "options": {"every": 1, "rows": 0, "items": 4}},
        {"name": "training_path", "options": {"line": [0, 1], "items": 8, "roles": ["out_of_domain"]}},
    ],
}


def test_a_rate_twenty_times_too_high_forgets_and_harms_out_of_domain_and_both_are_seen(tmp_path):
    (tmp_path / "adapters").mkdir()
    (tmp_path / "adapters" / "full--too-high.json").write_text(json.dumps(TOO_HIGH))
    (tmp_path / "provoked.json").write_text(json.dumps(SPEC))
    assert main(["run", str(tmp_path / "provoked.json"), "--out", str(tmp_path / "run")]) == 0
    trained = [each for each in RunFolder(tmp_path / "run").outcomes if each.train_info]
    found = {each.cell.recipe: each.training.measurements for each in trained}
    warned = {name: decode(Monitored, each["monitors"].details).warnings for name, each in found.items()}
    assert [each.sign for each in warned["lora--r4"]] == []
    (said,) = [each for each in warned["full--too-high"] if each.sign == "guard"]
    assert said.remedy.startswith("Lower learning_rate, add rehearsal rows")
    paths = {name: decode(Path, each["training_path"].details).line for name, each in found.items()}
    before, after = (point.scores["techmanual_qa"] for point in paths["full--too-high"])
    assert after > before  # bits a byte
